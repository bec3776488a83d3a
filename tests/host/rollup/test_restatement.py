"""Why figures are others than before; days by the clock on the wall; closed months."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hauls import Board, Haul
from plan_figures import KNOWN

from host import rollup
from host.calibration.restate import recalibrate
from host.common.local_days import day_of
from host.common.periods import parse
from host.readings.messages import Birth, Reading, Weighed
from host.registry import Registry
from host.reports import month
from host.rollup import closing, packing
from host.rollup.day_figures import Done, update_figures
from host.rollup.left_out import left_out
from host.rollup.period import days, roll_days
from host.store import Batch, Store, day_revisions, revision_writer
from host.store.calibrations import Correction
from host.store.day_revisions import FIRST, NOT_OVER, PlatformDay

pytestmark = pytest.mark.each_engine

LEAP = dt.date(2024, 2, 29)
MIDNIGHT = rollup.day_bounds(LEAP)[0]  # 00:00 in Shanghai
DAY = day_of(LEAP)
LATER = MIDNIGHT + 20 * 86_400  # 2024-03-20
BOARD = "qy-fs01", "fs-01"
BIN = next(b for b in KNOWN.platforms() if (b.device, b.channel) == (BOARD[0], "w2"))


class Wet:
    """The wet bin of fs-01: readings by the second after midnight of the leap day."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.seq = 0

    def make(self, series: list[tuple[int, float, bool]], boot: int = 0) -> list[Reading]:
        out = []
        for s, kg, moving in series:
            q = {"w2": "moving"} if moving else {}
            values = {"w2": round(kg * 1000)}
            out.append(Reading("aaaaaaaa", self.seq, boot, MIDNIGHT + s, None, values, q))
            self.seq += 1
        return out

    def put(self, readings: list[Reading], at: int = LATER) -> None:
        self.store.add(Batch(readings=[(*BOARD, r) for r in readings]), at)

    def update_figures(self, last: dt.date, now: int = LATER, known: Registry = KNOWN) -> Done:
        return update_figures(self.store, known, last, only=[BIN], now=now)

    def history(self, day: int = DAY) -> list[PlatformDay]:
        return day_revisions.history(self.store.database, BIN.bin, day)


