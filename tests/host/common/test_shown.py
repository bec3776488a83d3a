"""Texts of boards and files are shown as text: in lines, tables, logs, the audit trail, CSV."""

from __future__ import annotations

import csv
import io
import json
import logging
import sys
import unicodedata

import msgspec
import pytest
from alarm_rows import BODY
from hypothesis import given
from hypothesis import strategies as st
from sim_board import ROOT

from host import cli
from host.alarms import alarm_log
from host.common import terminal
from host.common.shown import CsvWriter, as_text, cell, lines, shown
from host.serve import accounts
from host.service import logs
from host.store import Batch, Refused, Store

EVIL = "a\x1b[2J\x1b]0;x\x07\n2026-01-01 00:00:00  admin  sign in  done\r\u202ereversed\x9b31m"
MARKUP = "[red]x[/nope] :bomb: [link=http://x]"


@given(st.text())
def test_nothing_leaves_a_line(text: str) -> None:
    made = shown(text)
    assert len(made.splitlines()) <= 1
    assert all(c.isprintable() or unicodedata.category(c) in ("Zs", "Cf", "Co", "Cn") for c in made)
    assert not set(made) & set("\x1b\x9b\r\n\u202e\u2066")
    assert shown(made) == made
    made.encode()


def test_ordinary_texts_stay() -> None:
    for text in ("干垃圾　1.5 kg\u00a0≥ 2", "[a] 'b' \\c é 👍"):
        assert shown(text) == lines(text) == text
    assert lines("a\tb\nc") == "a\tb\nc"
    assert json.loads(f'"{lines(EVIL.replace(chr(10), ""))}"')  # JSON stays JSON


def test_a_table_has_no_markup_and_no_escapes() -> None:
    out = io.StringIO()
    table = terminal.table(MARKUP)
    terminal.columns(table, ("name",), wrap=True)
    table.add_row(EVIL)
    table.add_row(MARKUP)
    console = terminal.plain(out)
    console.print(table)
    console.print(EVIL + MARKUP)
    assert out.getvalue().count(MARKUP) == 3
    assert not set(out.getvalue()) & set("\x1b\x9b\x07\r\u202e")


def test_what_is_printed_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    with as_text(), as_text():
        print(EVIL)
        print(EVIL, file=sys.stderr)
        sys.stdout.writelines([EVIL])
    said = capsys.readouterr()
    for text in said:
        assert "\\u001b[2J" in text and not set(text) & set("\x1b\x9b\x07\r\u202e")
    print("\x1b")
    assert capsys.readouterr().out == "\x1b\n"  # over again


@pytest.mark.parametrize("form", [logs.Plain(), logs.Json()])
def test_a_log_line_is_one(form: logging.Formatter) -> None:
    record = logging.LogRecord("x", logging.ERROR, "f", 1, "board: %s", (EVIL,), None)
    made = form.format(record)
    assert len(made.splitlines()) == 1
    assert not set(made) & set("\x1b\x9b\u202e")


def test_a_board_forges_no_line_of_audit_or_quarantine(
    tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    db = f"{tmp_path}/q.db"
    store = Store(db, create=True)
    accounts.note(store, "li", "::1", "command", "qy read", outcome="failed", detail=EVIL)
    store.database.many(  # as an earlier version wrote it
        "INSERT INTO audit (at, who, address, action, object, outcome, detail) "
        "VALUES (1,'li','::1','command','qy log','failed',?)",
        [(EVIL,)],
    )
    store.add(Batch(refused=[Refused(f"qingyun/1/{EVIL}", b"x", EVIL)]), 5)
    store.close()
    assert cli.main(["user", "audit", "--db", db]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert cli.main(["quarantine", "--db", db]) == 1
    said = capsys.readouterr().out
    assert len(said.splitlines()) == 1 and not set(said) & set("\x1b\x9b\x07\r\u202e")


def test_a_note_of_a_person_is_one_line_of_a_letter() -> None:
    body = msgspec.structs.replace(BODY, by="li", note=EVIL)
    assert (
        len(alarm_log.line(alarm_log.Row(1, 1, alarm_log.ACKNOWLEDGED, 5, body)).splitlines()) == 1
    )


def test_a_cell_is_no_formula() -> None:
    formulas = ["=1+1", "+1+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "-x"]
    plain = ["-0.425", "+3", "-1,234.5", "-", "—", "12 %", "-3 %", "a=b", "", 1.5, None]
    assert [cell(x) for x in formulas] == [f"'{x}" for x in formulas]
    assert [cell(x) for x in plain] == plain
    out = io.StringIO()
    CsvWriter(out).writerows([formulas, plain, ["a\r=1", "b"]])
    first, _, last = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert first == [f"'{x}" for x in formulas]
    assert last == ["a\\u000d=1", "b"]


def test_every_csv_for_people_is_guarded() -> None:
    """csv.writer itself only where a file is read by programs alone: the registry, kept to the
    byte."""
    found = {
        str(path.relative_to(ROOT / "host"))
        for path in (ROOT / "host").rglob("*.py")
        if "csv.writer(" in path.read_text()
    }
    assert found == {"common/shown.py", "provision/merge.py"}
