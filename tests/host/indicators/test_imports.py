"""Figures that people bring: checked row by row, all or nothing, never overwritten."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import older
import openpyxl
import pytest
from host_job import qingyun
from plan_figures import HEAD, NOW
from sim_board import ROOT

from host.indicators import IndicatorError, catalog, imports
from host.store import VERSION, Store, StoreError
from host.store.figures import history, in_force

GOOD = "facility_dry_t,2024-03,31000.5,t,地磅月报,王五,2024-04-03,"
STAMP = int(NOW.timestamp())


def bring(store: Store, folder: Path, *lines: str, encoding: str = "utf-8") -> imports.Imported:
    file = folder / "f.csv"
    file.write_bytes("\n".join([HEAD, *lines, ""]).encode(encoding))
    return imports.run(store, catalog.load(), file, STAMP)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("site_dry_t,2024,1,t,a,b,2025-01-02,", "figure: expected one that is imported"),
        ("tonnes,2024,1,t,a,b,2025-01-02,", "figure: expected one that is imported"),
        ("facility_dry_t,2024-13,1,t,a,b,2025-01-02,", "period: expected YYYY or YYYY-MM"),
        ("facility_dry_t,2024Q1,1,t,a,b,2025-01-02,", "period: expected YYYY or YYYY-MM"),
        ("facility_dry_t,2024,1,万吨,a,b,2025-01-02,", "unit: expected t, found '万吨'"),
        ("facility_dry_t,2024,-1,t,a,b,2025-01-02,", "value: expected a number of 0 or more in t"),
        ("facility_dry_t,2024,,t,a,b,2025-01-02,", "value: expected a number"),
        ("facility_dry_t,2024,nan,t,a,b,2025-01-02,", "value: expected a number"),
        ("facility_dry_t,2024,Infinity,t,a,b,2025-01-02,", "value: expected a number"),
        ("facility_dry_t,2024,1e12,t,a,b,2025-01-02,", "value: expected a number"),
        ('facility_dry_t,2024,"29800,5",t,a,b,2025-01-02,', "value: expected a number"),
        ("villages_all,2024,84.5,个,a,b,2025-01-02,", "value: expected a whole number"),
        ("facility_dry_t,2024,1,t,,b,2025-01-02,", "source: expected a text"),
        ("facility_dry_t,2024,1,t,a,,2025-01-02,", "entered_by: expected a text"),
        ("facility_dry_t,2024,1,t,a,b,45293,", "entered_on: expected YYYY-MM-DD, found '45293'"),
        ("facility_dry_t,2024,1,t,a,b,2024-12-31,", "entered_on: expected a day after 2024-12-31"),
        ("facility_dry_t,2024,1,t,a,b,2025-03-02,", "and not after 2025-03-01"),
        (
            "facility_dry_t,2024,撤销,t,a,b,2025-01-02,",
            "there is no facility_dry_t 2024 to withdraw",
        ),
        (GOOD, "facility_dry_t 2024-03 stands in"),
        ("facility_dry_t,2024,1,t,a,b", "expected 8 columns, found 6"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_imported(
    store: Store, tmp_path: Path, line: str, said: str
) -> None:
    with pytest.raises(IndicatorError) as error:
        bring(store, tmp_path, GOOD, line)
    assert said in str(error.value)
    assert f"{tmp_path / 'f.csv'}:3" in str(error.value) and "\n" not in str(error.value)
    assert in_force(store, STAMP) == {}


def test_what_is_repaired_is_told(store: Store, tmp_path: Path) -> None:
    line = 'facility_dry_t,２０２４－０３,"３１,０００．５０",t,地磅月报,王五,2024-04-03,'
    done = bring(store, tmp_path, line, encoding="gb18030")
    (entry,) = done.added
    assert (entry.period, entry.value, entry.source) == ("2024-03", "31000.5", "地磅月报")
    assert [t.split(": ", 1)[1] for t in done.notes] == [
        "not UTF-8, read as GB18030",
        "period: '２０２４－０３' read as '2024-03'",
        "value: '３１,０００．５０' read as '31,000.50'",
    ]


def test_neither_encoding(store: Store, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(HEAD.encode() + b"\n\xff\xff\n")
    refused = r"f\.csv:2: expected UTF-8 or GB18030, found byte 0xff; nothing was imported"
    with pytest.raises(IndicatorError, match=refused):
        imports.run(store, catalog.load(), tmp_path / "f.csv", STAMP)


def test_a_later_row_takes_the_place_and_both_stay(store: Store, tmp_path: Path) -> None:
    assert len(bring(store, tmp_path, GOOD).added) == 1
    assert bring(store, tmp_path, GOOD).unchanged == 1
    changed = GOOD.replace("31000.5", "31200").replace("2024-04-03", "2024-05-06")
    with pytest.raises(IndicatorError, match=r"note: expected why .* from 31000.5 to 31200"):
        bring(store, tmp_path, changed)
    done = bring(store, tmp_path, changed + "补录两车")
    assert "31000.5 (王五, 2024-04-03) superseded by 31200: 补录两车" in done.notes[0]
    first, second = history(store, "facility_dry_t", "2024-03")
    assert (first.value, second.value, second.supersedes) == ("31000.5", "31200", first.id)
    assert second.file.startswith("f.csv sha256:") and len(second.file) == 13 + 64
    assert in_force(store, STAMP)["facility_dry_t", "2024-03"] == second


def test_a_figure_far_from_those_before(store: Store, tmp_path: Path) -> None:
    """As one in 人 under 万人."""
    people = "population_wan,{},{},万人,年鉴,王五,2024-02-03,"
    assert bring(store, tmp_path, people.format(2022, "190.1")).notes == []
    done = bring(store, tmp_path, people.format(2023, "1953000"))
    said = (
        f"{tmp_path}/f.csv:2: population_wan 2023: 1953000 beside 190.1 of 2022: look at the unit"
    )
    assert done.notes == [said] and len(done.added) == 1
    month = "facility_dry_t,{},{},t,地磅月报,王五,2024-04-03,"  # no unit does that
    bring(store, tmp_path, month.format("2024-01", "31000"), month.format("2023", "400000"))
    assert bring(store, tmp_path, month.format("2024-02", "0")).notes == []


def test_a_value_merged_over_rows_is_no_value_of_each(store: Store, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEAD.split(","))
    for period in ("2024-01", "2024-02"):
        row = ["facility_dry_t", period, 31000, "t", "地磅月报", "王五", "2024-04-03", None]
        book.active.append(row)
    book.active.merge_cells("C2:C3")
    book.save(tmp_path / "f.xlsx")
    with pytest.raises(IndicatorError, match="value: expected a number for each row"):
        imports.run(store, catalog.load(), tmp_path / "f.xlsx", STAMP)


def test_a_workbook_of_figures(store: Store, tmp_path: Path) -> None:
    """A spreadsheet makes dates of 2024-03 and 2024-04-03, and 31000.1 of a sum has 17 digits."""
    book = openpyxl.Workbook()
    book.active.append(HEAD.split(","))
    period, said = dt.datetime(2024, 3, 1), dt.datetime(2024, 4, 3)
    book.active.append(
        ["facility_dry_t", period, 31000.100000000002, "t", "地磅月报", "王五", said, None]
    )
    book.save(tmp_path / "f.xlsx")
    done = imports.run(store, catalog.load(), tmp_path / "f.xlsx", STAMP)
    (entry,) = done.added
    assert (entry.period, entry.value, entry.entered_on) == ("2024-03", "31000.1", "2024-04-03")
    assert any("period:" in line and "read as 2024-03" in line for line in done.notes)


def test_a_check_and_taking_back(store: Store, tmp_path: Path) -> None:
    """What a file superseded is in force again, what it brought anew is withdrawn."""
    first = bring(store, tmp_path, GOOD)
    file = tmp_path / "f.csv"
    changed = GOOD.replace("31000.5", "31200") + "补录"
    more = GOOD.replace("dry", "wet")
    file.write_text("\n".join([HEAD, changed, more, "x,2024,1,t,a,b,2025-01-02,"]), "utf-8")
    looked = imports.run(store, catalog.load(), file, STAMP, check=True)
    assert (len(looked.added), len(looked.refused)) == (2, 1)
    assert in_force(store, STAMP)["facility_dry_t", "2024-03"].value == "31000.5"
    second = bring(store, tmp_path, changed, more)
    with pytest.raises(IndicatorError, match="expected the first digits of the SHA-256"):
        imports.take_back(store, "0" * 12, by="王五", reason="错", now=STAMP)
    gone = imports.take_back(store, second.digest[:12], by="王五", reason="错了一月", now=STAMP)
    assert len(gone) == 2 and first.digest != second.digest
    held = in_force(store, STAMP)
    dry, wet = held["facility_dry_t", "2024-03"], held["facility_wet_t", "2024-03"]
    assert (dry.value, dry.note, dry.entered_by) == ("31000.5", "错了一月", "王五")
    assert wet.value is None
    assert len(history(store, "facility_dry_t", "2024-03")) == 3


def test_no_row_can_be_changed_or_removed(store: Store, tmp_path: Path) -> None:
    bring(store, tmp_path, GOOD)
    for sql in ("UPDATE figure SET value='1'", "DELETE FROM figure"):
        with pytest.raises(Exception, match="only ever added"):
            store.database.query(sql)
    (entry,) = history(store, "facility_dry_t", "2024-03")
    assert entry.value == "31000.5"


def test_a_database_of_before_gets_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that has the first step of the schema only."""
    path = older.database(tmp_path / "old.db", monkeypatch)
    store = Store(path)
    assert len(bring(store, tmp_path, GOOD).added) == 1
    store.database.many("UPDATE schema_version SET version=?", [(VERSION + 1,)])
    store.close()
    with pytest.raises(StoreError, match=f"expected schema {VERSION}, found {VERSION + 1}"):
        Store(path)


