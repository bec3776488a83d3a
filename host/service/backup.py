"""A backup of all that a host job cannot get again, made while it runs, and the way back.

A folder: the database as one file (SQLite's online backup: one moment, no writer waits) or as
pg_dump writes it, the archived days and photographs that this database refers to, the registry,
and a list of all files with their SHA-256. The folder gets its name when it is complete."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import sqlite3
from pathlib import Path

import msgspec

from .. import __version__
from ..common.atomic_write import sync
from ..common.errors import OutsideError, UserError
from ..hazard import anchors, photographs
from ..store import VERSION, Store
from ..store.database import copy_file
from . import postgres_tools
from .private_files import copy, in_use, is_used, owned_as, private

LIST = "backup.json"
DATABASE, DUMP, ARCHIVE, REGISTRY = "store.db", "store.dump", "archive", "registry"
PHOTOS = "photos"
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
        with private():
            try:
                part.mkdir(parents=True)
            except OSError as error:
                raise OutsideError(f"{part}: cannot be made: {error.strerror}") from error
            try:
                with in_use(part):
                    _fill(store, db, registry, part, now)
                    owned_as(target, part)
                    part.rename(folder)
                sync(target)
            finally:
                shutil.rmtree(part, ignore_errors=True)  # is there no more when all went well
    except (OSError, sqlite3.Error) as error:
        raise OutsideError(f"{target}: the backup was not made: {error}") from error
    finally:
        store.close()
    return folder


def _fill(
    store: Store, db: Path | str, registry: Path | None, part: Path, now: dt.datetime
) -> None:
    """Write all files of a backup into its folder."""
    anchor = str(anchors.of(store))  # first: all of it is in the copy
    archived = _copy(store, db, part)
    _copy_archive(store.archived, archived, part / ARCHIVE)
    photographs.copy_all(store, part / PHOTOS)  # each was there before its entry
    if registry is not None:
        _registry(registry, part / REGISTRY)
    files = [_file(part, path) for path in sorted(part.rglob("*")) if path.is_file()]
    engine = "postgresql" if (part / DUMP).exists() else "sqlite"
    made = now.astimezone(dt.UTC).isoformat(timespec="seconds")
    contents = Contents(made, __version__, VERSION, engine, files, anchor)
    (part / LIST).write_bytes(msgspec.json.format(msgspec.json.encode(contents)) + b"\n")
    for path in (*part.rglob("*"), part):
        sync(path)


def prune(target: Path, n: int) -> tuple[list[Path], list[str]]:
    """Remove all backups below the target but the newest n, and what runs that were killed have
    left. The removed ones, and a line for each that stays: it holds foreign files, or this user
    may not remove it."""
    removed, left = [], []
    for part in sorted(target.glob(f"{_NAME}.part")):  # of a run that was killed
        try:
            if not is_used(part):
                shutil.rmtree(part)
                removed.append(part)
        except OSError as error:
            left.append(f"{part}: left alone: {error.strerror}")
    backups = []
    for folder in sorted(target.glob(_NAME)):
        if os.access(folder / LIST, os.R_OK):
            backups.append(folder)
        elif folder.is_dir():
            left.append(f"{folder}: left alone: its {LIST} cannot be read by this user")
    for folder in backups[: -n or None]:
        ours = {str(folder / LIST), *(str(folder / f.path) for f in _list(folder).files)}
        strange = sorted(str(p) for p in folder.rglob("*") if str(p) not in ours and not p.is_dir())
        if strange or folder.is_symlink():
            name = strange[0] if strange else "a link"
            left.append(f"{folder}: left alone: {name} is not of that backup")
            continue
        try:
            shutil.rmtree(folder)
        except OSError as error:
            left.append(f"{folder}: left alone: {error.strerror}")
        else:
            removed.append(folder)
    return removed, left


def _copy(store: Store, db: Path | str, part: Path) -> list[str]:
    """Copy the database as of one moment; the names of the archived days that it refers to."""
    if not isinstance(db, Path):
        # Days archived after this are rows of the dump, so none is missing.
        archived = store.archive_files()
        postgres_tools.dump(db, part / DUMP)
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
    photos = photographs.beside(db)
    beside = ("", "-wal", "-shm", ".part")
    places = [Path(f"{db}{end}") for end in beside] if isinstance(db, Path) else []
    if isinstance(db, Path) and not db.parent.is_dir():
        raise BackupError(f"{db.parent}: no such folder")
    for place in (*places, archive, photos, *([registry] if registry else [])):
        if isinstance(place, Path) and _occupied(place):
            raise BackupError(f"{place}: is there already; expected a place where nothing is")
    try:
        with private():
            _put_back(folder, db, archive, photos, registry)
    except BaseException as error:
        for place in filter(None, (*places, archive, photos, registry)):  # there was nothing
            shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OutsideError(f"{db}: was not restored: {error}") from error
        raise
    store = Store(db)  # migrates an earlier schema
    known = [(str(folder), anchor) for anchor in anchors.found_in(contents.anchor)]
    faults = anchors.verify(store, known)
    store.close()
    return contents, faults


def _put_back(
    folder: Path, db: Path | str, archive: Path, photos: Path, registry: Path | None
) -> None:
    """Copy all of a backup; the database last: its presence means that all files are there."""
    if (folder / ARCHIVE).is_dir():
        _put(folder / ARCHIVE, archive)
    if (folder / PHOTOS).is_dir():
        _put(folder / PHOTOS, photos)
    if registry is not None and (folder / REGISTRY).is_dir():
        _put(folder / REGISTRY, registry)
    if isinstance(db, Path):
        part = db.with_name(db.name + ".part")
        copy(folder / DATABASE, part)
        owned_as(db.parent, part)
        part.rename(db)
        sync(db.parent)
    else:
        postgres_tools.load(db, folder / DUMP)


def _occupied(place: Path) -> bool:
    """Whether something other than an empty folder is there."""
    empty = place.is_dir() and not any(place.iterdir())
    return (place.exists() or place.is_symlink()) and not empty


def _put(source: Path, into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        copy(path, into / path.name)
    owned_as(into.parent, into)
    sync(into)


# Files


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file(part: Path, path: Path) -> File:
    return File(str(path.relative_to(part)), path.stat().st_size, _digest(path))


def size(contents: Contents) -> int:
    """The bytes of all files."""
    return sum(file.bytes for file in contents.files)
