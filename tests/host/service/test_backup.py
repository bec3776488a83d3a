"""A backup under load and its way back; the ingester goes on with it."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import killing
import pytest
from bench_host import load
from broker import Broker
from host_job import Ingester, qingyun
from postgres import Postgres, binaries
from stored import seqs

from host.service import backup
from host.service.backup import BackupError
from host.store import Store

DAY = "2026-09-22"
NOW = dt.datetime(2026, 9, 23, 1, 2, 3, tzinfo=dt.UTC)


def report(db: Path | str, registry: Path, out: Path) -> bytes:
    args = ("--db", db, "--registry", registry, "--out", out)
    done = qingyun("rollup", "--date", DAY, *args)
    assert done.returncode == 0, done.stderr
    return (out / "daily.csv").read_bytes()


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small district."""
    monkeypatch.setattr(load, "SITES", 20)
    monkeypatch.setattr(load, "BOARDS", 30)
    folder = tmp_path / "registry"
    load.write_registry(folder, 30)
    return folder


@pytest.mark.usefixtures("needs_mosquitto")
def test_under_load_and_back(tmp_path: Path, registry: Path, figure: Callable[[str], None]) -> None:
    what = killing.messages(16_000, 5)
    db, target = tmp_path / "q.db", tmp_path / "backups"
    first, rest = what[: len(what) // 4], what[len(what) // 4 :]
    killing.fill(db, first)
    store = Store(db)  # some of it in Parquet already
    store.compact()
    assert sum(n for _, n in store.archive(load.T0 // 86_400 - 1)) > 0
    store.close()
    far = ("--max-ahead-days", "10000")
    with Broker(tmp_path / "broker") as broker:
        with Ingester(db, registry, broker.address, *far) as ingester:
            ingester.wait_subscribed(60)
            done_with_it = threading.Event()
            sender = threading.Thread(target=steadily, args=(broker, rest, done_with_it))
            sender.start()
            assert killing.until(lambda: ingester.stats().get("stored", 0) >= 64, 60)
            before = ingester.stats()["stored"]
            began = time.monotonic()
            done = qingyun("backup", "--db", db, "--registry", registry, target)
            took = time.monotonic() - began
            after = ingester.stats()["stored"]
            done_with_it.set()
            assert done.returncode == 0, done.stderr
            sender.join()
            total = len(killing.names(what))
            all_come(ingester, db, len(killing.names(first)), total)
        (folder,) = target.iterdir()
        back, registry_back = tmp_path / "back" / "q.db", tmp_path / "back" / "registry"
        back.parent.mkdir()
        done = qingyun("restore", folder, "--db", back, "--registry-to", registry_back)
        assert done.returncode == 0, done.stderr
        held = seqs_all(back)
        assert len(held) == len(set(held))
        known = killing.names(first)
        assert known <= set(held)
        assert len(known) < len(held) < total
        # The same report up to the backup's moment: as from those readings alone.
        alone = tmp_path / "alone.db"
        killing.fill(alone, only(what, set(held)))
        expected = report(alone, registry, tmp_path / "alone")
        once = shutil.copytree(back.parent, tmp_path / "once") / "q.db"  # a report keeps figures
        assert report(once, registry_back, tmp_path / "restored") == expected
        # The ingester goes on with it, and boards send again what it says it has not.
        with Ingester(back, registry_back, broker.address, *far) as ingester:
            ingester.wait_subscribed(60)
            killing.publish(broker, what, threading.Event())
            all_come(ingester, back, len(held), total)
            assert ingester.stats()["duplicates"] >= len(held)
    assert after > before
    assert report(back, registry_back, tmp_path / "o1") == report(db, registry, tmp_path / "o2")
    figure(
        f"backup of {len(held)} of {total} readings in {took:.1f} s, while {after - before} more "
        "were stored; restored, the report is the same to the byte, and after the boards have "
        "sent again nothing is missing"
    )


def all_come(ingester: Ingester, db: Path, before: int, total: int) -> None:
    """Wait until an ingester that found so many readings has stored all others."""
    assert killing.until(lambda: ingester.stats().get("stored") == total - before, 120)
    assert len(seqs_all(db)) == total


def steadily(broker: Broker, what: list[tuple[str, bytes]], enough: threading.Event) -> None:
    """A message every 0.1 s, and when it is enough all that is left at once; some always is."""
    at = 0
    while not enough.wait(0.1):
        if at < len(what) - 20:
            killing.publish(broker, what[at : at + 1], threading.Event())
            at += 1
    killing.publish(broker, what[at:], threading.Event())


def seqs_all(db: Path) -> list[tuple[str, int]]:
    """Those of archived days too."""
    store = Store(db)
    folder = store.archived
    found = seqs(db)
    if folder.is_dir():
        import pyarrow.parquet as pq  # noqa: PLC0415

        lives = dict(store.database.query("SELECT id, life FROM stream"))
        for path in folder.glob("*.parquet"):
            table = pq.read_table(path, columns=["stream", "seq"])
            # A line for each channel of a reading.
            found += {(lives[r["stream"]], r["seq"]) for r in table.to_pylist()}
    store.close()
    return found


def only(what: list[tuple[str, bytes]], held: set[tuple[str, int]]) -> list[tuple[str, bytes]]:
    """Messages with the readings that are held, once each."""
    made, seen = [], set()
    for topic, payload in what:
        some = []
        for r in json.loads(payload):
            name = r["life"], r["seq"]
            if name in held and name not in seen:
                seen.add(name)
                some.append(r)
        if some:
            made.append((topic, json.dumps(some).encode()))
    return made


def small(tmp_path: Path) -> Path:
    db = tmp_path / "small.db"
    killing.fill(db, killing.messages(320, 3))
    return db


def test_a_backup_that_was_changed_or_cut_is_not_taken(tmp_path: Path, registry: Path) -> None:
    db = small(tmp_path)
    folder = backup.make(db, registry, tmp_path / "b", NOW)
    assert folder.name == "qingyun-20260923T010203Z"
    assert qingyun("restore", "--verify", folder, "--db", "x").returncode == 0
    file = folder / "registry" / "sites.csv"
    text = file.read_text()
    file.write_text(text + "x")
    with pytest.raises(BackupError, match=r"sites.csv: expected SHA-256"):
        backup.restore(folder, tmp_path / "new.db", None)
    file.unlink()
    with pytest.raises(BackupError, match=r"sites.csv: is missing"):
        backup.verified(folder)
    file.write_text(text)
    backup.verified(folder)
    contents = (folder / backup.LIST).read_text()
    (folder / backup.LIST).write_text(contents.replace("registry/sites.csv", "../small.db"))
    with pytest.raises(BackupError, match="expected a path within the folder"):
        backup.verified(folder)
    (folder / backup.LIST).write_text(contents.replace('"schema": ', '"schema": 9'))
    with pytest.raises(BackupError, match=r"expected schema \d or earlier, found 9\d"):
        backup.verified(folder)
    (folder / backup.LIST).unlink()
    with pytest.raises(BackupError, match="expected a folder that qingyun backup made"):
        backup.verified(folder)
    assert not (tmp_path / "new.db").exists()


def test_nothing_is_written_over(tmp_path: Path, registry: Path) -> None:
    db = small(tmp_path)
    folder = backup.make(db, registry, tmp_path / "b", NOW)
    done = qingyun("restore", folder, "--db", db)
    assert done.returncode == 2
    assert f"{db}: is there already; expected a place where nothing is" in done.stderr
    with pytest.raises(BackupError, match="registry: is there already"):
        backup.restore(folder, tmp_path / "new.db", registry)
    assert not (tmp_path / "new.db").exists()
    with pytest.raises(BackupError, match="is there already"):
        backup.make(db, registry, tmp_path / "b", NOW)


def test_only_whole_backups_count_and_old_ones_go(tmp_path: Path, registry: Path) -> None:
    db, target = small(tmp_path), tmp_path / "b"
    made = [backup.make(db, None, target, NOW + dt.timedelta(days=n)) for n in range(4)]
    cut = target / "qingyun-20270101T000000Z.part"
    cut.mkdir()
    assert backup.prune(target, 2) == (made[:2], [])
    assert sorted(target.iterdir()) == [*made[2:], cut]
    assert not any(path.stat().st_mode & 0o077 for path in made[2:])


def test_a_missing_archived_day_is_told(tmp_path: Path) -> None:
    db = small(tmp_path)
    store = Store(db)
    store.compact()
    assert sum(n for _, n in store.archive(1 << 20)) > 0
    lost = sorted(store.archived.glob("*.parquet"))[0]
    store.close()
    lost.unlink()
    done = qingyun("backup", "--db", db, tmp_path / "b")
    assert done.returncode == 2
    assert f"{lost}: an archived day is not there" in done.stderr
    assert list((tmp_path / "b").glob("qingyun-*Z")) == []


def test_postgres_there_and_back(
    tmp_path: Path, postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{binaries()}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    what = killing.messages(640, 3)
    killing.fill(postgres_database, what)  # type: ignore[arg-type]
    with_password = postgres_database.replace("postgres@", "postgres:not-to-be-seen@")
    folder = backup.make(with_password, None, tmp_path / "b", NOW)
    with pytest.raises(BackupError, match="expected a postgresql store for it"):
        backup.restore(folder, tmp_path / "x.db", None)
    with Postgres() as other:
        backup.restore(folder, other.url, None)
        assert set(seqs(other.url)) == killing.names(what)


def test_a_password_is_in_no_command_line() -> None:
    url = "postgresql://u:p%40ss@h:5432/d?sslmode=require"
    assert backup._without_password(url) == (
        "postgresql://u@h:5432/d?sslmode=require", {"PGPASSWORD": "p@ss"},
    )  # fmt: skip
