"""Sheets of workbooks: XLSX (Strict too), XLSM, XLSB, XLS and ODS, read without their styles.

python-calamine holds a sheet as a full rectangle, and leaves out what is hidden and what is an
error. So the parts of an XLSX or ODS are looked through first (parts)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from . import TableError, parts
from .page import Page, Rows
from .parts import Part

SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".et")
MOST_CELLS = 20_000_000  # some 60 bytes each while they are read
MOST_NAMED = 20  # rows that one note names
_DAMAGED = "open it in a spreadsheet and save it as .xlsx"


def sheets(path: Path) -> Iterator[Page]:
    """The sheets of a workbook in their order; TableError where it cannot be read."""
    from python_calamine import CalamineWorkbook  # noqa: PLC0415  only where a workbook comes

    seen = _seen_in(path)
    if seen.at_once:
        for name, part in seen.parts.items():
            _check_size(path, name, part)
    with _readable(path):
        book = CalamineWorkbook.from_path(str(path))
        for meta in book.sheets_metadata:
            part = seen.parts.get(meta.name, Part())
            _check_size(path, meta.name, part)
            sheet = book.get_sheet_by_name(meta.name)
            if sheet.start is not None:
                hidden = str(meta.visible) != "SheetVisibleEnum.Visible"
                notes = [f"{path}: sheet {meta.name} is hidden: it is read"] if hidden else []
                notes += _seen(path, part)
                unkept = _unkept(sheet, part)
                yield Page(
                    *(meta.name, partial(_rows, sheet, unkept), notes, _merged(sheet)),
                    of_1904=seen.of_1904,
                    ragged=True,
                    uncomputed=unkept,
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


def _check_size(path: Path, name: str, part: Part) -> None:
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


def _unkept(sheet: Any, part: Part) -> dict[int, list[int]]:
    """Row → the places in it of formulas that nobody has computed, some of which are kept as 0."""
    found: dict[int, list[int]] = {}
    for name in part.unkept:
        letters = name.rstrip("0123456789")
        column = parts.column_number(letters) - 1 - sheet.start[1]
        if column >= 0:
            found.setdefault(int(name[len(letters) :]), []).append(column)
    return found


def _rows(sheet: Any, unkept: dict[int, list[int]]) -> Rows:
    for number, values in enumerate(sheet.iter_rows(), 1):
        for column in unkept.get(number, ()):
            if column < len(values):
                values[column] = ""
        yield number, values


def _line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _seen(path: Path, part: Part) -> list[str]:
    notes = []
    if part.hidden:
        notes.append(f"{path}: hidden rows are read: {_named(part.hidden)}")
    if part.filtered:
        notes.append(f"{path}: a filter is set: rows that it hides are read too")
    if part.errors:
        notes.append(f"{path}: errors of formulas are read as empty: {_named(part.errors)}")
    if part.unkept:
        notes.append(
            f"{path}: formulas that nobody has computed are read as empty: {_named(part.unkept)}: "
            "open it in a spreadsheet, have all computed anew (Ctrl+Alt+F9; LibreOffice: "
            "Ctrl+Shift+F9) and save it"
        )
    return notes


def _named(places: list[int] | list[str]) -> str:
    more = f" and {len(places) - MOST_NAMED} more" if len(places) > MOST_NAMED else ""
    return " ".join(map(str, places[:MOST_NAMED])) + more


def _seen_in(path: Path) -> parts.Seen:
    try:
        return parts.of(path)
    except parts.UNREADABLE as error:
        raise TableError(f"{path}: not a workbook: {_line(error)}; {_DAMAGED}") from None
