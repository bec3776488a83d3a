"""Many days at once: each as if it were rolled up alone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hauls import Board, Haul
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plan_figures import KNOWN

from host import rollup
from host.readings.messages import Reading
from host.rollup.period import days, roll_days
from host.store import Batch, Store

FIRST = dt.date(2024, 2, 27)  # over a leap day and into March
START = rollup.day_bounds(FIRST)[0]
# (seconds on, kg, moving): steps of some hours, so that bins stay away over midnight and longer
STEPS = st.lists(
    st.tuples(
        st.one_of(st.integers(5, 600), st.integers(3_000, 40_000)),
        st.sampled_from([0.0, 13.1, 13.2, 40.0, 60.0, 90.0]),
        st.booleans(),
    ),
    min_size=5,
    max_size=60,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_a_span_is_its_days(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, float, bool]]
) -> None:
    store = Store(tmp_path_factory.mktemp("period") / "q.db", create=True)
    t, readings = START - 50_000, []
    for seq, (on, kg, moving) in enumerate(steps):
        t += on
        q = {"w2": "moving"} if moving else {}
        readings.append(Reading("aaaaaaaa", seq, 0, t, None, {"w2": round(kg * 1000)}, q))
    store.add(Batch(readings=[("qy-fs01", "fs-01", r) for r in readings]), t)
    span = days(FIRST, FIRST + dt.timedelta(3))
    alone = [r for d in span for r in rollup.roll_day(store, KNOWN, d)]
    assert roll_days(store, KNOWN, span[0], span[-1]) == alone
    store.close()


def test_no_day_is_no_row(tmp_path: Path) -> None:
    store = Store(tmp_path / "q.db", create=True)
    assert roll_days(store, KNOWN, FIRST, FIRST - dt.timedelta(1)) == []
    assert len(days(dt.date(2024, 1, 1), dt.date(2024, 12, 31))) == 366


def test_a_bin_is_full_or_not_once_a_day(tmp_path: Path) -> None:
    store = Store(tmp_path / "q.db", create=True)
    board = Board("qy-fs01", "fs-01")
    board.day(FIRST, [Haul("w1", 12_400, 0), Haul("w2", 12_400, 0)], {"f1": 899, "f2": 900})
    board.day(
        FIRST + dt.timedelta(1),
        [Haul("w1", 12_400, 0), Haul("w2", 12_400, 0)],
        {"f1": 950, "f2": 1000},
    )
    board.store(store)
    rows = roll_days(store, KNOWN, FIRST, FIRST + dt.timedelta(2))
    told = {(r.date, r.stream): (r.fills, r.full) for r in rows if r.fills}
    assert told == {
        (FIRST, "干垃圾"): (1, 0),
        (FIRST, "湿垃圾"): (1, 1),
        (FIRST + dt.timedelta(1), "干垃圾"): (1, 1),
        (FIRST + dt.timedelta(1), "湿垃圾"): (1, 1),
    }


def test_a_bin_that_is_away_for_ten_hours_counts_where_it_was_lifted(tmp_path: Path) -> None:
    """Lifted at 22:00, back at 08:00: of the day in which it was lifted, however it is read."""
    store = Store(tmp_path / "q.db", create=True)
    away, back = 22 * 3600, 32 * 3600
    series = [(s, 60.0, False) for s in range(0, away, 300)] + [(away, 60.0, True)]
    series += [(s, 0.0, False) for s in range(away + 8, back, 300)] + [(back, 0.0, True)]
    series += [(s, 13.2, False) for s in range(back + 8, back + 3600, 300)]
    readings = []
    for n, (s, kg, moving) in enumerate(series):
        q = {"w2": "moving"} if moving else {}
        readings.append(Reading("aaaaaaaa", n, 0, START + s, None, {"w2": round(kg * 1000)}, q))
    store.add(Batch(readings=[("qy-fs01", "fs-01", r) for r in readings]), START)
    span = days(FIRST, FIRST + dt.timedelta(1))
    alone = [r for d in span for r in rollup.roll_day(store, KNOWN, d)]
    together = roll_days(store, KNOWN, span[0], span[-1])
    assert together == alone
    assert [(r.date, r.collected_g) for r in alone if r.collections] == [(FIRST, 46_800)]
