"""Every earlier schema, with data in it, becomes the present one when it is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import killing
import msgspec
import pytest
from alarm_rows import BODY
from bench_host import load
from host_job import qingyun
from stored import seqs

import host.store
from host.hazard import anchors
from host.serve import accounts
from host.serve.scope import DISTRICT
from host.store import STEPS, VERSION, Store, chains
from host.store import accounts as account_rows
from host.store import hazard as hazard_rows

DAY = "2026-09-22"

# What each step brought, with a row for each of its tables that has one.
ROWS: dict[str, dict[str, tuple[Any, ...]]] = {
    "calibrations.sql": {
        "INSERT INTO correction (at, device, channel, calibration, zero, counts_per_kg, reason, by)"
        " VALUES (?,?,?,?,?,?,?,?)": (1, "qy-0001", "w1", "c1", 5, 21.5, "why", "王五"),
    },
    "figures.sql": {
        "INSERT INTO figure (figure, period, value, unit, source, entered_by, entered_on, note, "
        "imported, file) VALUES (?,?,?,?,?,?,?,?,?,?)": (
            *("1.1", "2025", "12.5", "t", "doc", "李", "2026-01-01", "", 5, "f"),
        ),
    },
    "serve.sql": {
        "INSERT INTO account (at, name, role, secret, by) VALUES (?,?,?,?,?)": (
            *(1, "li", "admin", "sha256:00", "root"),
        ),
        "INSERT INTO audit (at, who, address, action, object, outcome, detail) "
        "VALUES (?,?,?,?,?,?,?)": (1, "li", "", "user add", "li", "done", "admin"),
    },
}


CHAINED, BOUNDED = ([name for name, _ in STEPS].index(n) for n in ("chains.sql", "growth.sql"))


def unchained(store: Store, body: str) -> None:
    """A row of the ledger and one of the alarms as they were before alarms were a chain."""
    digest = chains.digest(chains.START, 1, '{"id":1}')
    for sql, row in (
        ("ledger (id, body, prev, hash) VALUES (1,?,?,?)", ('{"id":1}', chains.START, digest)),
        ("ledger_head (one, entries, hash) VALUES (1,1,?)", (digest,)),
        ("alarm (id, alarm, what, t, body) VALUES (1,1,'raised',7,?)", (body,)),
    ):
        store.database.many(f"INSERT INTO {sql}", [row])


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small district."""
    monkeypatch.setattr(load, "SITES", 20)
    monkeypatch.setattr(load, "BOARDS", 30)


def earlier(where: Path | str, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store as a program of that schema made it, with readings and a row of each subject."""
    with monkeypatch.context() as patch:
        patch.setattr(host.store, "STEPS", STEPS[:version])
        patch.setattr(host.store, "VERSION", version)
        if version == 1:  # that program knew nothing of calibrations
            patch.setattr("host.store.calibrations.Calibrations.note", lambda *_: None)
        if version < 5:  # nor of figures that are kept
            patch.setattr("host.store.days.touch", lambda *_: None)
        if version <= BOUNDED:  # nor of limits
            patch.setattr("host.store.growth.Growth.begin", lambda *_: None)
        store = Store(where, create=True)
        if version < 5:  # nor of the lowest seq of a day, which is added and goes again
            store.database.many("ALTER TABLE day ADD COLUMN lo BIGINT NOT NULL DEFAULT 0", [()])
        store.close()
        killing.fill(where, killing.messages(640, 9))  # type: ignore[arg-type]
        store = Store(where)
        store.compact(load.T0)
        if version < 5:
            store.database.many("ALTER TABLE day DROP COLUMN lo", [()])
        for name, _ in STEPS[:version]:
            for sql, row in ROWS.get(name, {}).items():
                store.database.many(sql, [row])
        body = msgspec.json.encode(BODY).decode()
        if version > CHAINED:
            hazard_rows.append(store, ['{"id":{id}}'])
            hazard_rows.add_alarms(store, [(None, "raised", 7, body)])
        elif version >= 4:
            unchained(store, body)
        store.close()


def tables(store: Store) -> dict[str, list[str]]:
    """Every row of every table that there is, but the version."""
    if isinstance(store.database, host.store.database.Sqlite):
        sql = "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite%'"
    else:
        sql = "SELECT tablename FROM pg_tables WHERE schemaname='public'"
    of = {  # as ever
        "day": "day, stream, n, hi, first_t, last_t, changed, body",
        "alarm": "id, alarm, what, t, body",
        "transfer": "kind, number, body",
        "account": "id, at, name, role, secret, by",
        "audit": "id, at, who, address, action, object, outcome, detail",
    }
    select = "SELECT {} FROM {}"
    names = sorted(row[0] for row in store.database.query(sql))
    return {
        name: sorted(
            repr(row) for row in store.database.query(select.format(of.get(name, "*"), name))
        )
        for name in names
        if name != "schema_version"
    }


@pytest.mark.each_engine
@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_each_schema_becomes_the_present_one(
    version: int, database: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier(database, version, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(host.store, "STEPS", STEPS[:version])
        patch.setattr(host.store, "VERSION", version)
        store = Store(database)
        before = tables(store)
        store.close()
    store = Store(database)
    after = tables(store)
    assert store.database.query("SELECT version FROM schema_version") == [(VERSION,)]
    assert {name: after[name] for name in before} == before
    assert len(before["day"]) > 1
    # No figures written yet; alarms are chained; who hands out codes takes turns.
    begun = {"book", "alarm_head", "label_turn"} - set(before)
    begun -= {"alarm_head"} if version < 4 else set()
    assert {k for k, v in after.items() if k not in before and v} == begun
    for account in account_rows.all_latest(store.database):  # and what they did: of the district
        assert accounts.Account(*account).scope == DISTRICT
    assert {d[-1] for d in account_rows.deeds(store.database, 1 << 62, 9)} <= {str(DISTRICT)}
    store.add(host.store.Batch(), 5)
    hazard_rows.add_alarms(store, [(None, "raised", 7, "{}")])
    assert anchors.verify(store) == []
    store.close()
    assert set(seqs(database)) == killing.names(killing.messages(640, 9))


def test_the_report_is_the_same_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = tmp_path / "registry"
    load.write_registry(registry, 30)
    reports = set()
    for version in (1, VERSION):
        db = tmp_path / f"v{version}.db"
        earlier(db, version, monkeypatch)
        out = tmp_path / f"out{version}"
        args = ("--db", db, "--registry", registry, "--out", out)
        done = qingyun("rollup", "--date", DAY, *args)
        assert done.returncode == 0, done.stderr
        reports.add((out / "daily.csv").read_bytes())
    assert len(reports) == 1


def test_a_step_that_fails_leaves_the_schema_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = tmp_path / "old.db"
    earlier(db, 2, monkeypatch)
    step = Store._step

    def cut(self: Store, version: int) -> None:
        step(self, version)
        if version == 3:
            raise RuntimeError("cut")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "_step", cut)
        with pytest.raises(RuntimeError):
            Store(db)
    with monkeypatch.context() as patch:
        patch.setattr(host.store, "STEPS", STEPS[:3])
        patch.setattr(host.store, "VERSION", 3)
        store = Store(db)  # the step before it is done, the one that was cut is not
        assert not store.database.has_table("ledger")
        store.close()
    store = Store(db)
    assert store.database.has_table("ledger")
    store.close()
