"""A backup of all that a host job cannot get again, made while it runs, and the way back.

A folder: the database as one file (SQLite's online backup: one moment, no writer waits) or as
pg_dump writes it, the archived days that this database refers to, the registry, and a list of all
files with their SHA-256. The folder gets its name when it is complete."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from .. import __version__
from ..common.errors import OutsideError, UserError
from ..hazard import anchors
from ..store import VERSION, Store
from ..store.database import copy_file

LIST = "backup.json"
DATABASE, DUMP, ARCHIVE, REGISTRY = "store.db", "store.dump", "archive", "registry"
_NAME = "qingyun-" + "[0-9]" * 8 + "T" + "[0-9]" * 6 + "Z"
_BLOCK = 1 << 20


class BackupError(UserError):
    """A backup cannot be made or used; one line."""


class File(msgspec.Struct):
    """One file of a backup, by its path in the folder."""

    path: str
    bytes: int
    sha256: str


class Contents(msgspec.Struct):
    """The contents of backup.json."""

    made: str  # UTC
    program: str
    schema: int
    engine: str  # sqlite or postgresql
    files: list[File]
    anchor: str = ""  # of ledger, alarms and transfers; empty before schema 10


def make(db: Path | str, registry: Path | None, target: Path, now: dt.datetime) -> Path:
    """Make a folder below the target and return it; BackupError or OutsideError when it cannot."""
    name = f"qingyun-{now.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
    folder, part = target / name, target / f"{name}.part"
    if folder.exists():
        raise BackupError(f"{folder}: is there already")
    store = Store(db)
    try:
        part.mkdir(parents=True, mode=0o700)
    except OSError as error:
        store.close()
        raise OutsideError(f"{part}: cannot be made: {error.strerror}") from error
    try:
        anchor = str(anchors.of(store))  # first: all of it is in the copy
        archived = _copy(store, db, part)
        _copy_archive(store.archived, archived, part / ARCHIVE)
        if registry is not None:
            _registry(registry, part / REGISTRY)
        files = [_file(part, path) for path in sorted(part.rglob("*")) if path.is_file()]
        engine = "postgresql" if (part / DUMP).exists() else "sqlite"
        made = now.astimezone(dt.UTC).isoformat(timespec="seconds")
        contents = Contents(made, __version__, VERSION, engine, files, anchor)
        (part / LIST).write_bytes(msgspec.json.format(msgspec.json.encode(contents)) + b"\n")
        _durable(part)
        part.rename(folder)
        _sync(target)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise OutsideError(f"{target}: the backup was not made: {error}") from error
    finally:
        store.close()
    return folder


def prune(target: Path, n: int) -> tuple[list[Path], list[str]]:
    """Remove all backups below the target but the newest n. The removed ones, and a line for each
    that stays because it holds foreign files."""
    backups = sorted(p.parent for p in target.glob(f"{_NAME}/{LIST}"))
    removed, left = [], []
    for folder in backups[: -n or None]:
        ours = {str(folder / LIST), *(str(folder / f.path) for f in _list(folder).files)}
        strange = sorted(str(p) for p in folder.rglob("*") if str(p) not in ours and not p.is_dir())
        if strange or folder.is_symlink():
            name = strange[0] if strange else "a link"
            left.append(f"{folder}: left alone: {name} is not of that backup")
            continue
        shutil.rmtree(folder)
        removed.append(folder)
    return removed, left


def _copy(store: Store, db: Path | str, part: Path) -> list[str]:
    """Copy the database as of one moment; the names of the archived days that it refers to."""
    if not isinstance(db, Path):
        # Days archived after this are rows of the dump, so none is missing.
        archived = store.archive_files()
        _dump(db, part / DUMP)
        return archived
    return copy_file(db, part / DATABASE)


def _copy_archive(folder: Path, names: list[str], into: Path) -> None:
    for name in names:
        into.mkdir(exist_ok=True)
        try:
            shutil.copyfile(folder / name, into / name)
        except FileNotFoundError:
            raise BackupError(f"{folder / name}: an archived day is not there") from None


def _registry(folder: Path, into: Path) -> None:
    into.mkdir()
    for path in sorted(folder.glob("*.csv")):
        shutil.copyfile(path, into / path.name)


# PostgreSQL


def _without_password(url: str) -> tuple[str, dict[str, str]]:
    """The address for a command line, which every user can read, and the password for its
    environment, which only its own user can read."""
    parts = urlsplit(url)
    if parts.password is None:
        return url, {}
    where = f"{parts.username}@{parts.netloc.rpartition('@')[2]}"
    return urlunsplit(parts._replace(netloc=where)), {"PGPASSWORD": unquote(parts.password)}


def _program(name: str, *args: str, more: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            [name, *args], env=os.environ | more, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise OutsideError(f"{name} is missing; it comes with postgresql-client") from None
    if done.returncode:
        raise OutsideError(f"{name}: {done.stderr.strip().splitlines()[-1]}")


def _dump(url: str, path: Path) -> None:
    where, more = _without_password(url)
    _program("pg_dump", "--format=custom", f"--file={path}", f"--dbname={where}", more=more)


def _load(url: str, path: Path) -> None:
    where, more = _without_password(url)
    options = ("--exit-on-error", "--single-transaction", "--no-owner")
    _program("pg_restore", *options, f"--dbname={where}", str(path), more=more)


# Restoring


def _list(folder: Path) -> Contents:
    try:
        return msgspec.json.decode((folder / LIST).read_bytes(), type=Contents)
    except (FileNotFoundError, NotADirectoryError):
        raise BackupError(f"{folder}: expected a folder that qingyun backup made") from None
    except (OSError, msgspec.DecodeError) as error:
        raise BackupError(f"{folder / LIST}: {error}") from None


def verified(folder: Path) -> Contents:
    """The contents of a backup, with every file checked against its hash; BackupError otherwise."""
    contents = _list(folder)
    if contents.schema > VERSION:
        raise BackupError(
            f"{folder}: expected schema {VERSION} or earlier, found {contents.schema} "
            f"of qingyun {contents.program}"
        )
    wrong = []
    for file in contents.files:
        path = folder / file.path
        if ".." in Path(file.path).parts or Path(file.path).is_absolute():
            raise BackupError(f"{folder / LIST}: {file.path}: expected a path within the folder")
        if not path.is_file():
            wrong.append(f"{path}: is missing")
        elif (digest := _digest(path)) != file.sha256:
            wrong.append(f"{path}: expected SHA-256 {file.sha256[:16]}…, found {digest[:16]}…")
    if wrong:
        raise BackupError("\n".join(wrong))
    return contents


def restore(folder: Path, db: Path | str, registry: Path | None) -> tuple[Contents, list[str]]:
    """Restore a backup to where nothing is; nothing is ever overwritten. BackupError otherwise.

    Its contents, and what is wrong with its ledger, alarms and transfers, a line each."""
    contents = verified(folder)
    if isinstance(db, Path) != (contents.engine == "sqlite"):
        raise BackupError(f"{folder}: expected a {contents.engine} store for it, found {db}")
    archive = Path(f"{db}.archive") if isinstance(db, Path) else Path("qingyun.archive")
    beside = ("", "-wal", "-shm", ".part")
    places = [Path(f"{db}{end}") for end in beside] if isinstance(db, Path) else []
    if isinstance(db, Path) and not db.parent.is_dir():
        raise BackupError(f"{db.parent}: no such folder")
    for place in (*places, archive, *([registry] if registry else [])):
        if isinstance(place, Path) and _occupied(place):
            raise BackupError(f"{place}: is there already; expected a place where nothing is")
    if (folder / ARCHIVE).is_dir():
        _put(folder / ARCHIVE, archive)
    if registry is not None and (folder / REGISTRY).is_dir():
        _put(folder / REGISTRY, registry)
    if isinstance(db, Path):
        part = db.with_name(db.name + ".part")
        shutil.copyfile(folder / DATABASE, part)
        _sync(part)
        part.rename(db)  # last: its presence means that all files are there
        _sync(db.parent)
    else:
        _load(db, folder / DUMP)
    store = Store(db)  # migrates an earlier schema
    known = [(str(folder), anchor) for anchor in anchors.found_in(contents.anchor)]
    faults = anchors.verify(store, known)
    store.close()
    return contents, faults


def _occupied(place: Path) -> bool:
    """Whether something other than an empty folder is there."""
    empty = place.is_dir() and not any(place.iterdir())
    return (place.exists() or place.is_symlink()) and not empty


def _put(source: Path, into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        shutil.copyfile(path, into / path.name)
        _sync(into / path.name)
    _sync(into)


# Files


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file(part: Path, path: Path) -> File:
    return File(str(path.relative_to(part)), path.stat().st_size, _digest(path))


def _durable(part: Path) -> None:
    for path in _all(part):
        _sync(path)


def _all(folder: Path) -> Iterator[Path]:
    yield from folder.rglob("*")
    yield folder


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def size(contents: Contents) -> int:
    """The bytes of all files."""
    return sum(file.bytes for file in contents.files)
