"""Ledger, alarms and transfers against what was anchored outside of the database."""

from __future__ import annotations

import datetime as dt
import random
import sqlite3
from pathlib import Path

import msgspec
import pytest
from alarm_rows import BODY
from broker import Broker, free_port
from host_job import qingyun
from older import database as older
from receivers import Box, smtp
from sqlite_of import sqlite_of
from tampering import WAYS, made_anew, rows_of, tamper, unlock

from host.hazard import anchors, hj1259
from host.hazard.entry import STORED, Entry, body
from host.office.page import page
from host.service import anchors as places
from host.service import backup
from host.store import STEPS, Store, chains
from host.store import hazard as rows

SEEDS = 200


def entry(grams: int) -> str:
    """The body of a row of the ledger."""
    made = Entry(
        table=STORED, batch="HWRK20260303001", t=1_790_000_000, recorded=1_790_000_000, by="系统",
        institution="xq-jm", store="hw-01-a", container="xq-oil-01", edition="2021",
        code="900-214-08", grams=grams, values={}, origin={},
    )  # fmt: skip
    return body(made)


def grow(store: Store, n: int) -> None:
    """n more rows of each chain, each another."""
    at = chains.last(store.database, chains.ALARM)[0]
    rows.append(store, [entry(at + i) for i in range(n)])
    told_body = msgspec.json.encode(BODY).decode()
    raised = [(None, "raised", 1_790_000_000 + at + i, told_body) for i in range(n)]
    rows.add_alarms(store, raised)
    told = [("manifest", f"{20260000000000 + at + i}", f'{{"n":{at + i}}}') for i in range(n)]
    rows.add_transfers(store, told, rows.transfer_count(store))


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A store of 30 rows a chain."""
    path = tmp_path / "q.db"
    store = Store(path, create=True)
    grow(store, 30)
    store.close()
    return path


def test_200_of_200_tamperings_are_found(db: Path, tmp_path: Path) -> None:
    """What was anchored is in backups; the database's own heads are made anew."""
    target, store = tmp_path / "backups", Store(db)
    for n in range(3):
        grow(store, 10)
        backup.make(db, None, target, dt.datetime(2026, 1, 1 + n, tzinfo=dt.UTC))
    known = places.in_files(target)
    assert [[count for count, _ in a.stood] for _, a in known] == [[40] * 3, [50] * 3, [60] * 3]
    assert anchors.verify(store, known) == []
    victim, found, alone, kinds = sqlite_of(store), 0, 0, set()
    for seed in range(SEEDS):
        luck = random.Random(seed)  # noqa: S311
        chain, how = luck.choice(chains.CHAINS), luck.choice(WAYS)
        kinds.add((chain, how))
        victim.execute("BEGIN")
        tamper(victim, chain, how, luck)
        told = anchors.verify(store, known)
        found += any(chain == "ledger" or anchors.NAMES[chain] in line for line in told)
        alone += bool(anchors.verify(store))
        victim.execute("ROLLBACK")
    assert anchors.verify(store, known) == []
    store.close()
    assert found == SEEDS
    assert alone < SEEDS / 3  # without anchors a chain made anew is whole
    assert len(kinds) == len(chains.CHAINS) * len(WAYS)


def test_what_only_grew_fits_every_anchor(db: Path) -> None:
    store = Store(db)
    known = []
    for n in range(20):
        known.append((str(n), anchors.of(store)))
        grow(store, n % 3)
    assert anchors.verify(store, known) == []


def test_workbooks_and_reports_hold_the_anchor(db: Path, tmp_path: Path) -> None:
    store = Store(db)
    now, note = anchors.of(store), anchors.note(store)
    store.close()
    book, report = tmp_path / "ledger.xlsx", tmp_path / "month.html"
    hj1259.write_xlsx([], "2026年9月", now.stood[0], book, note)
    report.write_text(page("月报", "", [], "", note), encoding="utf-8")
    found = places.in_files(tmp_path)
    assert found == [(str(book), now), (str(report), now)]
    with pytest.raises(places.AnchorError, match="expected an anchor"):
        places.in_files(db)


