"""The balance of a day: its formula, its limit, what is flagged."""

from __future__ import annotations

import csv
import datetime as dt
import random
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from series import T0, Series
from sim_board import ROOT

from host import registry, reports, rollup
from host.events import Platform, derive
from host.events.balance import Balance, day_balance
from host.readings.messages import Reading
from host.store import Batch, Store

BIN = Platform(13_000, wheelie=True, spares=(14_600,), e_g=50)
DAY = 86_400
DATE = dt.date(2026, 3, 3)
KNOWN = registry.load(ROOT / "registry")
MIDNIGHT = int(dt.datetime(2026, 3, 2, 16, tzinfo=dt.UTC).timestamp())


def of(s: Series, t0: int = T0, t1: int = T0 + DAY, platform: Platform = BIN) -> Balance:
    return day_balance(platform, derive(platform, s.samples), t0, t1)


def test_a_day_by_hand() -> None:
    s = Series(20_000).step(3_000).drift(400).to(0).to(13_200, after=40).rest(DAY - 900)
    b = of(s.silence(100))
    assert (b.opening, b.deposited, b.collected, b.closing) == (7_000, 3_000, 10_200, 200)
    assert b.residual == 7_000 + 3_000 - 10_200 - 200 == -400
    # 20.0, 13.2 at either end of the day; 20.0 and 23.0; 23.4 and 13.2: six times 50 g.
    assert (b.weighings, b.limit) == (6, 300)
    assert b.flags == ("residual", "frozen")


def test_rain_within_the_limit_is_not_flagged() -> None:
    s = Series(20_000)
    for _ in range(20):
        s.step(1_000, after=600)
    s.drift(1_500)
    for i in range(250):
        s.grams += 1 - 2 * (i % 2)
        s.rest(300).silence(1)
    b = of(s)
    assert (b.residual, b.weighings) == (-1_500, 42)
    assert b.limit == 12 * 50 + 30 * 100  # up to 25 kg: 10 of 40 around the deposits
    assert b.flags == ()


def test_a_gap_is_flagged_twice() -> None:
    s = Series(60_000).rest(3_000)
    s.grams = 20_000
    s.silence(3_000)
    for i in range(280):
        s.grams += 1 - 2 * (i % 2)
        s.rest(300).silence(1)
    b = of(s)
    assert b.unattributed == -40_000
    assert b.residual == -1
    assert b.flags == ("unattributed", "coverage")


