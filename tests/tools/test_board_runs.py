"""How far the boards are is shown while they run, on a terminal and in a log."""

from __future__ import annotations

import io
import re
from pathlib import Path

import board_runs
import pytest
from board_runs import run_boards
from broker import Broker
from rich.console import Console
from simple_site import SimpleSite

HOUR = 3600


def play(folder: Path, console: Console, span: int) -> tuple[str, dict[str, object]]:
    """A span in seconds, half of 3 kg and half of 10 kg; what was printed, and what the board had
    told last."""
    site = SimpleSite(folder)
    site.configure()
    site.trace([(0, "w1", 3.0), (span // 2, "w1", 10.0), (span, "w1", 10.0)])
    with Broker(folder / "broker") as broker:
        run = site.board(broker.address)
        run_boards([run], console)
    told = board_runs.how_far(run)
    assert told is not None
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue(), told


def test_a_log_has_lines_that_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_runs, "LINE_S", 0)
    printed, told = play(tmp_path, Console(file=io.StringIO(), width=120), 4 * HOUR)
    line = r"^board trace: 03-03 (\d\d:\d\d), (\d+) readings, (\d+\.\d) kg on its platforms$"
    rows = re.findall(line, printed, re.MULTILINE)
    times = [row[0] for row in rows]
    readings = [int(row[1]) for row in rows]
    assert times == sorted(times) and len(set(times)) > 2
    assert readings == sorted(readings) and readings[-1] > readings[0]
    assert rows[0][2] == "3.0" and rows[-1][2] == "10.0"
    assert told["kg"] == pytest.approx(10, abs=0.05)
    assert 3 * HOUR < int(str(told["at"])) - int(str(told["start"])) <= 4 * HOUR


def test_a_terminal_shows_it_in_place(tmp_path: Path) -> None:
    terminal = Console(file=io.StringIO(), width=120, force_terminal=True, color_system=None)
    printed, _ = play(tmp_path, terminal, 10 * HOUR)
    shown = re.findall(r"trace +\S* (03-03 \d\d:\d\d), \d+ readings, [\d.]+ kg", printed)
    assert len(set(shown)) > 1  # it moves; how often depends on what else the machine does
    assert "\x1b[2K" in printed  # the line is written anew, not added to


def test_a_board_that_has_told_nothing_yet(tmp_path: Path) -> None:
    run = SimpleSite(tmp_path).board("127.0.0.1:9")
    assert board_runs.how_far(run) is None
    run.progress.write_text('{"at": 17')
    assert board_runs.how_far(run) is None
