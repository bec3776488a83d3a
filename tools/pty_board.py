"""A simulated ESP32 at the end of a cable: a pseudo-terminal that mpremote connects to.

python tools/pty_board.py FOLDER [--speed N] [--ntp-port N] [--without-umqtt] [--trace CSV]

prints the port, and runs until Ctrl-C. FOLDER keeps the flash (board.flash) and what the
board has printed (board.log). What stands around MicroPython's unix port here is what
stands around a chip: the serial line with its buffer, supply, reset and watchdog.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pty
import re
import select
import signal
import sys
import threading
import time
import tty
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from board_process import Process, steady
from broker import free_port
from run_folder import FolderError, unused

_FILES = ("board.log", "control", "options.json", "rtc", "steady.csv")
_PROMPT = b">>> "
_LINE = 1 << 16  # bytes that wait for somebody to read them
_RAW = b"raw REPL; CTRL-B to exit\r\n"


@dataclass
class PtyBoard:
    """with PtyBoard(folder) as board: … board.port"""

    folder: Path
    speed: int = 1
    umqtt: bool = True
    physics: str = "ideal"
    trace: Path | None = None
    heap: str = "256k"
    rate: int | None = None  # bytes a second that the cable carries to the board
    cells: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ntp_port = free_port()
        self.starts: list[str] = []  # the cause of each start so far
        self.carried = 0  # bytes that came over the cable
        self._child: Process | None = None
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._held = bytearray()  # from the cable, waiting for the prompt
        self._said = bytearray()  # for the cable
        self._credit = 0.0  # bytes that the cable may carry now
        self._turned = time.monotonic()
        self._tail = b""  # the end of what the board has printed
        self._raw = False  # in the raw REPL
        self._quiet = False  # until the raw REPL is back after a soft reset
        self._running = False  # a program, so that Ctrl-C must be a signal
        self._booted = False  # before that a chip hears no Ctrl-C
        self._due: float | None = None  # when the watchdog bites
        self._timeout = 0.0
        self._again: float | None = None  # when it wakes from deep sleep

    # Power, reset, cable.

    def __enter__(self) -> PtyBoard:
        self._near, far = pty.openpty()
        tty.setraw(far)
        self._far = far  # kept open: the cable stays when a program lets go of it
        self.port = os.ttyname(far)
        os.set_blocking(self._near, False)
        self._log = (self.folder / "board.log").open("ab", buffering=0)
        self.power_on()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.power_cut()
        os.close(self._near)
        os.close(self._far)
        self._log.close()

    def power_on(self) -> None:
        with self._lock:
            (self.folder / "rtc").write_bytes(b"")
            self._start("power_on")

    def power_cut(self) -> None:
        """At this moment, whatever it is doing."""
        with self._lock:
            self._end()
            self._due = self._again = None

    @property
    def powered(self) -> bool:
        return self._child is not None

    def log(self) -> str:
        return (self.folder / "board.log").read_text(errors="replace")

    # The chip.

    def _start(self, cause: str, prompt: bool = False) -> None:
        self._end()
        options = {
            **{"cause": cause, "prompt": prompt, "speed": self.speed, "physics": self.physics},
            **{"seed": 1, "ntp_port": self.ntp_port, "cells": self.cells, "umqtt": self.umqtt},
            **{"trace": str(self.trace or steady(self.folder / "steady.csv"))},
        }
        self._child = Process(self.folder, options, self.heap)
        self._requests = b""
        self._tail = b""
        self._held.clear()
        self._raw = False
        self._quiet = prompt
        self._running = True
        self._booted = False
        self.starts.append(cause)

    def _end(self) -> None:
        if self._child is None:
            return
        self._child.end()
        self._child = None

    def _serve(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                child = self._child
                watched = [self._near] + ([child.line, child.control] if child else [])
            try:
                ready, _, _ = select.select(watched, [], [], 0.02)
            except (OSError, ValueError):
                continue  # the supply went in between
            with self._lock:
                if self._child is not child:
                    continue
                self._turn(ready)

    def _turn(self, ready: list[int]) -> None:
        now = time.monotonic()
        rate = self.rate or 1e9
        self._credit = min(self._credit + (now - self._turned) * rate, max(0.1 * rate, 64))
        self._turned = now
        if self._near in ready:
            self._from_cable(_read(self._near))
        if self._held:
            self._release()
        self._flush()
        if self._child is None:
            if self._again is not None and time.monotonic() > self._again:
                self._again = None
                self._start("deep_sleep")
            return
        if self._child.line in ready:
            self._from_board(_read(self._child.line))
        if self._child.control in ready and self._obey(self._child):
            return
        if self._due is not None and time.monotonic() > self._due:
            self._say(b"\r\nrst:0x8 (TG1WDT_SYS_RESET)\r\n")
            self._due = None
            self._start("watchdog")
        elif self._child.ended:
            self._from_board(_read(self._child.line))
            self._say(b"MPY: soft reboot\r\n")
            self._start("soft_reset", prompt=self._raw)

    def _obey(self, child: Process) -> bool:
        """What the chip was asked for; True when it has ended the process."""
        *lines, self._requests = (self._requests + _read(child.control)).split(b"\n")
        for line in lines:
            what, _, value = line.partition(b" ")
            if what == b"booted":
                self._booted = True
                self._release()
                continue
            if what == b"watchdog":
                self._timeout = int(value) / 1000 / self.speed
            if what in (b"watchdog", b"feed"):
                self._due = time.monotonic() + self._timeout
                continue
            self._from_board(_read(child.line))
            self._due = None
            if what == b"reset":
                self._say(b"\r\nrst:0xc (SW_CPU_RESET)\r\n")
                self._start("hard_reset")
            else:
                self._end()
                self._again = time.monotonic() + int(value) / 1000 / self.speed
            return True
        return False

    # The serial line.

    def _say(self, data: bytes) -> None:
        self._log.write(data)
        self._said += data
        del self._said[:-_LINE]  # nobody reads: a serial line loses it then
        self._flush()

    def _flush(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._said:
                del self._said[: os.write(self._near, self._said[:1024])]

    def _from_board(self, data: bytes) -> None:
        if not data:
            return
        self._tail = (self._tail + data)[-64:]
        if self._tail.endswith(_PROMPT) and not self._raw:
            self._running = False
            if self._quiet:
                self._held[:0] = b"\x01"
        if _RAW in self._tail:
            self._raw = True
            if self._quiet:
                data = data[data.find(_RAW) :]
            self._quiet = False
        if self._raw and self._tail.endswith(_PROMPT):
            self._raw = self._running = False
        if not self._quiet:
            self._say(data)
        self._release()

    def _from_cable(self, data: bytes) -> None:
        self.carried += len(data)
        if self._child is None:
            return  # an unpowered board hears nothing
        self._held += data
        self._release()

    def _release(self) -> None:
        """Hand on what came over the cable, as far as the board would read it now."""
        if self._running:
            at = self._held.rfind(b"\x03")
            if at >= 0 and self._booted and self._child is not None:
                del self._held[: at + 1]
                self._child.interrupt()
            return
        data = bytes(self._held[: int(self._credit)])
        if data and self._child is not None:
            self._credit -= len(data)
            del self._held[: len(data)]
            os.write(self._child.line, data)
            if not self._raw and re.search(rb"[^\r\n\x01-\x04]+\r|^\r$", data):
                self._running = True


def _read(fd: int) -> bytes:
    try:
        os.set_blocking(fd, False)
        return os.read(fd, 65536)
    except (BlockingIOError, OSError):
        return b""  # nothing there, or the other side has gone


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--speed", type=int, default=1, help="times as fast as real time")
    parser.add_argument("--ntp-port", type=int, help="of its time server on 127.0.0.1")
    parser.add_argument("--without-umqtt", action="store_true", help="as an image that lacks it")
    parser.add_argument("--trace", type=Path, help="what happens on the platforms")
    args = parser.parse_args()
    try:
        if not (args.folder / "board.flash").exists():
            unused(*(args.folder / name for name in _FILES))
        args.folder.mkdir(parents=True, exist_ok=True)
    except (FolderError, OSError) as error:
        parser.exit(2, f"pty_board: error: {error}\n")
    board = PtyBoard(args.folder, args.speed, not args.without_umqtt, trace=args.trace)
    if args.ntp_port:
        board.ntp_port = args.ntp_port
    with board, contextlib.suppress(KeyboardInterrupt):
        print(f"port {board.port}, time server 127.0.0.1:{board.ntp_port}", flush=True)
        signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
