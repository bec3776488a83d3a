"""The forecast of bins: from their own past, without a look ahead, and as a list to collect by."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import shutil
from pathlib import Path

import pytest
from bench_forecast import series
from bench_forecast.__main__ import simulated
from bench_forecast.score import Score, pinball
from drums import DrumBoard
from host_job import qingyun
from hypothesis import given
from hypothesis import strategies as st
from sim_board import ROOT

from host.alarms import rules
from host.common.local_days import LOCAL
from host.forecast import bins, collection_list, kept
from host.forecast.bins import BinForecast
from host.forecast.ensemble import LEAST_D, gain, hours_until, past_days, quantiles, weekend
from host.forecast.growth import FILL, HOUR_S, WEIGHT, Growth, growth_of, of_marks
from host.points.update import Watch
from host.registry import Bin, RegistryError, load
from host.store import Store

DAY, HOUR = 86_400, 3600
MONDAY = int(dt.datetime(2026, 3, 2, tzinfo=LOCAL).timestamp()) // HOUR_S
DAILY = [0] * 7 + [300] + [0] * 16  # 300 permille come in within the hour after 7:00


def steady(days: int, first: int = MONDAY - 60 * 24) -> Growth:
    """As much each day at the same hour."""
    gained: list[int | None] = [0]
    for _ in range(days):
        for more in DAILY:
            gained.append((gained[-1] or 0) + more)
    return Growth(first, gained, None)


def test_an_emptying_takes_nothing_away_and_noise_adds_nothing() -> None:
    fills = [100, 105, 95, 112, 90, 400, 398, 5, 12, 3, 210]
    made = growth_of([(n * HOUR_S, v) for n, v in enumerate(fills)], FILL)
    # 100 → 400 by one step, emptied, 5 → 210.
    assert made.gained == [0, 0, 0, 0, 0, 300, 300, 300, 300, 300, 505]
    assert made.between(4, 6) == 505 and made.between(7, 4) is None


def test_nobody_knows_the_hours_of_a_gap() -> None:
    made = growth_of([(0, 10_000), (HOUR_S, 10_200), (8 * HOUR_S, 13_000)], WEIGHT)
    assert made.gained == [0, None, None, None, None, None, None, None, 3000]
    assert made.between(0, 8) == 3000 and made.between(1, 7) is None
    assert of_marks([(0, 0), (4 * HOUR_S, 80)], 0).gained == [0, 20, 40, 60, 80]


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=60))
def test_what_came_in_never_falls(values: list[int]) -> None:
    made = growth_of([(n * HOUR_S, v) for n, v in enumerate(values)], FILL)
    known = [g for g in made.gained if g is not None]
    assert known == sorted(known) and known[0] == 0


def test_a_steady_bin_is_foretold_to_the_hour() -> None:
    made = steady(60)
    assert gain(made, MONDAY, 24) == (300, 300, 300)
    assert gain(made, MONDAY, 7) == (0, 0, 0)
    assert hours_until(made, MONDAY, 500, 72) == (32, 32, 32)  # 300 the first day, 600 the next
    assert hours_until(made, MONDAY, 901, 72) == (None, None, None)
    assert hours_until(made, MONDAY, 0, 72) == (0, 0, 0)


def test_too_little_is_known() -> None:
    assert gain(steady(LEAST_D - 1, MONDAY - (LEAST_D - 1) * 24), MONDAY, 24) is None
    assert gain(steady(LEAST_D, MONDAY - LEAST_D * 24), MONDAY, 24) is not None
    assert hours_until(Growth(), MONDAY, 10, 72) is None


def test_nothing_that_comes_later_is_looked_at() -> None:
    """The same with and without what came after the hour of the forecast."""
    for growth in series.simulated(2, 60, 5):
        now = growth.first + 40 * 24 + 9
        cut = Growth(growth.first, growth.gained[: now - growth.first + 1], None)
        for hours in (5, 24, 72):
            assert gain(growth, now, hours) == gain(cut, now, hours)
            assert hours_until(growth, now, 400, hours) == hours_until(cut, now, 400, hours)


def test_days_of_the_same_kind_weigh_more() -> None:
    found = {(MONDAY - w.start) // 24: w.weight for w in past_days(steady(60), MONDAY, 24)}
    assert found[7] > found[6] > found[1] > found[2]  # a Monday; a Tuesday; a Sunday, a Saturday
    holiday = dt.date(2026, 3, 2)
    of_holiday = past_days(steady(60), MONDAY, 24, lambda d: weekend(d) or d == holiday)
    off = {(MONDAY - w.start) // 24: w.weight for w in of_holiday}
    assert off[1] > off[3] and off[7] < found[7]


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0.01, 9)), min_size=1, max_size=30))
def test_quantiles_are_values_with_so_much_weight_up_to_them(
    pairs: list[tuple[int, float]],
) -> None:
    values, weights = [float(v) for v, _ in pairs], [w for _, w in pairs]
    found = quantiles(values, weights)
    assert list(found) == sorted(found) and set(found) <= set(values)
    for share, value in zip((0.1, 0.5, 0.9), found, strict=True):
        upto = sum(w for v, w in zip(values, weights, strict=True) if v <= value)
        assert upto >= share * sum(weights) - 1e-9


def test_it_is_better_than_the_simple_ways_on_a_small_district() -> None:
    """The whole of it, with its goals, is `make bench-forecast`."""
    for name, _, score in simulated(20, 7):
        assert score.cases > 60, name
        assert score.less() >= 30, name
        assert score.off() <= 10, name


def test_the_loss_of_a_quantile() -> None:
    assert pinball(10, 8, 0.9) == pytest.approx(1.8) and pinball(8, 10, 0.9) == pytest.approx(0.2)
    score = Score()
    score.add(5, (5, 5, 5), 7, 5)
    assert score.off() == 0 and score.lines("x", "h")[1].split()[-1] == "0.000"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "registry"
    shutil.copytree(ROOT / "registry", made)
    return made


def three_weeks(store: Store) -> int:
    """9 kg and a third of a bin each day at 8:00, taken away at 10:00; when the last reading is,
    half a day after the last emptying."""
    start = int(dt.datetime(2026, 3, 1, tzinfo=LOCAL).timestamp())
    made = DrumBoard("qy-fs01", "fs-01", start, {"w1": 12_400, "f1": 50})
    made._say()
    for day in range(21):
        at = start + day * DAY
        made.step(at + 8 * HOUR, "w1", 9_000)
        made.values["f1"] = 380
        made.step(at + 10 * HOUR, "w1", -9_000)
        made.values["f1"] = 50
    made.until(start + 20 * DAY + 22 * HOUR).store(store)
    return made.t


def test_the_last_forecast_is_kept_and_watched(tmp_path: Path, folder: Path) -> None:
    """By the command; the alarms look at it, and a later one takes its place."""
    db = tmp_path / "q.db"
    store = Store(db, create=True)
    t = three_weeks(store)
    known = load(folder)
    assert kept.latest(store, known) == kept.Kept()
    store.close()

    def told(clock: dt.time, *more: str) -> list[BinForecast]:
        at = dt.datetime.fromtimestamp(t, LOCAL).strftime("%Y-%m-%d %H:%M")
        place = ("--db", db, "--registry", folder, "--now", at)
        done = qingyun("forecast", *place, "--keep", "--collected", f"{clock:%H:%M}", *more)
        assert done.returncode == 0 and "kept for /collect" in done.stdout, done.stderr
        store = Store(db)
        found = kept.latest(store, known)
        watch = Watch(known, rules.load(folder, {}))
        watch.read(store, t)
        store.close()
        first = next(f for f in found.bins if f.bin.bin == "fs-01-1")
        looked = watch.forecasts["fs-01-1"]
        assert first.full_h is not None and first.full_h[1] is not None
        assert looked.full == looked.made + first.full_h[1] * HOUR
        assert looked.collected - looked.made == bins.tomorrow(t, clock) - t
        return found.bins

    found = told(dt.time(10))
    first = next(f for f in found if f.bin.bin == "fs-01-1")
    assert (first.fill, first.net_g, first.by, first.full_h) == (50, 0, "fill", (59, 59, 59))
    assert first.kg == (9, 9, 9) and len(found) > 4
    nothing = next(f for f in found if f.bin.bin == "jt-01-1")
    assert nothing.full_h is nothing.kg is None
    assert {f.bin.bin for f in told(dt.time(9, 30), "--town", "方松街道")} == {
        f.bin.bin for f in found
    }


def test_forecasts_of_other_moments_are_not_mixed(store: Store, folder: Path) -> None:
    """As where one is made for a 街镇 alone: hours count from the newest, what was for a collection
    that is over is not known any more, and what is no longer of the registry says nothing."""
    known = load(folder)
    old, earlier, newest, *_ = known.bins
    gone = dataclasses.replace(old, bin="gone-1")

    def keep(bin_: Bin, made: int, until: int) -> None:
        found = BinForecast(bin_, 500, 20_000, (1.0, 5.0, None), (10.0, 20.0, 30.0), "fill")
        kept.keep(store, [found], made, until)

    now = MONDAY * HOUR
    keep(gone, now + DAY, now + 2 * DAY)
    keep(old, now - 7 * DAY, now - 6 * DAY)
    keep(earlier, now - 2 * HOUR, now + 20 * HOUR)
    keep(newest, now, now + 20 * HOUR)
    last = kept.latest(store, known)
    assert (last.made, last.until) == (now, now + 20 * HOUR)
    of = {f.bin.bin: f for f in last.bins}
    assert of[newest.bin].full_h == (1.0, 5.0, None)
    assert of[earlier.bin].full_h == (0.0, 3.0, None) and of[earlier.bin].kg == (10, 20, 30)
    assert of[old.bin] == BinForecast(old, None, None, None, None, "")


def test_a_list_for_tomorrow(tmp_path: Path, folder: Path) -> None:
    db = tmp_path / "q.db"
    store = Store(db, create=True)
    t = three_weeks(store)
    known = load(folder)
    until = bins.tomorrow(t, dt.time(9))
    found = bins.worst_first(
        bins.forecasts(store, [b for b in known.bins if b.site == "fs-01"], t, until)
    )
    store.close()
    first = found[0]
    assert (first.bin.bin, first.fill, first.net_g, first.by) == ("fs-01-1", 50, 0, "fill")
    assert first.full_h == (59, 59, 59)  # 330 permille a day from 50 on: 900 is there on the third
    assert first.kg == (9, 9, 9)
    assert [f.full_h for f in found[1:]] == [None] * 3
    at = dt.datetime.fromtimestamp(t, LOCAL).strftime("%Y-%m-%d %H:%M")
    args = ("forecast", "--db", db, "--registry", folder, "--now", at, "--collected", "09:00")
    out = tmp_path / "list.csv"
    said = qingyun(*args, "--town", "方松街道", "--out", out)
    assert said.returncode == 0 and "4 bins, 3 of which nothing can be said yet" in said.stdout
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert [len(r) for r in rows] == [14] * 5 and rows[1][2] == "fs-01-1"
    assert rows[1][6:9] == ["59", "59", "59"] and rows[1][10] == "9.0"
    wrong = qingyun(*args, "--town", "浦东")
    assert wrong.returncode == 2 and "--town: expected 岳阳街道" in wrong.stderr


def test_old_readings_say_nothing_of_now(tmp_path: Path, folder: Path) -> None:
    store = Store(tmp_path / "q.db", create=True)
    t = three_weeks(store)
    bin_ = next(b for b in load(folder).bins if b.bin == "fs-01-1")
    (late,) = bins.forecasts(store, [bin_], t + 5 * HOUR, t + 12 * HOUR)
    assert (late.fill, late.full_h, late.kg) == (None, None, None)
    store.close()


def test_holidays(folder: Path) -> None:
    path = folder / "holidays.csv"
    path.write_text("date,kind\n2026-02-16,休\n2026-02-14,班\n")
    is_off = bins.days_off(folder)
    days = (dt.date(2026, 2, 16), dt.date(2026, 2, 14), dt.date(2026, 2, 15), dt.date(2026, 2, 17))
    assert [is_off(d) for d in days] == [True, False, True, False]
    path.write_text("date,kind\n2026-02-16,free\n")
    with pytest.raises(RegistryError, match=r"holidays.csv:2: kind: expected one of 休 班"):
        bins.days_off(folder)


def test_the_table_has_a_row_for_each_bin(folder: Path) -> None:
    known = load(folder)
    made = collection_list.table([bins.BinForecast(known.bins[0])], known, 0, 36_000)
    assert len(made.columns) == len(made.rows[0])
