"""The bench of standings: what it plants is so, and what it counts."""

from __future__ import annotations

import random

import pytest
from bench_standing import __main__ as bench
from bench_standing import air, night, platform, world

from host.common.local_days import DAY_S


def test_what_is_planted() -> None:
    """A gain shows in each weighing from then on, a zero on the bare platform."""
    luck = random.Random(4)  # noqa: S311
    around = air.make(luck, world.START, 12, 3_600)
    moved = platform.Planted("zero", world.START + 6 * DAY_S, 100.0)
    told = platform.make(luck, around, moved, "aa", 31)
    before = [g for t, g in told.zero_g if t < moved.t]
    after = [g for t, g in told.zero_g if t >= moved.t + DAY_S]
    assert len(before) > 3 and len(after) > 3
    assert 60 < sum(after) / len(after) - sum(before) / len(before) < 140
    assert len({s.seq for s in told.samples}) == len(told.samples) > 1_700


def test_what_is_counted() -> None:
    score = bench.Score(days=4 * 365)
    score.false["span cell"] = 2
    score.first = {
        "zero": [("zero cell", 3.0)] * 19 + [("", 0.0)],
        "wet": [("zero wet", 2.0)] * 18 + [("zero cell", 2.0)] * 2,
    }
    lines, is_met = bench.report(score)
    assert not is_met and "MISSED" in lines[-1]
    assert "19 ( 95.0 %)" in lines[0] and "taken for another fault of the cell 2" in lines[1]
    assert any("2.00 a year" in line for line in lines)


def test_a_night(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A small district: lifts of its other points are evidence of the board's own platforms."""
    monkeypatch.setattr(platform, "EVERY_S", platform.EVERY_S)  # it is another one afterwards
    monkeypatch.setattr("sys.argv", ["night", "--boards", "1", "--points", "20", "--days", "30"])
    assert night.main() == 0
    told = capsys.readouterr().out
    assert "2 of 2 have lifts" in told and "40 platforms: 0 min" in told
