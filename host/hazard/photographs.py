"""Photographs of what was weighed: files beside the store under their SHA-256, which stands in the
ledger entry, so in the chain. A file is only ever added."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

from ..common.atomic_write import sync
from ..store import Store
from . import HazardError
from .entry import Entry

LARGEST = 5 << 20  # bytes
# Bytes that stay free on the disk of the photographs: readings and the ledger need the room more.
SPARE = 1 << 30
_NAME = re.compile(r"[0-9a-f]{64}")
# How a file of each kind begins and ends.
_KINDS = {
    "image/jpeg": (b"\xff\xd8\xff", b"\xff\xd9"),
    "image/png": (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
}


def folder(store: Store) -> Path:
    """Where the photographs of a store are."""
    return beside(store.where)


def beside(where: Path | str) -> Path:
    """Beside a file, else below the working directory, as archived days."""
    where = str(where)
    return Path("qingyun.photos") if "://" in where else Path(f"{where}.photos")


def kind(data: bytes) -> str | None:
    """The media type of a whole JPEG or PNG by its content; None of anything else."""
    for name, (begins, ends) in _KINDS.items():
        if data.startswith(begins) and data.rstrip(b"\0\r\n").endswith(ends):
            return name
    return None


class NoRoomError(HazardError):
    """There is no room for a photograph."""


def keep(store: Store, data: bytes) -> str:
    """Keep a photograph, on the disk when it returns; its SHA-256. HazardError for another file,
    NoRoomError where the disk has less than SPARE left."""
    if not data or len(data) > LARGEST or kind(data) is None:
        raise HazardError(
            f"photograph: expected a whole JPEG or PNG of at most {LARGEST >> 20} MB, "
            f"found {len(data)} bytes"
        )
    name = hashlib.sha256(data).hexdigest()
    path = _path(store, name)
    if not is_whole(store, name):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if (free := shutil.disk_usage(path.parent).free) < SPARE + len(data):
                raise NoRoomError(
                    f"photograph: {free >> 20} MB free on the disk of {path.parent}, expected more"
                    f" than {SPARE >> 20}; make room, or book without a photograph"
                )
            _write(path, data)
        except OSError as error:
            raise HazardError(f"{path}: cannot be written: {error.strerror or error}") from None
    return name


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all; also by several at once."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        part.touch(0o600)
        part.write_bytes(data)
        sync(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    sync(path.parent)


def _path(store: Store, name: str) -> Path:
    return folder(store) / name


def read(store: Store, name: str) -> tuple[bytes, str] | None:
    """A photograph and its media type; None where it is not there or was changed."""
    if not _NAME.fullmatch(name):
        return None
    try:
        data = _path(store, name).read_bytes()
    except OSError:
        return None
    found = kind(data)
    right = hashlib.sha256(data).hexdigest() == name
    return (data, found) if right and found else None


def is_whole(store: Store, name: str) -> bool:
    """Whether a photograph is there, unchanged."""
    return read(store, name) is not None


def copy_all(store: Store, into: Path) -> None:
    """Copy every photograph into a folder, which is made where there is one."""
    held = folder(store)
    for path in sorted(held.iterdir()) if held.is_dir() else []:
        if _NAME.fullmatch(path.name):
            into.mkdir(exist_ok=True)
            shutil.copyfile(path, into / path.name)


def named(entries: Iterable[Entry]) -> list[tuple[str, int]]:
    """Each photograph that the ledger names, with the first entry that does."""
    first: dict[str, int] = {}
    for e in entries:
        if e.photo:
            first.setdefault(e.photo, e.id)
    return list(first.items())


def verify(store: Store, entries: Iterable[Entry]) -> list[str]:
    """A line for each photograph that the ledger names and that is missing or was changed."""
    faults = []
    for name, entry in named(entries):
        if not is_whole(store, name):
            state = "was changed" if _path(store, name).exists() else "is not there"
            where = _path(store, name)
            faults.append(f"row {entry}: its photograph {where} {state}; a backup may have it")
    return faults
