"""Files that somebody asked for: whole, or as they were before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from host.errors import UserError

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


def form_of(
    path: Path | None, forms: str, asked: str | None = None, *, option: str = "--out"
) -> str | None:
    """Which of the forms (with blanks between) a file is to have: its ending decides.
    UserError when that is none of them, or not what --format asks for. What has no ending
    because it is no file (none at all, a pipe, a device) has the form that was asked for."""
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
    UserError when it cannot be written, and the file stays what it was. What is no file (a
    pipe, a device) is written as it is."""
    plain = path.is_file() or not path.exists()
    target = path.resolve() if plain else path
    part = target.with_name(f".{target.name}.{os.getpid()}") if plain else path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield part
        if plain:
            part.replace(target)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        if plain:
            with suppress(OSError):  # it is not there, as a rule
                part.unlink()