def test_a_doubtful_collection_is_flagged() -> None:
    b = of(Series(60_000).to(0).to(16_000, after=40).rest(1_200).silence(1))
    assert b.doubt == 3_000
    assert "doubt" in b.flags


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-9_000, 20_000), st.integers(20, 40_000)), max_size=20),
    st.integers(1, 5),
)
def test_days_follow_each_other(steps: list[tuple[int, int]], days: int) -> None:
    s = Series(40_000)
    for grams, after in steps:
        s.step(max(grams, 13_000 - s.grams), after).drift(grams // 40)
    found = derive(BIN, s.samples)
    closing = found.sums.opening
    drift = 0
    for n in range(12):
        b = day_balance(BIN, found, T0 + n * DAY, T0 + (n + 1) * DAY)
        assert b.opening == closing
        assert b.collected >= 0
        closing = b.closing
        drift -= b.residual
    assert (closing, drift) == (found.sums.closing, found.sums.drift)


def _store(path: Path, series: list[dict[str, int]], every: int = 300) -> Store:
    """Readings of qy-fs01 from midnight on; store them."""
    store = Store(path, create=True)
    readings = [
        Reading("aaaaaaaa", i, 0, MIDNIGHT + every * i, None, values, {})
        for i, values in enumerate(series)
    ]
    store.add(Batch(readings=[("qy-fs01", "fs-01", r) for r in readings]), MIDNIGHT)
    return store


def test_balance_file(tmp_path: Path) -> None:
    date = dt.date(2026, 3, 3)
    store = _store(tmp_path / "q.db", [{"w2": 20_000 + i % 2} for i in range(289)])
    day = rollup.roll(store, KNOWN, date)
    reports.write_balance(tmp_path / "balance.csv", date, day.platforms)
    with (tmp_path / "balance.csv").open(encoding="utf-8-sig") as file:
        lines = {x["bin"]: x for x in csv.DictReader(file)}
    assert len(lines) == 10
    line = lines["fs-01-2"]
    assert (line["opening_kg"], line["closing_kg"], line["flags"]) == ("6.900", "6.901", "")
    assert (line["residual_kg"], line["residual_limit_kg"]) == ("-0.001", "0.100")
    assert lines["fs-01-1"]["flags"] == "coverage"
    row = next(r for r in day.rows if (r.site, r.stream) == ("fs-01", "湿垃圾"))
    assert (row.residual_g, row.limit_g, row.flags) == (-1, 100, ())


def test_bins_of_a_coarse_scale_have_its_limit() -> None:
    coarse = replace(BIN, e_g=500, wheelie=False, tare_g=0)
    b = of(Series(0).step(300_000).rest(900), platform=coarse)
    assert b.limit == 500 + 1_000 + 500 + 1_000


def _two_lifted_at_once() -> list[Reading]:
    """Dry and wet bin of fs-01 go up together and come back, each at its own moment."""
    rows: list[tuple[int, int, int, dict[str, str]]] = [(0, 42_400, 73_100, {})]
    rows += [(i, 42_400 + i // 300 % 3, 73_100 - i // 300 % 2, {}) for i in range(300, 30_001, 300)]
    both = {"w1": "moving", "w2": "moving"}
    rows += [(30_100, 42_400, 73_099, {"w2": "moving"}), (30_102, 42_400, 73_099, both)]
    rows += [(30_108, 42_400, 5, {"w1": "moving"}), (30_110, -4, 5, {})]
    rows += [(30_140, -4, 5, {"w1": "moving"}), (30_150, 12_600, 5, {})]
    rows += [(30_170, 12_600, 5, {"w2": "moving"}), (30_180, 12_600, 13_900, {})]
    for i in range(30_300, 87_001, 300):
        rows.append((i, 12_600 + i // 300 % 3, 13_900 - i // 300 % 2, {}))
    return [
        Reading("aaaaaaaa", i, 0, MIDNIGHT + t, None, {"w1": a, "w2": b}, q)
        for i, (t, a, b, q) in enumerate(rows)
    ]


def test_two_platforms_emptied_in_one_stop(tmp_path: Path) -> None:
    store = Store(tmp_path / "q.db", create=True)
    store.add(Batch([("qy-fs01", "fs-01", r) for r in _two_lifted_at_once()]), MIDNIGHT)
    rows = {r.stream: r for r in rollup.roll_day(store, KNOWN, DATE) if r.site == "fs-01"}
    assert (rows["干垃圾"].collections, rows["干垃圾"].collected_g) == (1, 29_800)
    assert (rows["湿垃圾"].collections, rows["湿垃圾"].collected_g) == (1, 59_199)
    assert rows["湿垃圾"].flags == ()


def test_any_order_and_any_repetition_give_the_same_bytes(tmp_path: Path) -> None:
    made = _two_lifted_at_once()
    draw = random.Random(1)  # noqa: S311
    told = set()
    for n in range(6):
        arriving = list(made)
        if n:
            arriving += draw.choices(made, k=len(made) // 2)
            draw.shuffle(arriving)
        store = Store(tmp_path / f"{n}.db", create=True)
        size = draw.randint(1, len(arriving))
        for i in range(0, len(arriving), size):
            part = [("qy-fs01", "fs-01", r) for r in arriving[i : i + size]]
            store.add(Batch(part), MIDNIGHT + n)
        store.close()
        reports.run_rollup(tmp_path / f"{n}.db", ROOT / "registry", DATE, tmp_path / str(n))
        names = ("daily.csv", "balance.csv", "district.csv")
        told.add(b"".join((tmp_path / str(n) / name).read_bytes() for name in names))
    assert len(told) == 1
    assert b"59.199" in told.pop()


def test_what_happens_at_midnight_belongs_to_the_day_that_begins() -> None:
    s = Series(20_000).step(2_000, after=DAY).rest(3_000).silence(1)
    found = derive(BIN, s.samples)
    assert found.events[0].t == T0 + DAY
    days = [day_balance(BIN, found, T0 + n * DAY, T0 + (n + 1) * DAY) for n in (0, 1)]
    assert [(b.opening, b.deposited, b.closing) for b in days] == [
        (7_000, 0, 7_000),
        (7_000, 2_000, 9_000),
    ]
