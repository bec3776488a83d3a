"""A small district of points: everything planted is found in time, nothing else is told."""

from __future__ import annotations

from pathlib import Path

from bench_alarms.__main__ import START, run
from bench_alarms.plan import KINDS, SHORT
from bench_alarms.score import report
from soak import in_part


def test_everything_planted_is_found_and_nothing_else(tmp_path: Path) -> None:
    """In the suite four days, looked at every 4 min, without the troubles of whole weeks, which
    tests/host/points has; `make soak` and `make bench-alarms` have the month."""
    sites, days, each, kinds, turn_s = in_part((18, 4, 1, SHORT, 240), (100, 30, 10, KINDS, 120))
    planted, told = run(sites, days, each, 3, tmp_path, kinds=kinds, turn_s=turn_s)
    lines, is_met = report(planted, told, START, sites * days)
    assert {p.kind for p in planted.plants} == set(kinds)
    assert is_met, "\n".join(lines)
