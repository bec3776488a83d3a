"""Files that appear whole or stay as they were."""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import UserError

_HEAD = 16  # bytes that tell one kind of file, or one CSV, from another


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path to write to; at the end of the block it replaces the file, and folders are made.

    UserError when it cannot be written or when another kind of file stands there; then the old
    file stays. A pipe or a device is written directly."""
    try:
        plain = path.is_file() or not path.exists()
        target = path.resolve() if plain else path
    except (OSError, RuntimeError) as error:  # a link to itself, a name that is too long
        raise UserError(f"{path}: cannot be written: {error}") from None
    part = target.with_name(f".{target.name}.{os.getpid()}") if plain else path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield part
        if plain:
            _refuse_other_kind(path, target, part)
            part.replace(target)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        if plain:
            with suppress(OSError):  # it usually does not exist
                part.unlink()


def _refuse_other_kind(path: Path, target: Path, part: Path) -> None:
    """UserError unless the present file begins like the new one: a mistyped name must not
    overwrite a database, a key or another table."""
    if target.exists() and _kind(target) not in (b"", _kind(part)):
        raise UserError(
            f"{path}: is there already, holds something else, and stays as it is; "
            "move it away, or name another"
        )


def refuse_unless_begins(path: Path, first: bytes) -> None:
    """UserError unless there is no such file yet, or it begins with these bytes."""
    try:
        head = path.read_bytes()[: len(first)] if path.exists() else b""
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    if head not in (b"", first):
        raise UserError(f"{path}: is there already and holds something else; name another file")


def _kind(path: Path) -> bytes:
    """How a file begins."""
    with path.open("rb") as file:
        head = file.read(_HEAD + len(BOM_UTF8)).removeprefix(BOM_UTF8)[:_HEAD]
    if head.startswith(b"PK"):
        return b"PK"  # a workbook, whose later bytes differ each time
    return b" " if head[:1] == b" " else head  # a printed table has its title in the middle


def sync(path: Path) -> None:
    """Wait until a file or the names in a folder are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
