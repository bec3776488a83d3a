"""MicroPython's unix port as the chip of a board at a cable."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import tty
from pathlib import Path
from typing import Any

from sim_board import compiled, micropython


def steady(path: Path) -> Path:
    """A trace of one load on each platform and one level in each bin, written to path."""
    rows = [f"0,w{n},{5 * n}" for n in range(1, 5)] + [f"0,f{n},600" for n in range(1, 5)]
    path.write_text("\n".join(["t,channel,value", *rows, "0,c1,20", "0,d1,0", ""]))
    return path


class Process:
    """From one reset to the next.

    line: file descriptor of the serial line; control: of what the chip is asked for, a line
    each (boards/sim/device.py). folder keeps the flash and what survives a reset."""

    def __init__(self, folder: Path, options: dict[str, Any], heap: str) -> None:
        kept = {name: str(folder / name) for name in ("rtc", "control")}
        path = folder / "options.json"
        path.write_text(json.dumps(options | kept | {"flash": str(folder / "board.flash")}))
        control = folder / "control"
        control.unlink(missing_ok=True)
        os.mkfifo(control)
        self.control = os.open(control, os.O_RDONLY | os.O_NONBLOCK)
        out = compiled()
        folders = f"{out / 'boards' / 'sim'}:{out / 'build' / 'lib'}:.frozen"
        env = {"MICROPYPATH": folders, "HOME": str(folder), "TERM": "dumb"}
        self.line, slave = pty.openpty()
        tty.setraw(slave)
        command = [micropython(), "-X", f"heapsize={heap}", "-i", "-m", "device", str(path)]
        self._popen = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
        )
        os.close(slave)

    @property
    def ended(self) -> bool:
        return self._popen.poll() is not None

    def interrupt(self) -> None:
        self._popen.send_signal(signal.SIGINT)

    def end(self) -> None:
        self._popen.kill()
        self._popen.wait()
        os.close(self.line)
        os.close(self.control)
