"""The book: what arrives late restates what it touches, and comes to the same as all at once."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from named_events import packed
from plan_figures import KNOWN

from host import rollup
from host.common.local_days import day_of
from host.events import Kind, derive
from host.events.balance import day_balance
from host.readings.messages import Reading
from host.rollup import folds, packing, restatement_reasons
from host.rollup.day_figures import update_figures
from host.rollup.scales import platform_of, samples
from host.store import Batch, Store, day_revisions, revision_writer

pytestmark = pytest.mark.each_engine

FIRST = dt.date(2024, 2, 27)  # over a leap day and into March
START = rollup.day_bounds(FIRST)[0]
LIFE = "aaaaaaaa"
BOARD = "qy-fs01", "fs-01"
BIN = next(b for b in KNOWN.platforms() if (b.device, b.channel) == (BOARD[0], "w2"))
DAY = day_of(FIRST)
LAST = FIRST + dt.timedelta(5)
LATER = START + 30 * 86_400

# (seconds on, kg, moving): as in test_period, with gaps of a day and more
STEPS = st.lists(
    st.tuples(
        st.one_of(st.integers(5, 600), st.integers(3_000, 40_000), st.integers(80_000, 200_000)),
        st.sampled_from([0.0, 0.0, 13.1, 13.2, 40.0, 60.0, 90.0]),
        st.booleans(),
        st.sampled_from([0, 0, 0, 0, 3_000, 90_000]),  # how far ahead the clock is
    ),
    min_size=5,
    max_size=40,
)


def series(steps: list[tuple[int, float, bool, int]]) -> list[Reading]:
    t, out = START - 50_000, []
    for seq, (on, kg, moving, ahead) in enumerate(steps):
        t += on
        values = {"w2": round(kg * 1000), "f2": 200 + seq}
        q = {"w2": "moving"} if moving else {}
        out.append(Reading(LIFE, seq, seq // 15, t + ahead, None, values, q))
    return out


def put(store: Store, readings: list[Reading], at: int = LATER) -> None:
    store.add(Batch(readings=[(*BOARD, r) for r in readings]), at)


def figures(store: Store) -> dict[int, tuple[Any, ...]]:
    """What holds of each day that has figures, to the byte."""
    record = revision_writer.platform_records(store.database)[BIN.bin]
    held = revision_writer.held(store.database, record, 0, 1 << 30)
    return {day: (e.facts, e.events) for day, e in held.items()}


def test_a_day_that_lost_its_readings_opens_with_what_the_day_before_closed_with(
    tmp_path: Path,
) -> None:
    """A clock was a day ahead for one reading; the day before ends provisionally."""
    steps = [(5, 0.0, False, 0)] * 11
    steps += [(5, 40.0, False, 0), (5, 0.0, True, 90_000), (5, 13.1, False, 0)]
    readings = series(steps)
    with closing(Store(tmp_path / "q.db", create=True)) as store:
        put(store, [readings[0], readings[12]])
        update_figures(store, KNOWN, FIRST, only=[BIN], now=LATER)
        put(store, [*readings[1:12], readings[13]], LATER + 1)
        update_figures(store, KNOWN, LAST, only=[BIN], now=LATER + 1)
        held = figures(store)
        day_before, day = (held[d][0] for d in (DAY - 1, DAY))
        assert day[0] == day_before[5], "opening and closing, g"


def test_the_events_of_a_day_are_stored_once(store: Store) -> None:
    """A step names the revision that has its events, and is read whole."""
    steps = [(300, 13.1, False, 0)] * 200 + [(5, 13.1, True, 0)] + [(300, 43.1, False, 0)] * 200
    put(store, series(steps))
    update_figures(store, KNOWN, LAST, only=[BIN], now=LATER)
    db = store.database
    record = revision_writer.platform_records(db)[BIN.bin]
    held = revision_writer.held(db, record, 0, 1 << 30)
    (day,) = [day for day, e in held.items() if e.events]
    sql = "SELECT found, events FROM checkpoint WHERE day=?"
    found, revision = db.query(sql, (day,))[0]
    assert revision == 1 and held[day].events not in bytes(found)
    step = revision_writer.Steps(db, record).before(day + 1)
    assert step is not None and step.found == bytes(found) + held[day].events
    # Computed anew, the day is the same and gets no revision; nor are its events stored twice.
    update_figures(store, KNOWN, LAST, only=[BIN], now=LATER + 60, full=True)
    assert db.query(sql, (day,))[0] == (found, revision)


def test_a_store_of_an_earlier_version_keeps_its_figures(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its events were packed with names. This one computes all anew, and what comes to the same
    gets no revision."""
    with monkeypatch.context() as then:
        then.setattr(folds, "pack", lambda events: packed(events) if events else b"")
        then.setattr(restatement_reasons, "RULES", 2)
        steps = [(300, 13.1, False, 0)] * 200 + [(5, 13.1, True, 0)] + [(300, 43.1, False, 0)] * 900
        put(store, series(steps))
        update_figures(store, KNOWN, LAST, only=[BIN], now=LATER)
    before = figures(store)
    assert any(events[:1] == b"x" for _, events in before.values())
    done = update_figures(store, KNOWN, LAST, only=[BIN], now=LATER + 60)
    assert done.revisions == 0 and figures(store) == before
    # Each of the four bins of the board once for each day of readings.
    assert done.computed == 4 * 5
    # A day that is another one is packed as now; both are read.
    late = Reading("bbbbbbbb", 0, 0, START + 7 * 3600, None, {"w2": 20_000}, {})
    put(store, [late], LATER + 90)
    assert update_figures(store, KNOWN, LAST, only=[BIN], now=LATER + 90).revisions > 0
    every = day_revisions.all_of(store.database, [BIN.bin])
    read = packing.events(store.database, every)
    assert sum(map(len, read.values())) > 0


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, data=st.data())
def test_any_order_any_split_any_run_comes_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Any], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("book")
    readings = series(steps)
    whole = Store(folder / "whole.db", create=True)
    put(whole, readings)
    update_figures(whole, KNOWN, LAST, only=[BIN], now=LATER)

    parts = Store(folder / "parts.db", create=True)
    order = data.draw(st.permutations([*readings, *readings[::4]]))
    cuts = data.draw(st.lists(st.integers(1, 12), min_size=1, max_size=12))
    now = LATER
    for n in cuts:
        part, order = order[:n], order[n:]
        now += 1
        if part:
            put(parts, part, now)
        if data.draw(st.booleans()):
            until = data.draw(st.integers(-2, 6))
            update_figures(parts, KNOWN, FIRST + dt.timedelta(until), only=[BIN], now=now)
    if order:
        put(parts, order, now)
    update_figures(parts, KNOWN, LAST, only=[BIN], now=now)

    late, once = figures(parts), figures(whole)
    quiet = {day for day in late if day not in once}
    assert {day: f for day, f in late.items() if day not in quiet} == once
    # A day that had readings until a clock was put right says what a day without any says.
    rows = [
        rollup.roll_day(s, KNOWN, FIRST + dt.timedelta(n)) for s in (parts, whole) for n in (0, 3)
    ]
    assert rows[:2] == rows[2:]
    assert update_figures(parts, KNOWN, LAST, only=[BIN], full=True, now=now).revisions == 0
    parts.close()
    whole.close()


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_a_day_is_what_the_engine_says_of_everything(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Any]
) -> None:
    store = Store(tmp_path_factory.mktemp("book") / "q.db", create=True)
    put(store, series(steps))
    update_figures(store, KNOWN, LAST, only=[BIN], now=LATER)
    platform = platform_of(KNOWN, BIN)
    all_ = list(samples(store, BIN.device, BIN.channel, 1 << 40, BIN.fill_channel))
    found = derive(platform, all_)
    seen = (next(s.t for s in all_ if s.usable) + 8 * 3600) // 86_400
    rows = day_revisions.platform_days(store.database, seen, DAY + 5, [BIN.bin])
    assert rows
    events = packing.events(store.database, rows)
    for r in rows:
        t0, t1 = rollup.day_bounds(r.date)
        assert packing.balance_of(r) == day_balance(platform, found, t0, t1)
        assert events[r.id] == [e for e in found.events if t0 <= e.t < t1]
        assert r.collections == sum(e.kind is Kind.COLLECTION for e in events[r.id])
    store.close()
