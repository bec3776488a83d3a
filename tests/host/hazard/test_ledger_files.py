"""Entries of a file: checked first, added whole, taken back whole."""

from __future__ import annotations

from pathlib import Path

import pytest
import tables_made
from host_job import qingyun
from sim_board import ROOT

from host.hazard import HazardError, ledger, manual_entries, register
from host.store import Store

KNOWN = register.load(ROOT / "registry")
REGISTRY = ("--registry", ROOT / "registry")
NOW = 1_775_000_000  # 2026-04-01
HEAD = ["table", "time", "kg", "container", "institution", "code", "去向"]
ROWS: list[list[object]] = [
    ["产生", "2026-03-03 09:00", 12.29, "xq-oil-01", None, None, "贮存"],
    ["产生", "2026-03-03 10:00", "1,005.5", None, "xq-jm", "900-999-08", None],
]


def test_a_check_then_the_file(store: Store, tmp_path: Path) -> None:
    path = tables_made.workbook(tmp_path / "l.xlsx", [HEAD, *ROWS])
    looked = manual_entries.from_file(store, KNOWN, path, "王五", NOW, check=True)
    assert [e.grams for e in looked.entries] == [12_290, 1_005_500]
    assert looked.refused == [] and ledger.read(store) == []
    assert looked.notes == [
        f"{path}:3: kg: '1,005.5' read as 1005.5",
        "l.xlsx:3: code: 900-999-08 is not in the catalogue: not classified (未归类) until it is",
    ]
    done = manual_entries.from_file(store, KNOWN, path, "王五", NOW)
    assert [e.file for e in done.entries] == [f"l.xlsx:{n} sha256:{done.digest}" for n in (2, 3)]


def test_every_mistake_is_named_and_nothing_added(store: Store, tmp_path: Path) -> None:
    wrong: list[list[object]] = [
        ["产生", "2026-03-03 09:00", "12,3", "xq-oil-01", None, None, None],
        ["产", "2026-03-03 09:00", 1, "xq-oil-01", None, None, None],
        ["产生", "2026-03-03 09:00", 1, "no-such", None, None, None],
        ["产生", "2026-03-03 09:00", 1.0001, "xq-oil-01", None, None, None],
        ["产生", "2026-03-03 09:00", 1, None, "xq-jm", "900-99-08", None],
    ]
    path = tables_made.workbook(tmp_path / "l.xlsx", [HEAD, *ROWS, *wrong])
    looked = manual_entries.from_file(store, KNOWN, path, "王五", NOW, check=True)
    assert {line.partition(": expected")[0] for line in looked.refused} == {
        *(f"{path}:4: kg", f"{path}:5: table", f"{path}:6: container"),
        *(f"{path}:7: kg", f"{path}:8: code"),
    }
    with pytest.raises(HazardError, match=r"and 4 more \(--check lists them\); nothing was added"):
        manual_entries.from_file(store, KNOWN, path, "王五", NOW)
    assert ledger.read(store) == []


def test_a_file_is_taken_back_whole(tmp_path: Path) -> None:
    path, db = tables_made.workbook(tmp_path / "l.xlsx", [HEAD, *ROWS]), tmp_path / "q.db"
    by = ("--db", db, "--by", "王五")
    added = qingyun("ledger", "add", *by, *REGISTRY, "--file", path)
    assert added.returncode == 0, added.stderr
    digest = added.stdout.rpartition("--file ")[2].strip()
    one = qingyun("ledger", "reverse", *by, "1", "--reason", "单独")
    assert one.returncode == 0, one.stderr
    for wrong, code in (("0" * 12, 2), (digest[:7], 2), (digest, 0), (digest, 2)):
        done = qingyun("ledger", "reverse", *by, "--file", wrong, "--reason", "导错了")
        assert done.returncode == code, (wrong, done.stderr)
    store = Store(db)
    entries = ledger.read(store)
    store.close()
    # Each of the two once: the one that was reversed before is not reversed again.
    assert ledger.live(entries) == [] and [e.reverses for e in entries] == [0, 0, 1, 2]
    assert entries[3].reason == "导错了"
    both = qingyun("ledger", "reverse", *by, "1", "--file", digest, "--reason", "x")
    assert both.returncode == 2 and "expected nothing beside it" in both.stderr
