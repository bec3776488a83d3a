"""Erase a board and write a stock MicroPython image, with esptool.

make flash PORT=/dev/ttyUSB0 IMAGE=ESP32_GENERIC-v1.26.1.bin [BOARD=esp32]

Which chip it is for stands in the image; with --board it must be that one.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from board.errors import BoardError, outcome
from board.image import CHIPS, board_of, read

_DETECT_S = 60
_BAUD = "460800"


def esptool(*words: str) -> list[str]:
    return [sys.executable, "-m", "esptool", *words]


def chip_at(port: str) -> str:
    """Which chip answers at a port."""
    if not Path(port).exists():
        raise BoardError(f"{port}: no such port; expected that of a board, as mpremote devs lists")
    command = esptool("--port", port, "--connect-attempts", "3", "chip-id")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_DETECT_S)
    except subprocess.TimeoutExpired as e:
        raise BoardError(f"{port}: no chip answers within {_DETECT_S} s") from e
    text = done.stdout + done.stderr
    found = re.search(r"^Connected to (\S+) on ", text, re.MULTILINE)
    if done.returncode or not found:
        said = re.search(r"error occurred: (.+)", text)
        why = said[1].strip() if said else "no chip answers"
        raise BoardError(f"{port}: {why}")
    return found[1]


def flash(port: str, path: Path, board: str | None = None) -> None:
    image = read(path, board)
    chip = chip_at(port)
    if chip != image.chip:
        raise BoardError(f"{port}: the image is for {image.chip}, the chip there is {chip}")
    version = ".".join(map(str, image.version)) if image.version else "of an unknown version"
    print(f"flash: MicroPython {version}, {image.size} bytes, to {chip} at {port}", flush=True)
    for words in (["erase-flash"], ["write-flash", f"0x{image.start:x}", str(path)]):
        command = esptool("--chip", board_of(chip), "--port", port, "--baud", _BAUD, *words)
        if subprocess.run(command).returncode:
            raise BoardError(f"{port}: esptool {words[0]} failed, as it says above; try again")
    print("flash: done; make deploy comes next")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="flash", description=__doc__.splitlines()[0])
    parser.add_argument("--port", required=True, help="serial port of the board")
    parser.add_argument("--image", type=Path, required=True, help="a stock ESP32_GENERIC image")
    parser.add_argument("--board", choices=CHIPS, help="the board that it must be for")
    args = parser.parse_args(argv)
    return outcome("flash", lambda: flash(args.port, args.image, args.board), "flash it again")


if __name__ == "__main__":
    sys.exit(main())
