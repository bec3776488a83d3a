"""A backup under load and its way back; the ingester goes on with it."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import host_job
import killing
import pytest
from bench_host import load
from broker import Broker
from host_job import Ingester, qingyun
from postgres import Postgres, binaries
from psycopg.conninfo import conninfo_to_dict
from sim_board import ROOT
from stored import seqs

from host.common.errors import OutsideError, UserError
from host.common.store_address import StoreAddress
from host.hazard import photographs
from host.service import backup, postgres_tools
from host.service.backup import BackupError
from host.service.private_files import in_use
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
def test_under_load_and_back(
    tmp_path: Path,
    registry: Path,
    figure: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A backup that begins from nothing, as a timer starts it, is longer than a commit.
    monkeypatch.setattr(host_job, "preloaded", None)
    what = killing.messages(16_000, 5)
    db = tmp_path / "q.db"
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
            # The ingester writes its counts twice a second at most, and a backup may be shorter.
            for n in range(20):
                target = tmp_path / f"backups-{n}"
                before = ingester.stats()["stored"]
                began = time.monotonic()
                done = qingyun("backup", "--db", db, "--registry", registry, target)
                took = time.monotonic() - began
                after = ingester.stats()["stored"]
                if done.returncode or after > before:
                    break
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
    with pytest.raises(BackupError, match=r"expected schema \d+ or earlier, found 9\d+"):
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
    assert backup.prune(target, 2) == (made[:2], [])
    assert sorted(target.iterdir()) == made[2:]
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
    for url in (
        "postgresql://u:p%40ss@h:5432/d?sslmode=require",
        "postgresql://u@h:5432/d?sslmode=require&password=p%40ss",
        StoreAddress("postgresql:///d?user=u&host=h&port=5432&password=p%40ss&sslmode=require"),
    ):
        where, more = postgres_tools.without_password(url)
        assert more == {"PGPASSWORD": "p@ss"}
        told = {"user": "u", "host": "h", "port": "5432", "dbname": "d", "sslmode": "require"}
        assert conninfo_to_dict(where) == told


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:{}@127.0.0.1:1/d",
        "postgresql://u@127.0.0.1:1/d?password={}",
        "postgresql://u:{}@x/y@127.0.0.1:1/d",  # what should be %40 and %2F
        "postgresql://u:{}/x@127.0.0.1:1/d",
        "postgresql://u:{}%zz@127.0.0.1:1/d",
        "postgresql://u:{}@[::1/d",
    ],
)
def test_a_password_is_in_no_error_and_no_log(address: str, tmp_path: Path) -> None:
    """Whatever libpq makes of the address, and names in its message."""
    url = address.format("not-to-be-seen")
    done = qingyun("status", "--db", url)
    assert done.returncode in (1, 2)
    assert "not-to-be" not in done.stdout + done.stderr
    warning, error = done.stderr.splitlines()
    assert "expected no password in a command line" in warning and "error: " in error
    with pytest.raises((UserError, OutsideError)) as told:
        backup.make(url, None, tmp_path / "b", NOW)
    assert "not-to-be" not in str(told.value)
    shown = StoreAddress(url)
    assert "not-to-be" not in f"{shown} {shown!r} {shown!s}" + str(shown) + f"{shown:>9}"
    assert shown.whole == url


def modes(folder: Path) -> set[str]:
    """The modes of all files and folders in one."""
    return {f"{p.stat().st_mode & 0o777:o}" for p in (folder, *folder.rglob("*"))}


def test_database_and_what_comes_back_are_for_their_owner_alone(
    tmp_path: Path, registry: Path
) -> None:
    before = os.umask(0o022)
    try:
        db = small(tmp_path)
        store = Store(db)
        store.compact()
        assert sum(n for _, n in store.archive(1 << 20)) > 0
        files = [*tmp_path.glob("small.db*"), *store.archived.iterdir()]
        assert {f"{p.stat().st_mode & 0o777:o}" for p in files if p.is_file()} == {"600"}
        folder = backup.make(db, registry, tmp_path / "b", NOW)
        store.close()
        back = tmp_path / "back"
        back.mkdir(mode=0o700)
        backup.restore(folder, back / "q.db", back / "registry")
        assert modes(folder) == modes(back) == {"600", "700"}
        db.chmod(0o644)  # as databases of before are
        Store(db).close()
        assert f"{db.stat().st_mode & 0o777:o}" == "600"
    finally:
        os.umask(before)


FULL = 'mount -t tmpfs -o size=400k tmpfs "$0" && exec "$@"'


def test_a_backup_on_a_full_disk_is_one_line_and_leaves_nothing(
    tmp_path: Path, registry: Path
) -> None:
    """A real one; the database is larger than it."""
    db, target = small(tmp_path), tmp_path / "b"
    target.mkdir()
    store = Store(db)
    sql = "INSERT INTO quarantine (received, topic, reason, payload) VALUES (1,'','',?)"
    store.database.many(sql, [(os.urandom(1 << 20),)])
    store.close()
    tried = f"{ROOT}/.venv/bin/python -m host.cli backup --db {db} --registry {registry} {target}"
    script = f"cd {ROOT} && {tried}; code=$?; ls -A {target}; exit $code"
    shell = ("unshare", "-m", "sh", "-c", FULL, str(target), "sh", "-c", script)
    done = subprocess.run(
        shell if os.geteuid() == 0 else (shell[0], "-r", *shell[1:]), capture_output=True, text=True
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert f"{target}: the backup was not made:" in line and "full" in line
    assert done.stdout == ""


def test_what_killed_runs_and_root_left_is_pruned(tmp_path: Path) -> None:
    db, target = small(tmp_path), tmp_path / "b"
    made = [backup.make(db, None, target, NOW + dt.timedelta(days=n)) for n in range(2)]
    cut = [target / f"qingyun-2026010{n}T000000Z.part" for n in range(2)]
    for part in cut:
        part.mkdir()
        (part / "store.db").write_bytes(b"x")
    with in_use(cut[1]):  # by a run that goes on
        assert backup.prune(target, 1) == ([cut[0], made[0]], [])
    assert sorted(target.iterdir()) == [cut[1], made[1]]
    if os.geteuid() == 0:
        os.chown(target, 65534, 65534)
        of_root = backup.make(db, None, target, NOW + dt.timedelta(days=5))
        assert {p.stat().st_uid for p in (of_root, *of_root.iterdir())} == {65534}


def test_photographs_come_back(tmp_path: Path) -> None:
    """With the modes of what a restore makes; where some are already, nothing is overwritten."""
    db, new = tmp_path / "q.db", tmp_path / "new.db"
    store = Store(db, create=True)
    name = photographs.keep(store, b"\xff\xd8\xff" + bytes(9000) + b"\xff\xd9")
    folder = backup.make(db, None, tmp_path / "b", NOW)
    (photographs.beside(new)).mkdir()
    (photographs.beside(new) / name).write_bytes(b"")
    with pytest.raises(BackupError, match=r"new\.db\.photos: is there already"):
        backup.restore(folder, new, None)
    shutil.rmtree(photographs.beside(new))
    backup.restore(folder, new, None)
    again = Store(new)
    assert photographs.is_whole(again, name)
    assert (photographs.beside(new) / name).stat().st_mode & 0o077 == 0
    again.close()
    store.close()
