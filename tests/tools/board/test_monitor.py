"""`make monitor` on a pty that carries what a real simulated board prints."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from board import monitor
from broker import Broker
from serial import serialposix
from sim_board import ROOT
from simple_site import FILL, SCALE, SimpleSite

from host import __version__


class Line:
    """A serial line by name: one end for the board, the other for whoever opens `name`."""

    def __init__(self, name: Path) -> None:
        self.name = name
        self.plug_in()

    def plug_in(self) -> None:
        self.board, self._far = os.openpty()
        tty.setraw(self._far)
        self.name.unlink(missing_ok=True)
        self.name.symlink_to(os.ttyname(self._far))
        os.close(self._far)

    def unplug(self) -> None:
        self.name.unlink()
        os.close(self.board)

    def say(self, data: bytes) -> None:
        os.write(self.board, data)

    def heard(self) -> bytes:
        """What came from the other end."""
        ready, _, _ = select.select([self.board], [], [], 0.2)
        try:
            return os.read(self.board, 1000) if ready else b""
        except OSError:  # nobody has the other end open
            return b""


@contextmanager
def monitoring(line: Line, out: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """The monitor in a process of its own, its output in a file."""
    command = [sys.executable, str(ROOT / "tools" / "board" / "monitor.py"), str(line.name), *more]
    with out.open("wb") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=file, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(out: Path, text: str, count: int = 1) -> str:
    end = time.monotonic() + 90
    while (said := out.read_text(errors="replace")).count(text) < count:
        assert time.monotonic() < end, f"{text!r} did not come:\n{said}"
        time.sleep(0.05)
    return said


def test_a_board_is_heard_and_not_disturbed(tmp_path: Path, broker: Broker) -> None:
    site = SimpleSite(tmp_path)
    site.configure(channels=[SCALE, FILL])
    site.trace([(0, "w1", 20.4), (0, "f1", 640), (300, "f1", -1), (900, "w1", 60)])
    site.run(site.board(broker.address))
    line = Line(tmp_path / "port")
    out = tmp_path / "out"
    with monitoring(line, out) as process:
        wait_for(out, "listening to")
        line.say(site.log().replace("\n", "\r\n").encode())
        line.say(b"the end\r\n")
        said = wait_for(out, "the end")
        assert f"qingyun {__version__}: qy-hw09 at hw-09" in said  # a line of the log, as it is
        assert "= w1 20.40 kg ok · f1 45 % ok" in said, said
        assert "clock ntp 已校时" in said and "-61 dBm good 好" in said and "queue 待发 0" in said
        assert "f1 45 % no_echo 无回波" in said
        assert "state:" not in said
        assert line.heard() == b""  # not one byte to the board
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert "Traceback" not in out.read_text()


def test_a_port_that_goes_away_is_waited_for(tmp_path: Path) -> None:
    line = Line(tmp_path / "port")
    out = tmp_path / "out"
    with monitoring(line, out, "--raw") as process:
        wait_for(out, "listening to")
        line.say(b"before\n")
        wait_for(out, "before")
        line.unplug()
        wait_for(out, "waiting for it")
        line.plug_in()
        wait_for(out, "listening to", 2)
        line.say(b"after\n")
        said = wait_for(out, "after")
        assert said.count("waiting for it") == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def test_neither_dtr_nor_rts_is_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = serialposix.fcntl.ioctl

    def ioctl(fd: int, request: int, *more: object) -> object:
        asked.append(request)
        return real(fd, request, *more)

    line = Line(tmp_path / "port")
    monkeypatch.setattr(serialposix.fcntl, "ioctl", ioctl)
    with monitor.port(str(line.name), 115200) as opened:
        assert not termios.tcgetattr(opened.fd)[2] & termios.HUPCL
        line.say(b"x")
        assert opened.read(1) == b"x"
    changes = {termios.TIOCMSET, termios.TIOCMBIS, termios.TIOCMBIC}
    assert not changes & set(asked)


@pytest.mark.parametrize(
    "line",
    ["", "state: {", "17 state: [1]", '17 state: {"w1":null,"q":7}', "\x1b[2J", "1 state: {}"],
)
def test_whatever_comes_can_be_shown(line: str) -> None:
    for text in monitor.shown(line, 72):
        assert "\x1b" not in text.plain
