"""A simulated board at the end of a cable, a broker, and the folder of one device."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broker import Broker
from listener import Listener
from pty_board import PtyBoard
from sim_board import ROOT
from simple_site import SCALE

DEVICE, SITE = "qy-hw09", "hw-09"
_COPIED = re.compile(r"copied (\d+) files, (\d+) bytes in ([\d.]+) s \((\d+) more")


@dataclass
class Deployed:
    """What a run of deploy has said."""

    code: int
    out: str
    error: str

    @property
    def copied(self) -> tuple[int, int]:
        """Files that came over the cable, and their bytes."""
        found = _COPIED.search(self.out)
        assert found, self.out + self.error
        return int(found[1]), int(found[2])

    @property
    def on_board(self) -> int:
        found = _COPIED.search(self.out)
        assert found, self.out + self.error
        return int(found[4])


@dataclass
class Cable:
    """One board, its broker and who listens there; deploy() runs the command."""

    folder: Path
    broker: Broker
    board: PtyBoard
    listening: Listener | None

    @property
    def heard(self) -> Listener:
        assert self.listening
        return self.listening

    def configure(self, **more: Any) -> None:
        mqtt = {"host": "127.0.0.1", "port": self.broker.port, "password": "geheim-2f81"}
        config: dict[str, Any] = {"device": DEVICE, "site": SITE, "mqtt": mqtt | {"user": DEVICE}}
        config |= {"ntp": [f"127.0.0.1:{self.board.ntp_port}"], "channels": [SCALE]}
        self.fleet.mkdir(exist_ok=True)
        (self.fleet / "config.json").write_text(json.dumps(config | more))

    @property
    def fleet(self) -> Path:
        return self.folder / DEVICE

    def command(self, firmware: Path | None = None, *more: str) -> list[str]:
        words = ["--port", self.board.port, "--device", DEVICE, "--from", str(self.fleet)]
        words += ["--firmware", str(firmware)] if firmware else []
        return [sys.executable, "-m", "board.deploy", *words, *(more or ("--wait", "120"))]

    def deploy(self, firmware: Path | None = None, *more: str) -> Deployed:
        done = subprocess.run(
            self.command(firmware, *more), env=_env(), capture_output=True, text=True, timeout=400
        )
        return Deployed(done.returncode, done.stdout, done.stderr)

    def good(self, firmware: Path | None = None) -> Deployed:
        """A deploy that succeeds."""
        done = self.deploy(firmware)
        assert done.code == 0, done.out + done.error + self.board.log()[-3000:]
        return done

    def cut(self, firmware: Path, carried: int, seconds: float, power: bool) -> bool:
        """Kill a deploy so long after so many bytes came over the cable, and the board's supply
        at that moment or soon after; whether it was still at work."""
        at = self.board.carried + carried
        process = subprocess.Popen(
            self.command(firmware),
            env=_env(),
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None and self.board.carried < at:
            time.sleep(0.002)
        time.sleep(seconds)
        working = process.poll() is None
        if power:
            self.board.power_cut()
        if working:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        time.sleep(0.1)
        self.board.power_cut()
        return working

    def mpremote(self, *words: str) -> str:
        """What a person at a terminal would get."""
        command = [sys.executable, "-m", "mpremote", "connect", self.board.port, "resume", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def last_boot(self) -> int:
        """The number of the last start that has told of itself."""
        return max((b["boot"] for b in self.heard.json("birth")), default=-1)

    def published(self, after: int, seconds: float = 120) -> dict[str, Any]:
        """The birth message of the first start after that one, once a reading of that start
        has come too."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            births = [b for b in self.heard.json("birth") if b["boot"] > after]
            if births and births[0]["boot"] in self._boots():
                return births[0]
            time.sleep(0.02)
        raise AssertionError(f"nothing was published: {self.board.log()[-2000:]}")

    def _boots(self) -> set[int]:
        """Starts of which a reading has come."""
        found = [json.loads(p) for p in self.heard.of("reading")]
        return {r["boot"] for m in found for r in (m if isinstance(m, list) else [m])}


@contextmanager
def cable(folder: Path, **options: Any) -> Iterator[Cable]:
    """options: of PtyBoard."""
    with Broker(folder / "broker") as broker, Listener(broker) as heard:
        with PtyBoard(folder / "board", **options) as board:
            bench = Cable(folder, broker, board, heard)
            bench.configure()
            yield bench


def firmware(folder: Path, version: str, every: bool = False) -> Path:
    """A copy of the firmware as another version; every: each module is another one too."""
    shutil.copytree(ROOT / "firmware", folder, ignore=shutil.ignore_patterns("__pycache__"))
    identity = folder / "identity.py"
    text = re.sub(r'VERSION = "[^"]*"', f'VERSION = "{version}"', identity.read_text())
    identity.write_text(text)
    for path in folder.rglob("*.py") if every else ():
        if path.name != "loader.py":
            with path.open("a") as file:
                file.write(f'\n_AS_OF = "{version}"\n')
    return folder


def _env() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT / "tools")}