def rest(first: int, last: int, kg: float) -> list[tuple[int, float, bool]]:
    return [(s, kg + (s // 300 % 3) / 1000, False) for s in range(first, last, 300)]


def lift(at: int, back: int, before: float, after: float) -> list[tuple[int, float, bool]]:
    away = [(at + 8, 0.0, False), *rest(at + 300, back, 0.0)]
    return [(at, before, True), *away, (back, 0.0, True), (back + 15, after, False)]


def test_a_bin_lifted_in_the_evening_and_back_in_the_morning(store: Store) -> None:
    """Lifted at 20:00, back at 09:00: the day in which it was lifted is restated."""
    wet = Wet(store)
    at, back = 20 * 3600, 33 * 3600
    series = wet.make(
        [*rest(0, at, 60), *lift(at, back, 60, 13.2), *rest(back + 300, back + 9000, 13.2)]
    )
    split = next(i for i, r in enumerate(series) if (r.t or 0) >= MIDNIGHT + 86_400 + 600)
    wet.put(series[:split])
    wet.update_figures(LEAP, MIDNIGHT + 86_400 + 700)
    (first,) = wet.history()
    assert (first.reason, first.collected, first.collections) == (FIRST, 0, 0)
    wet.put(series[split:], MIDNIGHT + 86_400 + 50_000)
    wet.update_figures(LEAP + dt.timedelta(1), LATER)
    _, second = wet.history()
    assert second.reason == "a lift that ended the next day"
    assert (second.revision, second.collected, second.collections) == (2, 46_800, 1)
    (event,) = packing.events(store.database, [second])[second.id]
    assert (event.t, event.t_end) == (MIDNIGHT + at, MIDNIGHT + back + 15)
    rows = roll_days(store, KNOWN, LEAP, LEAP + dt.timedelta(1))
    assert [r.date for r in rows if r.collections] == [LEAP]


def test_late_readings_restate_what_they_touch_and_nothing_else(store: Store) -> None:
    wet = Wet(store)
    quiet, busy = rest(0, 12 * 3600, 20), [*lift(46_000, 46_060, 20, 13), *rest(46_500, 86_400, 13)]
    series = wet.make([*quiet, *busy, *rest(86_400, 4 * 86_400, 13)])
    late = [r for r in series if 45_000 < (r.t or 0) - MIDNIGHT < 47_000]
    wet.put([r for r in series if r not in late])
    last = LEAP + dt.timedelta(3)
    wet.update_figures(last)
    assert wet.update_figures(last) == Done()
    came = LATER + 3 * 86_400
    wet.put(late, came)
    done = wet.update_figures(last, came + 60)
    before, after = wet.history()
    assert before.collected == 0 and before.unattributed == -7_001
    assert after.collected == 7_000 and after.unattributed == 0
    assert after.reason == f"{len(late)} late readings arrived on 2024-03-23"
    assert after.computed == came + 60
    assert [len(wet.history(DAY + n)) for n in range(1, 4)] == [1, 1, 1]
    assert done.revisions == 1
    # The day itself for each platform of the board, and the next until the state is the same.
    assert done.computed <= 5 * len([b for b in KNOWN.platforms() if b.device == BOARD[0]])
    wet.put(late, came + 90)  # and once more: they are known
    assert wet.update_figures(last, came + 99) == Done()


def test_a_day_that_was_not_over_says_so(store: Store) -> None:
    wet = Wet(store)
    series = wet.make(
        [*rest(0, 40_000, 20), *lift(40_500, 40_560, 20, 13), *rest(41_000, 99_000, 13)]
    )
    wet.put(series[:100])
    wet.update_figures(LEAP, MIDNIGHT + 30_000)
    wet.put(series[100:])
    wet.update_figures(LEAP, LATER)
    assert [r.reason for r in wet.history()] == [FIRST, NOT_OVER]


def test_a_clock_that_was_put_right_later_restates_both_days(store: Store) -> None:
    """A board whose clock is a day ahead dates its readings into the next day, until the
    reading comes that tells."""
    wet = Wet(store)
    ahead = [
        (s + 86_400, kg, moving)
        for s, kg, moving in [*rest(0, 30_000, 30), *lift(30_300, 30_360, 30, 13)]
    ]
    wet.put(wet.make([*ahead, *rest(30_600 + 86_400, 60_000 + 86_400, 13)]))
    wet.update_figures(LEAP + dt.timedelta(1))
    assert wet.history() == [] and wet.history(DAY + 1)[0].collected == 17_000
    wet.put(wet.make([(60_000, 13.0, False)]))
    wet.update_figures(LEAP + dt.timedelta(1), LATER + 60)
    (today,) = wet.history()
    assert today.reason == FIRST
    gone = wet.history(DAY + 1)[-1]
    assert gone.reason == "readings were dated anew on 2024-03-20: a clock was put right"
    assert gone.collected == gone.covered_s == 0


@pytest.mark.parametrize(("second", "which"), [(86_399, 0), (86_400, 1), (86_401, 1)])
def test_one_second_around_midnight_of_a_leap_day(store: Store, second: int, which: int) -> None:
    """23:59:59 is the 29th of February, 00:00:01 the 1st of March, wherever the host stands."""
    wet = Wet(store)
    wet.put(
        wet.make(
            [
                *rest(0, second - 60, 60),
                *lift(second, second + 60, 60, 13.2),
                *rest(second + 300, 2 * 86_400, 13.2),
            ]
        )
    )
    rows = roll_days(store, KNOWN, LEAP, dt.date(2024, 3, 1))
    mine = [r for r in rows if (r.site, r.stream) == (BIN.site, BIN.stream)]
    assert [r.collected_g for r in mine] == [46_800 * (which == n) for n in (0, 1)]
    deposit = Wet(store)
    assert deposit.history(DAY + which)[-1].collections == 1


def test_covered_seconds_are_cut_at_midnight(store: Store) -> None:
    wet = Wet(store)
    wet.put(wet.make([(86_399, 20, False), (86_401, 20.001, False)]))
    rows = roll_days(store, KNOWN, LEAP, dt.date(2024, 3, 1))
    seen = [r.covered_s for r in rows if (r.site, r.stream) == (BIN.site, BIN.stream)]
    assert seen == [1, 1]


def test_a_flag_that_reaches_back_is_on_the_day_it_began(store: Store) -> None:
    """A scale that stands still from 20:00 on is found out after midnight only."""
    wet = Wet(store)
    frozen = [(s, 30.0, False) for s in range(20 * 3600, 30 * 3600, 300)]
    series = wet.make([*rest(0, 20 * 3600, 30), *frozen, *rest(30 * 3600, 40 * 3600, 30.1)])
    early = [r for r in series if (r.t or 0) < MIDNIGHT + 86_700]
    wet.put(early)
    wet.update_figures(LEAP, MIDNIGHT + 86_700)
    assert wet.history()[-1].flags == ""
    wet.put(series[len(early) :])
    wet.update_figures(LEAP)
    assert wet.history()[-1].flags == "frozen"
    assert wet.history()[-1].reason == "readings of 2024-03-01 arrived on 2024-03-20"


def test_what_a_platform_is_has_changed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    wet = Wet(store)
    wet.put(
        wet.make(
            [*rest(0, 40_000, 60), *lift(40_500, 40_560, 60, 13.2), *rest(41_000, 86_400, 13.2)]
        )
    )
    wet.update_figures(LEAP)
    bins = tuple(replace(b, e_g=100) if b == BIN else b for b in KNOWN.bins)
    wet.update_figures(LEAP, known=replace(KNOWN, bins=bins))
    assert wet.history()[-1].reason == "registry changed: e_g 50 → 100"
    wet.update_figures(LEAP)
    assert [r.revision for r in wet.history()] == [1, 2, 3]
    assert packing.balance_of(wet.history()[0]) == packing.balance_of(wet.history()[2])
    monkeypatch.setattr("host.rollup.restatement_reasons.RULES", 77)
    assert wet.update_figures(LEAP).computed > 0
    assert len(wet.history()) == 3  # what comes to the same is not another revision


def test_a_calibration_put_right_is_a_revision(store: Store) -> None:
    wet = Wet(store)
    weighed = (Weighed("w2", 0, "c1", "2024-01-05", 1000, 20000.0),)
    birth = Birth("aaaaaaaa", 0, MIDNIGHT, 0, 0, b"{}", weighed)
    store.add(Batch(births=[(*BOARD, birth)]), MIDNIGHT)
    wet.put(
        wet.make(
            [*rest(0, 40_000, 60), *lift(40_500, 40_560, 60, 13.2), *rest(41_000, 86_400, 13.2)]
        )
    )
    new = Correction(LATER, "qy-fs01", "w2", "c1", 1000, 10000.0, "typed wrongly", "Li")
    (made,) = recalibrate(store, KNOWN, new)
    assert made.before is not None
    assert (made.before.collected, made.after.collected) == (46_800, 93_600)
    assert made.after.reason == "calibration c1: typed wrongly (Li)"


def test_a_closed_month_stays_and_what_came_later_is_listed(store: Store) -> None:
    wet = Wet(store)
    series = wet.make(
        [*rest(0, 40_000, 60), *lift(40_500, 40_560, 60, 13.2), *rest(41_000, 86_400, 13.2)]
    )
    late = series[100:150]
    wet.put([r for r in series if r not in late])
    span = days(dt.date(2024, 2, 1), LEAP)
    then = closing.RegistrySnapshot(KNOWN)
    with pytest.raises(closing.ClosingError, match="expected a month that is over, found 2024-02"):
        closing.close(store, then, "2024-02", "Li", now=MIDNIGHT + 86_399)
    before = roll_days(store, KNOWN, span[0], LEAP)
    closed = closing.close(store, then, "2024-02", "Li", now=LATER)
    assert (closed.month, closed.at, closed.by) == ("2024-02", LATER, "Li")
    with pytest.raises(closing.ClosingError, match="2024-02 was closed on 2024-03-20 by Li"):
        closing.close(store, then, "2024-02", "Wang", now=LATER + 1)
    assert roll_days(store, KNOWN, span[0], LEAP) == before
    wet.put(late, LATER + 86_400)
    wet.update_figures(LEAP, LATER + 86_500)
    # Neither what arrives nor who stands where now changes what was reported.
    bins = tuple(replace(b, stream="干垃圾") for b in KNOWN.bins)
    assert roll_days(store, replace(KNOWN, bins=bins), span[0], LEAP) == before
    made = [x for x in closing.adjustments(store, "2024-02") if x.after.reason[:2] == "50"]
    (x,) = made
    assert x.bin == BIN and x.after.date == LEAP and x.changes_mass
    assert x.before is not None and x.before.collected == 0
    assert closing.change(made) == (0, 46_800)
    assert x.words.startswith("deposited 0.000 → 0.000 kg, collected 0.000 → 46.800 kg; 50 late")
    assert day_revisions.platform_days(store.database, DAY, DAY, [BIN.bin])[0].collected == 0
    for table in ("platform_day", "platform_day_events", "closing"):
        for sql in (f"DELETE FROM {table}", f"UPDATE {table} SET day = 1"):  # noqa: S608
            with pytest.raises(
                Exception, match=r"only ever added to|no such column|does not exist"
            ):
                store.database.query(sql)


def test_two_at_once_write_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else brings the book up to date while this one is computing."""
    wet = Wet(store)
    wet.put(wet.make(rest(0, 86_400, 20)))
    write = revision_writer.write
    calls: list[int] = []

    def other_first(*args: object) -> bool:
        if not calls:
            calls.append(1)
            wet.update_figures(LEAP)
        return write(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(revision_writer, "write", other_first)
    wet.update_figures(LEAP)
    assert [r.revision for r in wet.history()] == [1]
    assert revision_writer.touched(store.database) == {}


def test_a_silent_platform_keeps_what_was_in_it(store: Store) -> None:
    board = Board("qy-fs01", "fs-01")
    board.day(LEAP, [Haul("w2", BIN.tare_g, 5_000, lifted=False)])
    board.store(store)
    later = LEAP + dt.timedelta(9)
    day = rollup.roll(store, KNOWN, later)
    (mine,) = [p for p in day.platforms if p.bin == BIN]
    assert (mine.balance.opening, mine.balance.closing, mine.balance.covered_s) == (5_000, 5_000, 0)
    assert mine.booked is None and mine.balance.flags == ("coverage",)


def test_a_bin_that_left_the_registry_is_told(store: Store) -> None:
    """What it has in an open month is in no sum; a closed one has the registry of its closing."""
    board = Board(*BOARD)
    first, second = dt.date(2024, 2, 1), dt.date(2024, 2, 2)
    for date in (first, second):
        board.day(date, [Haul("w1", 12_400, 27_000), Haul("w2", 13_100, 41_000)])
    board.store(store)
    hauled = sum(r.collected_g for r in roll_days(store, KNOWN, first, second))
    fewer = replace(KNOWN, bins=tuple(b for b in KNOWN.bins if b.bin != BIN.bin))
    assert hauled == 136_000 and left_out(store, KNOWN, first, second) == []
    assert sum(r.collected_g for r in roll_days(store, fewer, first, second)) == 54_000
    (lost,) = left_out(store, fewer, first, second)
    assert (lost.bin, lost.first, lost.last) == (BIN.bin, first, second)
    assert (lost.deposited, lost.collected) == (82_000, 82_000)
    summary = month.summarise(store, fewer, parse("2024-02"))
    assert "清运82.000 kg未计入" in summary.notes[0] and len(summary.notes) == 1
    renamed = replace(BIN, bin="fs-01-2b")
    other = replace(KNOWN, bins=tuple(renamed if b == BIN else b for b in KNOWN.bins))
    assert sum(r.collected_g for r in roll_days(store, other, first, second)) == hauled
    assert left_out(store, other, first, second) == []
    closing.close(store, closing.RegistrySnapshot(KNOWN), "2024-02", "李")
    assert left_out(store, fewer, first, second) == []
    assert sum(r.collected_g for r in roll_days(store, fewer, first, second)) == hauled
