"""Batch codes by prefixes that are data, and columns that came later: old ledgers stay whole."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from drums import DrumBoard
from host_job import qingyun
from sim_board import ROOT

from host.hazard import batch_codes, hj1259, ledger, manual_entries, register
from host.hazard.batch_codes import Batches
from host.hazard.entry import MISSING, OUTSIDE, OWN, PRODUCED, STORED, TABLES, TAKEN
from host.hazard.manual_entries import Draft
from host.hazard.update import bring_up_to_date
from host.registry import RegistryError
from host.store import Store
from host.store import hazard as sql

HOUR, DAY = 3600, 86_400
T0 = 1_772_467_200  # 2026-03-03 00:00 in Shanghai
REGISTRY = ("--registry", ROOT / "registry")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "registry"
    shutil.copytree(ROOT / "registry", copy)
    return copy


def used(batch: str = "", table: str = OUTSIDE, t: int = T0 + HOUR) -> Draft:
    """An entry of a person."""
    return Draft(table, t, 1000, institution="xq-jm", code="900-214-08", batch=batch)


def test_each_table_has_its_prefix(store: Store) -> None:
    known = register.load(ROOT / "registry")
    added = manual_entries.add(store, known, [used(table=OWN), used()], "王五", T0 + DAY)
    assert sorted(e.batch for e in added) == ["HWWWCZ20260303001", "HWZXCZ20260303001"]
    prefixes = [known.prefixes[t] for t in (PRODUCED, STORED, TAKEN, OWN, OUTSIDE)]
    assert prefixes == ["HWCS", "HWRK", "HWCK", "HWZXCZ", "HWWWCZ"]


def test_codes_of_before_keep_counting(store: Store) -> None:
    """HWWW of before the prefix changed: the day's serial goes on; a code without a serial, or
    with a longer one, is in nobody's way."""
    known = register.load(ROOT / "registry")
    old = [used("HWWW20260303001"), used("HWWW20260303002"), used("甲-7"), used("202603030009")]
    manual_entries.add(store, known, old, "王五", T0 + DAY)
    added = manual_entries.add(
        store, known, [used(), used(), used(t=T0 + DAY)], "王五", T0 + 2 * DAY
    )
    assert [e.batch for e in added] == [
        *("HWWWCZ20260303010", "HWWWCZ20260303011", "HWWWCZ20260304001"),
    ]
    assert ledger.verify(store) == []


def test_an_office_changes_a_prefix(store: Store, folder: Path) -> None:
    """Also to the one that another table had: no code is given twice."""
    board = DrumBoard("qy-hw01", "hw-01", T0, {"w1": 0, "w2": 0, "c1": 1500, "d1": 0})
    board._say()
    board.step(T0 + 9 * HOUR, "w1", 20_000).until(T0 + 10 * HOUR).store(store)
    first, _ = bring_up_to_date(store, register.load(folder), board.t)
    assert [e.batch for e in first.added] == ["HWRK20260303001"]
    (folder / "batch_prefixes.csv").write_text("table,prefix\n入库,RUKU\n出库,HWRK\n")
    board.step(T0 + 11 * HOUR, "w1", 20_000).step(T0 + 13 * HOUR, "w1", -35_000)
    board.until(T0 + 15 * HOUR).store(store)
    more, _ = bring_up_to_date(store, register.load(folder), board.t)
    assert [e.batch for e in more.added] == ["RUKU20260303002", "HWRK20260303002"]
    assert more.added[1].upstream == ["HWRK20260303001", "RUKU20260303002"]


def test_entries_of_a_person_get_the_prefix_of_the_office(store: Store, folder: Path) -> None:
    (folder / "batch_prefixes.csv").write_text("table,prefix\n委外利用/处置,WW\n")
    added = manual_entries.add(store, register.load(folder), [used()], "王五", T0 + DAY)
    assert [e.batch for e in added] == ["WW20260303001"]


def test_two_hundred_codes_of_mixed_prefixes_are_each_once() -> None:
    batches = Batches(batch_codes.prefixes() | {STORED: "A", TAKEN: "HWRK"})
    seen = [batches.next("u", table, T0 + n % 3 * DAY) for n in range(100) for table in TABLES]
    assert len(set(seen)) == len(seen) == 500


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("入库,HW1", "batch_prefixes.csv:2: prefix: expected 1 to 12 letters A to Z, found 'HW1'"),
        ("入库,HWCK", "batch_prefixes.csv:2: prefix: expected another one than of the other"),
        ("进库,HW", "batch_prefixes.csv:2: table: expected one of 产生"),
    ],
)
def test_a_wrong_prefix_is_one_line(folder: Path, row: str, said: str) -> None:
    (folder / "batch_prefixes.csv").write_text(f"table,prefix\n{row}\n")
    with pytest.raises(RegistryError) as caught:
        register.load(folder)
    assert said in str(caught.value)


LATER = ("接收单位类型", "豁免管理单位", "境外单位", "出口核准通知单编号")


def test_an_entry_of_before_the_columns_is_read_verified_and_exported(
    tmp_path: Path,
) -> None:
    """As a version before wrote it: its row stays as it is; only the type of the receiver is
    to be filled in, the others do not concern every entry."""
    path = tmp_path / "q.db"
    store = Store(path, create=True)
    body = (
        '{"id":{id},"batch":"HWWW20260303001","by":"王五","code":"900-214-08","container":"",'
        '"edition":"2021","grams":1000,"institution":"xq-jm","origin":{"委外利用/处置量":"人工",'
        '"委外利用/处置批次编码":"人工","接收单位名称":"人工"},"reason":"","recorded":1772560000,'
        '"reverses":0,"said":{"委外利用/处置批次编码":"HWWW20260303001","委外利用/处置量":"1.000",'
        '"接收单位名称":"某公司"},"store":"","t":1772470800,"table":"委外利用/处置","upstream":[],'
        '"weighed":null}'
    )
    sql.append(store, [body], 0)
    (old,) = ledger.read(store)
    assert old.batch == "HWWW20260303001" and old.value("接收单位类型") == ("", MISSING)
    missing = hj1259.missing(old)
    assert [c for c in LATER if c in missing] == ["接收单位类型"]
    said = {"接收单位类型": "豁免管理单位", "豁免管理单位": "某站", "出口核准通知单编号": "1"}
    known = register.load(ROOT / "registry")
    manual_entries.add(store, known, [with_columns(said)], "王五", T0 + DAY)
    assert ledger.verify(store) == []
    store.close()
    out = tmp_path / "csv"
    out.mkdir()
    done = qingyun("ledger", "export", "--db", path, *REGISTRY, "--month", "2026-03", "--out", out)
    assert done.returncode == 0, done.stderr
    with (out / "委外利用或处置.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[-10:-2] == [x for c in LATER for x in (c, f"{c}来源")]
    assert rows[0]["接收单位名称"] == "某公司" and rows[0]["豁免管理单位"] == ""
    assert [r["豁免管理单位"] for r in rows] == ["", "某站"]
    cells = hj1259.table(OUTSIDE, [old], "", "").rows[0]
    assert list(cells[-6:-2]) == [MISSING, None, None, None]


def with_columns(columns: dict[str, str]) -> Draft:
    draft = used()
    return Draft(draft.table, draft.t, draft.grams, institution=draft.institution,
                 code=draft.code, columns=columns)  # fmt: skip
