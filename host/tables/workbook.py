"""Sheets of workbooks: XLSX (Strict too), XLSM, XLSB, XLS and ODS, read without their styles.

python-calamine holds a sheet as a full rectangle, and leaves out what is hidden and what is an
error. So the parts of an XLSX are looked through first: how far they reach, what a person who
looks at the sheet does not see."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from . import TableError
from .page import Page, Rows

SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".et")
MOST_CELLS = 20_000_000  # some 60 bytes each while they are read
MOST_UNPACKED = 4 << 30
MOST_NAMED = 20  # rows that one note names
_PIECE = 1 << 20
# Start tags of a sheet; a cell without a value ends in its own tag.
_TAG = re.compile(rb"<(?:\w+:)?(row|c|autoFilter)\b([^>]*?)(/?)>")
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_ROW = re.compile(rb'\br="(\d{1,7})"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_ERROR = re.compile(rb'\bt="e"')
# What zipfile and ElementTree raise for a damaged part; RuntimeError: it is encrypted, and its
# subclass for a compression that is not known.
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, ElementTree.ParseError),
    *(EOFError, OSError, ValueError, KeyError, RuntimeError),
)
_DAMAGED = "open it in a spreadsheet and save it as .xlsx"


@dataclass
class _Part:
    """Of the XML of a sheet: last row and column with a value, and what a reader does not see."""

    last_row: int = 0
    last_column: int = 0
    hidden: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    filtered: bool = False


def sheets(path: Path) -> Iterator[Page]:
    """The sheets of a workbook in their order; TableError where it cannot be read."""
    from python_calamine import CalamineWorkbook  # noqa: PLC0415  only where a workbook comes

    parts, of_1904 = _parts(path)
    with _readable(path):
        book = CalamineWorkbook.from_path(str(path))
        for meta in book.sheets_metadata:
            part = parts.get(meta.name, _Part())
            _check_size(path, meta.name, part)
            sheet = book.get_sheet_by_name(meta.name)
            if sheet.start is not None:
                hidden = str(meta.visible) != "SheetVisibleEnum.Visible"
                notes = [f"{path}: sheet {meta.name} is hidden: it is read"] if hidden else []
                notes += _seen(path, part)
                yield Page(
                    *(meta.name, partial(_rows, sheet), notes, _merged(sheet)),
                    of_1904=of_1904,
                    ragged=True,
                )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """A library that cannot read a workbook says so in one line."""
    from python_calamine import CalamineError, PasswordError  # noqa: PLC0415

    try:
        yield
    except PasswordError:
        text = "is protected by a password: save it without one"
        raise TableError(f"{path}: {text}") from None
    except (CalamineError, OSError, ValueError) as error:
        raise TableError(f"{path}: not a workbook: {_line(error)}; {_DAMAGED}") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of the library, and no Exception
            raise
        raise TableError(f"{path}: not a workbook: {_line(error)}; {_DAMAGED}") from None


def _check_size(path: Path, name: str, part: _Part) -> None:
    if part.last_row * part.last_column > MOST_CELLS:
        raise TableError(
            f"{path}: sheet {name}: values reach to row {part.last_row} and column "
            f"{part.last_column}: delete what stands outside of the table"
        )


def _merged(sheet: Any) -> list[tuple[int, int, int]]:
    """Cells merged over rows. The library counts rows and columns from 0, and its rows begin at the
    first column that is used."""
    left = sheet.start[1]
    return [
        (top + 1, bottom + 1, column - left)
        for (top, column), (bottom, _) in sheet.merged_cell_ranges or ()
        if bottom > top and column >= left
    ]


def _rows(sheet: Any) -> Rows:
    return enumerate(sheet.iter_rows(), 1)


def _line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _seen(path: Path, part: _Part) -> list[str]:
    notes = []
    if part.hidden:
        notes.append(f"{path}: hidden rows are read: {_named(part.hidden)}")
    if part.filtered:
        notes.append(f"{path}: a filter is set: rows that it hides are read too")
    if part.errors:
        notes.append(f"{path}: errors of formulas are read as empty: {_named(part.errors)}")
    return notes


def _named(places: list[int] | list[str]) -> str:
    more = f" and {len(places) - MOST_NAMED} more" if len(places) > MOST_NAMED else ""
    return " ".join(map(str, places[:MOST_NAMED])) + more


def _parts(path: Path) -> tuple[dict[str, _Part], bool]:
    """Of an XLSX: sheet → what its XML has, and whether days count from 1904. Nothing of others."""
    if not zipfile.is_zipfile(path):
        return {}, False
    try:
        with zipfile.ZipFile(path) as file:
            if sum(i.file_size for i in file.infolist()) > MOST_UNPACKED:
                raise TableError(f"{path}: expected at most {MOST_UNPACKED >> 30} GB unpacked")
            if "xl/workbook.xml" not in file.namelist():
                return {}, False
            names, of_1904 = _names(file)
            held = set(file.namelist())
            return {n: _look(file, p) for n, p in names.items() if p in held}, of_1904
    except _UNREADABLE as error:
        raise TableError(f"{path}: not a workbook: {_line(error)}; {_DAMAGED}") from None


def _names(file: zipfile.ZipFile) -> tuple[dict[str, str], bool]:
    """Sheet → part of the file, and whether days count from 1904."""
    targets = {}
    if "xl/_rels/workbook.xml.rels" in file.namelist():
        for node in ElementTree.fromstring(file.read("xl/_rels/workbook.xml.rels")):  # noqa: S314
            target = node.get("Target", "")
            whole = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            targets[node.get("Id", "")] = whole
    names, of_1904 = {}, False
    for node in ElementTree.fromstring(file.read("xl/workbook.xml")).iter():  # noqa: S314
        tag = node.tag.rpartition("}")[2]
        if tag == "workbookPr":
            of_1904 = node.get("date1904") in ("1", "true")
        elif tag == "sheet":
            key = next((v for k, v in node.attrib.items() if k.rpartition("}")[2] == "id"), "")
            names[node.get("name", "")] = targets.get(key, "")
    return names, of_1904


def _look(file: zipfile.ZipFile, name: str) -> _Part:
    """Read the XML of a sheet once, in pieces."""
    part, rest = _Part(), b""
    with file.open(name) as xml:
        while piece := xml.read(_PIECE):
            data = rest + piece
            end = data.rfind(b">") + 1
            for match in _TAG.finditer(data, 0, end):
                _note(part, *match.groups())
            rest = data[end:][-_PIECE:]
    return part


def _note(part: _Part, tag: bytes, attributes: bytes, closed: bytes) -> None:
    if tag == b"c":
        place = None if closed else _PLACE.search(attributes)
        if place:
            part.last_row = max(part.last_row, int(place[2]))
            part.last_column = max(part.last_column, _column(place[1]))
            if _ERROR.search(attributes):
                part.errors.append((place[1] + place[2]).decode())
    elif tag == b"row":
        number = _ROW.search(attributes) if _HIDDEN.search(attributes) else None
        if number:
            part.hidden.append(int(number[1]))
    else:
        part.filtered = True


def _column(letters: bytes) -> int:
    n = 0
    for letter in letters:
        n = n * 26 + letter - 64
    return n
