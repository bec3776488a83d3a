"""The day: its boundaries, its rows, its files."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path

import pytest
from host_job import qingyun
from hypothesis import given
from hypothesis import strategies as st
from sim_board import ROOT

from host import registry, reports, rollup
from host.readings.messages import Reading
from host.reports import publish
from host.store import Batch, Store

DAY = dt.date(2026, 3, 3)
KNOWN = registry.load(ROOT / "registry")
MIDNIGHT = int(dt.datetime(2026, 3, 2, 16, tzinfo=dt.UTC).timestamp())  # 00:00 in Shanghai


def put(store: Store, series: list[tuple[int, float, str | None]], channel: str = "w2") -> None:
    """Store (seconds after midnight, kg, q) as readings of the wet bin of fs-01."""
    readings = []
    for seq, (s, kg, q) in enumerate(series):
        marks = {channel: q} if q else {}
        values = {channel: round(kg * 1000)}
        readings.append(Reading("aaaaaaaa", seq, 0, MIDNIGHT + s, None, values, marks))
    store.add(Batch(readings=[("qy-fs01", "fs-01", r) for r in readings]), MIDNIGHT)


def wet(store: Store, date: dt.date) -> rollup.DailyRow:
    rows = rollup.roll_day(store, KNOWN, date)
    return next(r for r in rows if (r.site, r.stream) == ("fs-01", "湿垃圾"))


def test_bounds_are_those_of_shanghai() -> None:
    assert rollup.day_bounds(DAY) == (MIDNIGHT, MIDNIGHT + 86_400)
    leap = rollup.day_bounds(dt.date(2028, 2, 29))
    assert leap[1] == rollup.day_bounds(dt.date(2028, 3, 1))[0]


@pytest.mark.parametrize(("second", "days"), [(86_399, (1, 0)), (86_400, (0, 1)), (1, (1, 0))])
def test_a_collection_belongs_to_the_day_of_the_lift(
    store: Store, second: int, days: tuple[int, int]
) -> None:
    lift = [(second, 60.0, "moving"), (second + 8, 0.0, None)]
    back = [(second + 40, 0.0, "moving"), (second + 55, 13.2, None), (second + 300, 13.2, None)]
    put(store, [(second - 200, 60.0, None), *lift, *back])
    today, tomorrow = wet(store, DAY), wet(store, DAY + dt.timedelta(1))
    assert (today.collections, tomorrow.collections) == days
    assert today.collected_g + tomorrow.collected_g == 46_800


def test_coverage_counts_the_seconds_of_the_day_only(store: Store) -> None:
    put(store, [(s, 20.0, None) for s in range(-3000, 43_201, 300)])
    assert wet(store, DAY).covered_s == 43_200
    assert wet(store, DAY).coverage == 0.5
    assert wet(store, DAY - dt.timedelta(1)).covered_s == 3_000


def test_every_registered_stream_has_its_row_even_unmeasured(store: Store) -> None:
    rows = rollup.roll_day(store, KNOWN, DAY)
    assert len(rows) == 9
    assert all(r.coverage == 0 and r.collected_g == 0 for r in rows)


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 100)), max_size=20))
def test_covered_seconds_never_exceed_the_day(steps: list[tuple[int, int]]) -> None:
    intervals, t = [], 0
    for gap, length in steps:
        intervals.append((t + gap, t + gap + length))
        t += gap + length
    assert rollup.covered_seconds(intervals, 0, 1 << 40) == sum(n for _, n in steps)
    assert 0 <= rollup.covered_seconds(intervals, 500, 900) <= 400


def _row(site: str, stream: str, collected_g: int) -> rollup.DailyRow:
    town = KNOWN.sites[site].town
    return rollup.DailyRow(DAY, site, town, stream, 1, 0, collected_g, 0, 0, 1, 43_200)


def test_district_adds_dry_and_wet_and_nothing_else(tmp_path: Path) -> None:
    rows = [
        _row("fs-01", "干垃圾", 20_001),
        _row("fs-01", "湿垃圾", 80_002),
        _row("fs-01", "可回收物", 5_000),
        _row("jt-01", "湿垃圾", 70_000),
        _row("jt-01", "有害垃圾", 700),
        _row("hw-01", "危险废物", 500_000),
    ]
    reports.write_district(tmp_path / "district.csv", reports.district_lines(DAY, rows))
    with (tmp_path / "district.csv").open(encoding="utf-8-sig") as file:
        lines = list(csv.DictReader(file))
    value = {(x["scope"], x["item"], x["unit"]): x["value"] for x in lines}
    # 20.001 + 80.002 + 70.000 kg = 170.003 kg = 0.170003 t = 0.0000170003 万吨
    assert value["松江区", "清运量（投放点实测）", "t"] == "0.170003"
    assert value["松江区", "清运量（投放点实测）", "万吨"] == "0.0000170003"
    assert value["方松街道", "清运量（投放点实测）", "t"] == "0.100003"
    assert value["松江区", "可回收物", "t"] == "0.005000"
    assert value["松江区", "有害垃圾", "t"] == "0.000700"
    assert value["松江区", "危险废物出库", "t"] == "0.500000"
    # 63.04 万吨 / 366 d = 630,400 t / 366 = 1,722.404… t
    assert value["松江区", "2020年日均基线", "t"] == "1722.4"
    assert {x["coverage"] for x in lines if x["item"].startswith("清运量")} == {"0.500000"}
    assert lines[-1]["item"] == "管理数据，非贸易结算用"


def test_daily_file(tmp_path: Path) -> None:
    reports.write_daily(tmp_path / "daily.csv", [_row("fs-01", "湿垃圾", 80_002)])
    header, line = (tmp_path / "daily.csv").read_text(encoding="utf-8-sig").splitlines()
    assert header.startswith("date,site,town,stream,deposited_kg,collected_kg,collections,coverage")
    begin = "2026-03-03,fs-01,方松街道,湿垃圾,0.000,80.002,1,0.500000,0.000,0.000"
    assert line == begin + ",,0.000,0.000,,—,—,—,0.000"


def test_daily_topic() -> None:
    topics = publish.daily_messages([_row("fs-01", "湿垃圾", 80_002), _row("fs-01", "干垃圾", 1)])
    assert list(topics) == ["qingyun/1/fs-01/daily"]
    body = json.loads(json.dumps(topics["qingyun/1/fs-01/daily"]))
    assert body["streams"]["湿垃圾"]["collected_kg"] == 80.002
    assert body["streams"]["干垃圾"]["collected_kg"] == 0.001


def _unseen(site: str, stream: str) -> rollup.DailyRow:
    return rollup.DailyRow(DAY, site, "方松街道", stream, 1)


def test_what_nobody_measured_is_missing_everywhere(tmp_path: Path) -> None:
    """In files, table and topic; what was measured and is nothing stays 0."""
    nothing = rollup.DailyRow(DAY, "fs-01", "方松街道", "干垃圾", 1, covered_s=86_400)
    rows = [nothing, _unseen("fs-01", "湿垃圾"), _unseen("fs-01", "可回收物")]
    reports.write_daily(tmp_path / "daily.csv", rows)
    with (tmp_path / "daily.csv").open(encoding="utf-8-sig") as file:
        measured, missing, _ = csv.DictReader(file)
    figures = [n for n in measured if n.endswith("_kg") and "estimated" not in n]
    figures.append("collections")
    assert {measured[n] for n in figures} == {"0.000", "0"}
    assert {missing[n] for n in figures} == {"—"}
    assert (measured["coverage"], missing["coverage"]) == ("1.000000", "0.000000")
    value = {x[2]: x[3:6] for x in reports.district_lines(DAY, rows) if x[1] == "松江区"}
    assert value["可回收物"] == ("—", "t", "0.000000")
    # The sum of what is there, with its coverage.
    assert value["清运量（投放点实测）"] == ("0.0000000000", "万吨", "0.500000")
    body = publish.daily_messages(rows)["qingyun/1/fs-01/daily"]["streams"]
    assert body["干垃圾"] == {
        "deposited_kg": 0, "collected_kg": 0, "collections": 0, "coverage": 1,
    }  # fmt: skip
    assert body["湿垃圾"] == {
        "deposited_kg": None, "collected_kg": None, "collections": None, "coverage": 0,
    }  # fmt: skip
    assert json.loads(json.dumps(body)) == body


def test_what_was_seen_across_a_gap_is_not_lost() -> None:
    """A collection of a day of which no second was measured."""
    row = _unseen("fs-01", "湿垃圾")
    row.collected_g, row.collections = 30_000, 1
    first = reports.district_lines(DAY, [row])[0]
    assert first[1:6] == ("松江区", reports.LABEL, "0.030000", "t", "0.000000")
    body = publish.daily_messages([row])["qingyun/1/fs-01/daily"]["streams"]["湿垃圾"]
    assert (body["collected_kg"], body["deposited_kg"]) == (30, None)


def test_a_day_without_readings_in_the_terminal(tmp_path: Path) -> None:
    Store(tmp_path / "q.db", create=True).close()
    done = qingyun(
        *("rollup", "--db", tmp_path / "q.db", "--registry", ROOT / "registry"),
        *("--date", "2026-03-03", "--out", tmp_path),
    )
    assert done.returncode == 0, done.stderr
    assert "0.000" not in done.stdout and done.stdout.count("—") > 9 * 4
    balance = (tmp_path / "balance.csv").read_text(encoding="utf-8-sig")
    assert "0.000," not in balance and "—,—,—" in balance