@pytest.mark.each_engine
@pytest.mark.parametrize("chain", chains.CHAINS)
def test_the_database_refuses_to_change_or_remove(chain: str, database: Path | str) -> None:
    store = Store(database, create=True)
    grow(store, 2)
    before = chains.links(store.database, chain)
    column = chains.COLUMNS[chain].rpartition(", ")[2]
    again = f"INSERT OR REPLACE INTO {chain} SELECT * FROM {chain}"  # noqa: S608
    statements = [f"DELETE FROM {chain}", f"UPDATE {chain} SET {column}='x' WHERE id=1"]  # noqa: S608
    statements.append(again if isinstance(database, Path) else f"TRUNCATE {chain}")
    for sql in statements:
        with pytest.raises(Exception, match="only ever added to"):
            store.database.many(sql, [()])
    assert chains.links(store.database, chain) == before
    assert anchors.verify(store) == []
    store.close()


def test_alarms_and_transfers_of_before_are_chained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [name for name, _ in STEPS].index("chains.sql")
    path = older(tmp_path / "old.db", monkeypatch, steps)
    old = sqlite3.connect(path)
    for n in range(1, 4):
        old.execute("INSERT INTO alarm VALUES (?,?,?,?,?)", (n, n, "raised", 5, "{}"))
        old.execute("INSERT INTO transfer VALUES (?,?,?)", ("ticket", f"{9 - n}", "{}"))
    old.commit()
    old.close()
    store = Store(path)
    assert anchors.verify(store) == []
    assert [n for n, _ in anchors.of(store).stood] == [0, 3, 3]
    grow(store, 1)
    assert anchors.verify(store) == []
    assert [n for n, _ in anchors.of(store).stood] == [1, 4, 4]
    with pytest.raises(Exception, match="only ever added to"):
        store.database.many("DELETE FROM alarm", [()])


def cut(db: Path) -> None:
    """Cut the tail of the ledger off, and put its head back."""
    with_it = sqlite3.connect(db, isolation_level=None)
    unlock(with_it)
    made_anew(with_it, "ledger", rows_of(with_it, "ledger")[:20])
    with_it.close()


def test_a_backup_says_what_does_not_fit_and_removes_none(db: Path, tmp_path: Path) -> None:
    target, none = tmp_path / "b", ("--registry", tmp_path / "none")
    store = Store(db)
    first = backup.make(db, None, target, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    store.close()
    cut(db)
    done = qingyun("backup", "--db", db, *none, "--keep", "1", target)
    assert done.returncode == 1
    assert "the end was cut off" in done.stdout and "nothing was removed" in done.stdout
    assert first in set(target.iterdir()) and len(list(target.iterdir())) == 2
    faults = backup.restore(first, tmp_path / "back.db", None)[1]
    assert faults == []  # it has what its own anchor says


def test_without_a_broker_the_rest_is_done(db: Path, tmp_path: Path) -> None:
    backup.make(db, None, tmp_path / "b", dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    cut(db)
    nowhere = f"127.0.0.1:{free_port()}"
    line = ("ledger", "anchor", "--db", db, "--against", tmp_path / "b", "--publish", nowhere)
    done = qingyun(*line)
    assert done.returncode == 1
    assert "the end was cut off" in done.stderr and f"broker {nowhere}" in done.stderr
    assert "broken, 1 compared" in done.stdout


def test_the_anchor_stays_in_a_retained_topic_and_in_a_letter(db: Path, tmp_path: Path) -> None:
    config, box = tmp_path / "q.toml", Box()
    with Broker(tmp_path / "broker") as broker, smtp(box) as port:
        config.write_text(
            f'[email]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
            'from = "a@example.org"\nto = "b@example.org"\n'
        )
        command = "ledger", "anchor", "--db", db, "--mail", "--publish", broker.address
        line: tuple[str | Path, ...] = ("--config", config, *command)
        first = qingyun(*line)
        assert first.returncode == 0, first.stderr
        assert "whole, 0 compared" in first.stdout and "letter sent" in first.stdout
        cut(db)
        third = qingyun(*line)
        assert third.returncode == 1
        assert "the end was cut off" in third.stderr and "letter sent" in third.stdout
        assert "left in" not in third.stdout
        anew = qingyun(*line, "--anew", "--by", "李")
        assert anew.returncode == 1 and "left in qingyun/1/anchor, anew by 李" in anew.stdout
    good, broken = box.letters
    assert "完好" in good["subject"] and "不符" in broken["subject"]
    letter = tmp_path / "letter.eml"
    letter.write_bytes(good.as_bytes())
    told = qingyun("ledger", "verify", "--db", db, "--against", letter)
    assert told.returncode == 1 and "the end was cut off" in told.stdout
