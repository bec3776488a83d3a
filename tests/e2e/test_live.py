"""`make live` as a person has it: a terminal, a browser, a board that weighs in real time."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sim_board import ROOT

STARTS_S, COMES_S = 90, 60  # on a busy machine
TIMEOUT_MS = 1000 * COMES_S


@dataclass
class Seat:
    """make live on a terminal of its own; said: all that came to the screen."""

    folder: Path
    said: str = ""
    code: int | None = None
    _fd: int = -1
    _pid: int = 0
    _closed: bool = field(default=False)

    def __enter__(self) -> Seat:
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.chdir(ROOT)
            command = ["make", "--no-print-directory", "live", f"OUT={self.folder}"]
            os.execvp("make", command)  # noqa: S606
        return self

    def __exit__(self, *_: object) -> None:
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        self.hang_up()

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def signal(self, number: signal.Signals) -> None:
        """To make alone, as `kill` of a shell."""
        os.kill(self._pid, number)

    def hang_up(self) -> None:
        """The window is closed."""
        if not self._closed:
            self._closed = True
            os.close(self._fd)

    def read(self, pattern: str, seconds: float = COMES_S) -> re.Match[str]:
        """The first match in what comes from now on, and in what nobody has read yet."""
        until = time.monotonic() + seconds
        while not (found := re.search(pattern, self.said)):
            assert time.monotonic() < until, f"{pattern!r} does not come: {self.said}"
            self._more()
        self.said = self.said[found.end() :]
        return found

    def _more(self) -> None:
        if select.select([self._fd], [], [], 0.2)[0]:
            try:
                self.said += os.read(self._fd, 65536).decode(errors="replace")
            except OSError:
                time.sleep(0.2)  # the other side is closed

    def ended(self) -> int:
        """The exit code; fails when it does not come, or when anything runs on."""
        until = time.monotonic() + COMES_S
        while True:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                break
            assert time.monotonic() < until, f"it does not end: {self.said}"
            if not self._closed:
                self._more()
        self.code = os.waitstatus_to_exitcode(status)
        with pytest.raises(ProcessLookupError):
            os.killpg(self._pid, 0)
        assert not running(self.folder)
        return self.code


def running(folder: Path) -> list[str]:
    """Commands of processes that have to do with the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(folder) in command:
                found.append(command)
    return found


def listens(port: int) -> bool:
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def test_what_is_typed_is_seen_on_the_page(tmp_path: Path, browser: Browser) -> None:
    expect.set_options(timeout=TIMEOUT_MS)
    context = browser.new_context(locale="zh-CN")
    with Seat(tmp_path / "live") as seat, contextlib.closing(context):
        page = context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        broker = int(seat.read(r" at 127\.0\.0\.1:(\d+)", STARTS_S)[1])
        url, port = seat.read(r"page: (http://127\.0\.0\.1:(\d+)/sites/fs-01)\s").groups()
        password = seat.read(r"user live, password (\w+)")[1]
        page.goto(url)
        page.fill("input[name=name]", "live")
        page.fill("input[name=password]", password)
        page.press("input[name=password]", "Enter")
        seat.read("w1 fs-01-1: 12.40 kg")

        state = page.locator('[data-device="qy-fs01"] [data-field="status"]')
        events = page.locator("table.stack tbody tr")
        held = page.locator('[data-bin-now="fs-01-1"] [data-field="text"]')
        expect(state).to_have_text("在线")
        loaded = page.evaluate("performance.timeOrigin")

        seat.type("put 3\n")
        expect(held).to_contain_text("3.00 kg")
        expect(events.filter(has_text="投放")).to_contain_text(["3.000"])
        seat.read(r"deposit 投放  fs-01-1 干垃圾  3\.000 kg")

        seat.type("lift\n")
        expect(events.filter(has_text="清运")).to_contain_text(["3.000"])
        expect(held).to_contain_text("0.00 kg")

        seat.type("net off\n")
        expect(state).to_have_text("离线")
        seat.type("put 2 w2\nwait\nbogus\n")
        seat.read("expected one of put take .*; found 'bogus'")
        expect(events.filter(has_text="fs-01-2")).to_have_count(0)
        seat.type("net on\n")
        expect(state).to_have_text("在线")
        expect(events.filter(has_text="fs-01-2")).to_contain_text(["2.000"])
        seat.read(r"\d+ readings came late")

        seat.type("unplug\n")
        expect(state).to_have_text("离线")
        seat.type("plug\n")
        expect(state).to_have_text("在线")

        seat.type("door open\n")
        expect(page.locator('[data-channel="d1"] span').first).to_have_text("开")
        assert page.evaluate("performance.timeOrigin") == loaded, "the page was loaded anew"

        assert listens(broker) and listens(int(port))
        seat.type("\x03")
        seat.read("everything is stopped")
        seat.ended()
        assert not listens(broker) and not listens(int(port))


ENDS: dict[str, Callable[[Seat], None]] = {
    "quit": lambda seat: seat.type("quit\n"),
    "the end of what is typed": lambda seat: seat.type("\x04"),
    "SIGTERM": lambda seat: seat.signal(signal.SIGTERM),
    "a closed terminal": Seat.hang_up,
}


@pytest.mark.parametrize("how", ENDS)
def test_whatever_ends_it_nothing_runs_on(tmp_path: Path, how: str) -> None:
    with Seat(tmp_path / "live") as seat:
        seat.read("live> ", STARTS_S)
        assert running(seat.folder)
        ENDS[how](seat)
        code = seat.ended()
        assert code == 0 or how in ("SIGTERM", "a closed terminal")  # then it is make's own


def test_an_end_while_it_starts(tmp_path: Path) -> None:
    """At any moment of the start: here when the broker is there and the page is not."""
    with Seat(tmp_path / "live") as seat:
        until = time.monotonic() + STARTS_S
        while not (seat.folder / "qingyun.ingest.log").exists():
            assert time.monotonic() < until
            time.sleep(0.01)
        seat.type("\x03")
        seat.ended()
    assert "page:" not in seat.said


def test_a_script(tmp_path: Path) -> None:
    """Each line waits until the page shows what it did. Meanwhile a second session is refused."""
    command = ["make", "--no-print-directory", "live", f"OUT={tmp_path / 'live'}"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=pipe, stdout=pipe, stderr=pipe
    ) as first:
        assert first.stdin and first.stdout
        first.stdin.write("put 3\nput x\nlift\nquit\n")
        first.stdin.flush()
        while not (line := first.stdout.readline()).startswith("> put 3"):
            assert line, "it has ended"
        second = subprocess.run(command, cwd=ROOT, input="", capture_output=True, text=True)
        assert second.returncode != 0 and "another run is writing into it" in second.stderr
        said, _ = first.communicate(timeout=4 * COMES_S)
    deposit = said.index("deposit 投放  fs-01-1 干垃圾  3.000 kg")
    assert deposit < said.index("put: expected put KG [BIN], 0.001 to 1000 kg; found 'x'")
    assert said.index("> lift") < said.index("collection 清运  fs-01-1 干垃圾  3.000 kg")
    assert first.returncode != 0  # for the line that was no command
    assert not running(tmp_path / "live")
