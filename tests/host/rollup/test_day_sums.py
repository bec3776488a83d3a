"""Sums of days are those of their rows, whatever came after they were kept."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hauls import Board, Haul
from plan_figures import KNOWN

from host import rollup
from host.common.local_days import day_of
from host.readings.messages import Reading
from host.registry import WET as WET_STREAM
from host.registry import Registry
from host.rollup import closing, day_sums
from host.rollup.day_figures import update_figures
from host.rollup.day_sums import DaySum, keep, sum_of, sums_of
from host.rollup.period import days, each_day
from host.store import Batch, Store, claims
from host.store import day_sums as rows

pytestmark = pytest.mark.each_engine

FIRST = dt.date(2024, 2, 27)
SPAN = days(FIRST, dt.date(2024, 3, 3))
LATER = rollup.day_bounds(dt.date(2024, 3, 20))[0]
WET = Haul("w2", 13_100, 60_000)


def put(store: Store, known: Registry = KNOWN) -> Board:
    """Six days: of one bin also the fill; on the third the wet waste is not cleared."""
    board = Board("qy-fs01", "fs-01")
    for n, day in enumerate(SPAN):
        hauls = [Haul("w1", 12_400, 20_000 + n), replace(WET, lifted=n != 2)]
        board.day(day, hauls, {"f1": 850 + 20 * n})
    board.store(store)
    update_figures(store, known, SPAN[-1], now=LATER)
    return board


def from_rows(store: Store, known: Registry = KNOWN) -> list[DaySum]:
    return [sum_of(day.rows) for day in each_day(store, known, SPAN[0], SPAN[-1])]


def added_up(store: Store, known: Registry, monkeypatch: pytest.MonkeyPatch) -> list[dt.date]:
    """The days that are added up to answer; what is answered is right."""
    found: list[dt.date] = []

    def counted(store: Store, known: Registry, span: list[dt.date]) -> Iterable[rollup.Day]:
        found.extend(span)
        return rollup.days_of(store, known, span)

    with monkeypatch.context() as patch:
        patch.setattr(day_sums, "days_of", counted)
        assert list(sums_of(store, known, SPAN)) == from_rows(store, known)
    return found


def test_what_is_kept_is_not_added_up_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    board = put(store)
    assert added_up(store, KNOWN, monkeypatch) == SPAN
    assert added_up(store, KNOWN, monkeypatch) == []
    first = next(sums_of(store, KNOWN, SPAN))
    assert first.streams["湿垃圾"].collected_g == 60_000 and (first.due, first.cleared) == (1, 1)
    assert first.fills == 1 and first.reporting == 1
    # Late readings of the third day: an emptying in the evening.
    t = rollup.day_bounds(SPAN[2])[0] + 20 * 3600 + 10
    steps = [(0, 73_100, True), (8, 0, False), (40, 0, True), (48, 13_100, False)]
    late = [
        Reading(
            "aaaaaaaa", 90_000 + n, 0, t + s, None, {"w2": g}, {"w2": "moving"} if moves else {}
        )
        for n, (s, g, moves) in enumerate(steps)
    ]
    store.add(Batch(readings=[(board.device, board.site, r) for r in late]), LATER + 60)
    store.compact()
    update_figures(store, KNOWN, SPAN[-1], now=LATER + 60)
    assert SPAN[2] in added_up(store, KNOWN, monkeypatch)
    assert added_up(store, KNOWN, monkeypatch) == []


def test_another_registry_has_other_sums(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store)
    list(sums_of(store, KNOWN, SPAN))
    moved = replace(
        KNOWN,
        bins=tuple(replace(b, stream="可回收物") if b.channel == "w1" else b for b in KNOWN.bins),
    )
    assert added_up(store, moved, monkeypatch) == SPAN


def test_a_closed_month_keeps_its_own(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store)
    list(sums_of(store, KNOWN, SPAN))
    then = closing.RegistrySnapshot(KNOWN)
    closing.close(store, then, "2024-02", "Li", now=LATER)
    of_february = [d for d in SPAN if d.month == 2]
    assert set(added_up(store, KNOWN, monkeypatch)) >= set(of_february)
    moved = replace(KNOWN, bins=KNOWN.bins[1:])
    assert added_up(store, moved, monkeypatch) == [d for d in SPAN if d.month == 3]


def test_a_night_keeps_them(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store)
    keep(store, KNOWN, SPAN[3])
    assert added_up(store, KNOWN, monkeypatch) == SPAN[4:]


def test_what_is_written_meanwhile_is_in_no_sum_or_removes_it(
    store: Store, database: Path | str
) -> None:
    """Who keeps a sum waits for figures that are being written, and the other way round."""
    if isinstance(database, Path):
        pytest.skip("a file has one writer at a time")
    put(store)
    writer = Store(database)
    kept = threading.Event()
    other = Store(database)

    def keeps() -> None:
        list(sums_of(other, KNOWN, SPAN))
        kept.set()

    thread = threading.Thread(target=keeps)
    with writer.database.transaction():
        with claims.of(writer.database, 0, {}):
            thread.start()
            assert not kept.wait(1.0)
            rows.drop(writer.database, [day_of(SPAN[0])])
    thread.join(30)
    assert kept.is_set()
    writer.close()
    other.close()


def test_a_coverage_of_just_90_percent_is_enough() -> None:
    """docs/indicators.md: from 90 % on a day shows whether a bin was cleared."""
    row = rollup.DailyRow(FIRST, "s", "t", WET_STREAM, bins=1, deposited_g=1, collections=1)
    for covered, due in ((77_760, 1), (77_759, 0)):
        row.covered_s = covered
        made = sum_of([row])
        assert (made.due, made.cleared) == (due, due)