def test_commands(tmp_path: Path) -> None:
    file, db = tmp_path / "f.csv", tmp_path / "q.db"
    file.write_text(f"{HEAD}\n{GOOD}\n", encoding="utf-8")
    done = qingyun("import-figures", "--db", db, file)
    assert done.stdout.startswith(f"{file}: 1 figures added to {db}, 0 there already\n")
    said = qingyun("import-figures", "--db", db, "--show", "facility_dry_t", "2024-03").stdout
    assert "31000.5 t  地磅月报  王五  2024-04-03" in said
    listed = qingyun("import-figures", "--list").stdout
    assert "hw_generated_t" in listed and "site_dry_t" not in listed
    file.write_text(f"{HEAD}\n{GOOD.replace('31000.5', '-4')}\n", encoding="utf-8")
    bad = qingyun("import-figures", "--db", db, file)
    assert bad.returncode == 2
    assert bad.stderr.count("\n") == 1 and f"{file}:2: value: expected" in bad.stderr
    assert qingyun("import-figures", "--db", db).returncode == 2


def test_the_example_of_the_page_can_be_imported(store: Store, tmp_path: Path) -> None:
    page = (ROOT / "docs/indicators.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```\n(figure,period.*?)```", page, re.DOTALL)
    (tmp_path / "f.csv").write_text(example, encoding="utf-8")
    later = int(dt.datetime(2026, 3, 1, tzinfo=dt.UTC).timestamp())
    done = imports.run(store, catalog.load(), tmp_path / "f.csv", later)
    assert len(done.added) == 3 and done.notes == []
