"""Listens to one board over its serial port, without disturbing it.

    python tools/board/monitor.py PORT [--baud 115200] [--raw]

It only reads: no byte is sent, so nothing interrupts the firmware, and the lines DTR and
RTS stay as they are, so the board is not reset. A port that goes away is waited for.
Ctrl-C ends it. Lines beginning with `state:` are shown as values; all others as they are.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import sys
import termios
import time
from collections.abc import Callable, Iterator

import serial
from rich.console import Console
from rich.text import Text

from host.mqtt import board_state

_AGAIN_S = 0.5  # between tries to open a port that is not there
_LONGEST = 2000  # bytes of a line; what is longer is noise
_STATE = re.compile(r"\+?[0-9]+ state: (\{.*\})\s*")


class Listening(serial.Serial):  # type: ignore[misc]
    """A port that is read only. On Linux opening raises DTR and RTS both, which on a DevKit
    means neither reset nor boot mode; to change one after the other would reset it."""

    def _update_dtr_state(self) -> None:
        pass

    def _update_rts_state(self) -> None:
        pass

    def open(self) -> None:
        super().open()
        # Closing would let both lines fall, and the next opening raise them again.
        with contextlib.suppress(termios.error):
            settings = termios.tcgetattr(self.fd)
            settings[2] &= ~termios.HUPCL
            termios.tcsetattr(self.fd, termios.TCSANOW, settings)


def port(name: str, baud: int) -> Listening:
    """The port, opened; nothing of what is set here asks for a handshake."""
    return Listening(name, baud, timeout=0.2, rtscts=False, dsrdtr=False, xonxoff=False)


def received(name: str, baud: int, say: Callable[[str], None]) -> Iterator[str]:
    """Lines of the board, for ever; say() hears when the port goes and comes."""
    waiting = False
    while True:
        try:
            with port(name, baud) as opened:
                say(f"listening to {name}; Ctrl-C ends")
                waiting = False
                yield from _lines(opened)
        except (OSError, termios.error) as error:  # SerialException is an OSError
            if not waiting:
                say(f"{name}: {error}; waiting for it")
                waiting = True
            time.sleep(_AGAIN_S)


def _lines(opened: Listening) -> Iterator[str]:
    rest = b""
    while True:
        rest += opened.read(opened.in_waiting or 1)
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace").rstrip("\r")
        if len(rest) > _LONGEST:
            yield rest.decode("utf-8", "replace")
            rest = b""


def shown(line: str, width: int) -> list[Text]:
    """A line of the board for the terminal."""
    found = _STATE.fullmatch(line)
    if found:
        with contextlib.suppress(ValueError, RecursionError):
            state = json.loads(found[1])
            parts = [*board_state.values(state), *board_state.condition(state, {})]
            first = Text("= ").append_text(parts[0]) if parts else Text("= ")
            return board_state.wrapped([first, *parts[1:]], width, "  ", gap=" · ")
    clean = "".join(c if c.isprintable() else "?" for c in line)
    style = "red" if "error:" in line else "yellow" if "warning:" in line else ""
    return [Text(clean, style)]


def main() -> int:
    parser = argparse.ArgumentParser(description="Listen to one board over its serial port.")
    parser.add_argument("port", help="for example /dev/ttyUSB0")
    parser.add_argument("--baud", type=int, default=115200)
    parser.add_argument("--raw", action="store_true", help="every line as the board prints it")
    args = parser.parse_args()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 80)

    def say(text: str) -> None:
        print(f"monitor: {text}", file=sys.stderr, flush=True)

    try:
        for line in received(args.port, args.baud, say):
            at = time.strftime("%H:%M:%S ")
            if args.raw:
                print(line, flush=True)
                continue
            for text in shown(line, console.width - len(at)):
                console.print(Text(at, "dim").append_text(text), soft_wrap=True)
                at = " " * len(at)
            sys.stdout.flush()
    except KeyboardInterrupt:
        print(file=sys.stderr)
    except BrokenPipeError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
