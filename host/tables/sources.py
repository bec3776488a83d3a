"""What a file is, told by its first bytes and not by its name, and its rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ..common.text_encoding import EncodingError, decoded
from . import TableError, markup, workbook
from .page import Page, Rows

MOST_BYTES = 512 << 20
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def pages(path: Path) -> Iterator[Page]:
    """The tables of a file, one by one; TableError where it cannot be read."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise TableError(f"{path}: cannot be read: {error.strerror}") from None
    if size > MOST_BYTES:
        raise TableError(f"{path}: expected at most {MOST_BYTES >> 20} MB, found {size >> 20}")
    if start.startswith((_ZIP, _OLE)):
        yield from workbook.sheets(path)
        return
    if path.suffix.lower() in workbook.SUFFIXES and b"\0" in start and start[:2] not in _UTF16:
        raise TableError(f"{path}: not a workbook: open it in a spreadsheet and save it as .xlsx")
    text, notes = _text(path)
    if markup.is_markup(text):
        notes.append(f"{path}: a web page, not a workbook: its tables are read")
        for n, grid in enumerate(markup.tables(text), 1):
            yield Page(
                f"table {n}", partial(enumerate, grid.rows, 1), notes, grid.merged, ragged=True
            )
        return
    for begins, what in _OTHERS.items():
        if text.lstrip().startswith(begins):
            raise TableError(f"{path}: {what}: open it in a spreadsheet and save it as .xlsx")
    if path.suffix.lower() in workbook.SUFFIXES:
        notes.append(f"{path}: text, not a workbook: read as such")
    yield Page("", partial(_lines, path, text), notes)


# Texts that spreadsheets open and that are no CSV, by how they begin.
_OTHERS = {
    "<?xml": "a workbook as XML",
    "ID;P": "a workbook as SYLK",
    "MIME-Version:": "a web archive",
}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def _text(path: Path) -> tuple[str, list[str]]:
    try:
        text, encoding = decoded(path.read_bytes())
    except EncodingError as error:
        raise TableError(f"{path}:{error.line}: {error}") from None
    return text, [f"{path}: not UTF-8, read as {encoding}"] if encoding else []


def _lines(path: Path, text: str) -> Rows:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        for values in reader:
            yield reader.line_num, values
    except csv.Error as error:
        raise TableError(f"{path}:{reader.line_num}: not a CSV: {error}") from None


def _delimiter(text: str) -> str:
    """Comma, tab or semicolon: what divides one of the first ten lines into most cells."""
    first = text.splitlines()[:10] if len(text) < 65536 else text[:65536].splitlines()[:10]
    return max(",\t;", key=lambda d: max((line.count(d) for line in first), default=0))
