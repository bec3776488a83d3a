"""Tables as weighbridge software and spreadsheets leave them: what would be wrong is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from sim_board import ROOT

from host.hazard import HazardError, papers, register, transfers
from host.reconcile import lifts
from host.store import Store

KNOWN = register.load(ROOT / "registry")
NOW = 1_775_000_000  # 2026-04-01
HEAD = "磅单号,处置设施,进厂时间,品类,车牌号,毛重,皮重,净重,单位"
ROW = "B1,天马,2026-03-04 10:00,湿垃圾,沪A12345,9500,5000,4500,kg"


def brings(store: Store, folder: Path, *rows: str, head: str = HEAD) -> list[str]:
    """The notes of an import, without the name of the file."""
    file = folder / "a.csv"
    file.write_text("\n".join([head, *rows]) + "\n")
    done = transfers.run(store, KNOWN, file, "ticket", by="李", now=NOW)
    return [note.removeprefix(f"{file}:") for note in done.notes]


def test_a_number_that_a_spreadsheet_has_cut(store: Store, tmp_path: Path) -> None:
    """Each ticket of a month would have one number, and come again under its own."""
    with pytest.raises(HazardError, match=r"a\.csv:2: 磅单号: expected all digits, kept as text"):
        brings(store, tmp_path, ROW.replace("B1", "2.02603E+11"))
    assert brings(store, tmp_path, ROW.replace("B1", "B1E5"), ROW.replace("B1", "1E5")) != []
    file = tmp_path / "b.csv"
    head = "车牌号,称重时间,净重,单位,序号"
    file.write_text(f"{head}\n沪A12345,2026-03-02 10:03:20,41.5,kg,1.2E+05\n")
    with pytest.raises(HazardError, match=r"b\.csv:2: 序号: expected all digits"):
        lifts.run(store, KNOWN.known, {}, file, by="李", now=NOW)


@pytest.mark.parametrize(
    ("said", "note"),
    [("4500", ""), ("4600", "2: 净重: all rows below add up to 4500, it says 4600")],
)
def test_a_sum_above_its_rows(store: Store, tmp_path: Path, said: str, note: str) -> None:
    told = brings(store, tmp_path, f"合计,,,,,,,{said},kg", ROW)
    assert told == ["2: a sum of other rows: left out", *([note] if note else [])]


def test_columns_that_nobody_reads_are_named(store: Store, tmp_path: Path) -> None:
    """Also where one of them has the plate, under another name; two of a name are no matter."""
    head = HEAD.replace("车牌号", "车号") + ",扣重,备注,备注"
    told = brings(store, tmp_path, f"{ROW},300,,", head=head)
    assert told == ["1: columns that are not read: 车号 扣重 备注 备注"]
    with pytest.raises(HazardError, match="expected each column once, found '净重'"):
        brings(store, tmp_path, f"{ROW},4500", head=f"{HEAD},净重")


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("9500,5000,4500", "9.5,5,4.5", "毛重: 9.5 kg is less than a vehicle weighs"),
        (" 10:00", "", "进厂时间: a day without a time"),
        ("湿垃圾", "湿垃圾\u200b", r"品类: '湿垃圾\u200b' read as '湿垃圾'"),
        ("B1", "\ufeffB1", r"磅单号: '\ufeffB1' read as 'B1'"),
    ],
)
def test_what_is_odd_is_told(store: Store, tmp_path: Path, old: str, new: str, note: str) -> None:
    (told,) = brings(store, tmp_path, ROW.replace(old, new))
    assert told.startswith(f"2: {note}")
    assert papers.tickets(store)[0].number == "天马/B1"


def test_lifts_in_tonnes_under_kilograms(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    rows = "".join(f"沪A12345,2026-03-02 10:0{n}:00,0.04{n},kg\n" for n in range(3))
    file.write_text(f"车牌号,称重时间,净重,单位\n{rows}")
    done = lifts.run(store, KNOWN.known, {}, file, by="李", now=NOW)
    assert f"{file}: no weighing reaches 1 kg: look at the unit" in done.notes
