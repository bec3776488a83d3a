"""The board through mpremote: scripts that it runs, files that are copied to it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from board.errors import BoardError

SCRIPTS = Path(__file__).resolve().parents[2] / "boards" / "serial"
WATCHDOG_MS = 600_000  # longer than any copy
_BYTES_A_SECOND = 1500  # a slow board; seen: 4500
_TRIES = 3


class Remote:
    """One board on a serial port. Every call ends within a bounded time."""

    def __init__(self, port: str) -> None:
        if not Path(port).exists():
            raise BoardError(
                f"{port}: no such port; expected that of a board, as mpremote devs lists"
            )
        self.port = port

    def look(self, data: Sequence[str]) -> list[list[Any]]:
        """What look.py tells. The program that runs is interrupted."""
        for n in range(_TRIES):
            try:
                self._mpremote(["resume", "exec", "None"], 15)
                break
            except NoAnswerError:
                if n == _TRIES - 1:
                    raise
                time.sleep(1.5)  # it may have been starting
        return self.run([Script("look", {"watchdog_ms": WATCHDOG_MS, "data": list(data)})], 60)

    def run(self, steps: Sequence[Script | Copy], seconds: float) -> list[list[Any]]:
        """Do the steps one after the other, until one fails; what the scripts have told."""
        seconds += sum(s.size for s in steps if isinstance(s, Copy)) / _BYTES_A_SECOND
        with tempfile.TemporaryDirectory(prefix="qingyun-") as folder:
            parts = [p for i, s in enumerate(steps) for p in ["+", *s.words(Path(folder), i)]]
            done = self._mpremote(["resume", *parts], seconds)
        told = [json.loads(x[1:]) for x in done.stdout.splitlines() if x.startswith("@[")]
        if done.returncode:
            raise BoardError(f"{self.port}: {_last_line(done.stdout + done.stderr)}")
        return told

    def reset(self) -> None:
        """As the button does; what the board says then is not waited for."""
        self._mpremote(["resume", "reset"], 30)

    def _mpremote(self, words: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mpremote", "connect", self.port, *words]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds,
            )
        except subprocess.TimeoutExpired as e:
            raise NoAnswerError(
                f"{self.port}: no answer within {seconds:.0f} s; expected MicroPython's prompt"
            ) from e
        text = done.stdout + done.stderr
        if done.returncode and "failed to access" in text:
            raise BoardError(f"{self.port}: cannot be opened; is another program using it?")
        if done.returncode and re.search("could not (enter raw repl|complete|exec)", text):
            raise NoAnswerError(f"{self.port}: no answer; expected MicroPython's prompt")
        return done


class NoAnswerError(BoardError):
    """The board may be starting, or is none."""


class Script:
    """A script of boards/serial with its arguments."""

    def __init__(self, name: str, args: dict[str, Any]) -> None:
        self.name = name
        self.args = args

    def words(self, folder: Path, n: int) -> list[str]:
        path = folder / f"{n}-{self.name}.py"
        text = (SCRIPTS / f"{self.name}.py").read_text()
        path.write_text(f"ARGS = {self.args!r}\n{text}")
        return ["run", str(path)]


class Copy:
    """Bytes that shall stand in a file of the board."""

    def __init__(self, content: bytes, path: str) -> None:
        self._content = content
        self.path = path
        self.size = len(content)

    def words(self, folder: Path, n: int) -> list[str]:
        source = folder / f"{n}.bin"
        source.touch(mode=0o600)  # it may be a key
        source.write_bytes(self._content)
        return ["cp", str(source), f":{self.path}"]


def _last_line(text: str) -> str:
    lines = [x for x in text.splitlines() if x.strip() and not x.startswith(("@", "cp "))]
    return lines[-1].strip() if lines else "mpremote failed"
