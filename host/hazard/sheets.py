"""Reads tables made by people, CSV or XLSX, and reports every repair.

Accepts UTF-8 and GB18030, half and full width, merged cells, and dates as dates, text or
spreadsheet serials."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from ..common import csv_file
from ..common.local_days import LOCAL
from . import HazardError

MOST_ROWS = 100_000
SERIAL_0 = dt.datetime(1899, 12, 30, tzinfo=LOCAL)  # day 0 of a spreadsheet's date serials
_DATE = re.compile(
    r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?"
    r"(?:[T ]*(\d{1,2})(?::|时|点)(\d{1,2})?(?:[:分](\d{1,2}))?[分秒]?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?: ?(\d{2}):?(\d{2})(?::?(\d{2}))?)?")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－", "-"))


@dataclass
class Sheet:
    """The rows of a file. notes: repairs, one line each with file and row."""

    path: Path
    notes: list[str] = field(default_factory=list)
    rows: list[Line] = field(default_factory=list)


@dataclass
class Line:
    """One row of a file, column → cell. The getters add each repair to sheet.notes; they raise
    HazardError with file, row and column for a cell that they cannot read."""

    sheet: Sheet
    number: int
    cells: dict[str, Any]

    @property
    def where(self) -> str:
        return f"{self.sheet.path}:{self.number}"

    def fail(self, column: str, expected: str) -> HazardError:
        cell = self.cells.get(column, "")
        return HazardError(f"{self.where}: {column}: expected {expected}, found {cell!r}")

    def note(self, column: str, read_as: object) -> None:
        cell = self.cells.get(column, "")
        self.sheet.notes.append(f"{self.where}: {column}: {cell!r} read as {read_as!s}")

    def text(self, column: str, *, optional: bool = False) -> str:
        """The cell as text: trimmed, full-width characters as half-width."""
        raw = self.cells.get(column, "")
        if isinstance(raw, float) and raw.is_integer():
            raw = int(raw)
        given = str(raw if raw is not None else "").strip()
        plain = unicodedata.normalize("NFKC", given).strip()
        # Full-width brackets belong to Chinese names: they stay.
        if plain != given and re.sub(r"[()（）]", "", plain) != re.sub(r"[()（）]", "", given):
            self.note(column, repr(plain))
        else:
            plain = given
        if not plain and not optional:
            raise self.fail(column, "a value")
        return plain

    def code(self, column: str) -> str:
        """A waste code NNN-NNN-NN, without category (HW08) and with ASCII dashes."""
        given = self.text(column)
        plain = given.translate(_DASHES).replace(" ", "")
        plain = re.sub(r"^HW\d\d[/ ]*", "", plain)
        if plain != given:
            self.note(column, plain)
        return plain

    def number_of(self, column: str, *, least: Decimal, most: Decimal) -> Decimal:
        """A number from least to most, without thousands separators."""
        given = self.text(column)
        plain = given.replace(",", "").replace(" ", "")
        try:
            value = Decimal(plain)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or not least <= value <= most:
            raise self.fail(column, f"a number from {least} to {most}")
        if plain != given:
            self.note(column, plain)
        return value

    def time(self, column: str) -> int:
        """Unix seconds of a local time (Asia/Shanghai) in any format of _when."""
        raw = self.cells.get(column)
        if isinstance(raw, dt.datetime):
            return int(raw.replace(tzinfo=LOCAL).timestamp())
        if isinstance(raw, dt.date):
            return int(dt.datetime(raw.year, raw.month, raw.day, tzinfo=LOCAL).timestamp())
        text = self.text(column)
        when = _when(text)
        if when is None:
            raise self.fail(column, "a date and time as 2026-03-03 08:15")
        if when.strftime("%Y-%m-%d %H:%M:%S")[: len(text)] != text:
            self.note(column, when.strftime("%Y-%m-%d %H:%M:%S"))
        return int(when.timestamp())


def _when(text: str) -> dt.datetime | None:
    """A local time as date text, compact digits or a serial from 2000 to 2099; else None."""
    match = _DATE.fullmatch(text) or _COMPACT.fullmatch(text)
    if match:
        parts = [int(p or 0) for p in match.groups()]
        try:
            return dt.datetime(*parts, tzinfo=LOCAL)  # type: ignore[misc,arg-type]
        except ValueError:
            return None
    if re.fullmatch(r"\d{5}(\.\d+)?", text) and 36526 <= Decimal(text) < 73051:
        return SERIAL_0 + dt.timedelta(seconds=round(Decimal(text) * 86400))
    return None


def parse_time(text: str) -> int | None:
    """Unix seconds of a local time (Asia/Shanghai); None for any other text."""
    when = _when(text.strip())
    return int(when.timestamp()) if when else None


def _csv(sheet: Sheet) -> Iterator[tuple[int, list[Any]]]:
    file = csv_file.read(sheet.path, HazardError)
    if file.encoding:
        sheet.notes.append(f"{sheet.path}: not UTF-8, read as {file.encoding}")
    yield from file.lines()


def _xlsx(sheet: Sheet) -> Iterator[tuple[int, list[Any]]]:
    from openpyxl import load_workbook  # noqa: PLC0415  only where a workbook comes
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        book = load_workbook(sheet.path, data_only=True)
    except FileNotFoundError as error:
        raise HazardError(f"{sheet.path}: cannot be read: {error.strerror}") from None
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise HazardError(f"{sheet.path}: not a workbook: {error}") from None
    page = book.worksheets[0]
    grid = [[cell.value for cell in row] for row in page.iter_rows()]
    for merged in page.merged_cells.ranges:
        value = page.cell(merged.min_row, merged.min_col).value
        for r in range(merged.min_row, merged.max_row + 1):
            for c in range(merged.min_col, merged.max_col + 1):
                grid[r - 1][c - 1] = value if c == merged.min_col else None
        if merged.max_row > merged.min_row:
            sheet.notes.append(
                f"{sheet.path}:{merged.min_row}: {merged.coord} is merged: "
                f"{value!r} read for rows {merged.min_row} to {merged.max_row}"
            )
    yield from enumerate(grid, 1)


def read(path: Path, columns: Sequence[str], more: Sequence[str] = ()) -> Sheet:
    """The rows below the header, which is the first line with all of `columns` (a title may
    stand above it). more: optional columns.

    HazardError where the file cannot be read, has no header or a row of another width."""
    sheet = Sheet(path)
    lines = _filled_lines(sheet)
    header = _find_header(sheet, lines, columns, more)
    for number, cells in lines:
        if len(sheet.rows) >= MOST_ROWS:
            raise HazardError(f"{path}: expected at most {MOST_ROWS} rows")
        _check_width(sheet, number, cells, len(header))
        sheet.rows.append(Line(sheet, number, dict(zip(header, cells, strict=False))))
    return sheet


def _is_workbook(path: Path) -> bool:
    return path.suffix.lower() in (".xlsx", ".xlsm")


def _filled_lines(sheet: Sheet) -> Iterator[tuple[int, list[Any]]]:
    """(line number, trimmed cells) of every line that is not empty."""
    for number, values in _xlsx(sheet) if _is_workbook(sheet.path) else _csv(sheet):
        cells = [v.strip() if isinstance(v, str) else v for v in values]
        if any(v not in (None, "") for v in cells):
            yield number, cells


def _find_header(
    sheet: Sheet,
    lines: Iterator[tuple[int, list[Any]]],
    columns: Sequence[str],
    more: Sequence[str],
) -> list[str]:
    """Take lines up to the header; its names as `columns` and `more` write them. HazardError
    names a column that the most similar line misses."""
    written = {unicodedata.normalize("NFKC", c): c for c in (*columns, *more)}
    nearest: tuple[int, Sequence[str]] = (1, ())
    for number, cells in lines:
        names = [unicodedata.normalize("NFKC", str(v or "")) for v in cells]
        missing = [c for c in columns if unicodedata.normalize("NFKC", c) not in names]
        if not missing:
            header = [written.get(name, name) for name in names]
            _check_unique(sheet, number, header)
            return header
        if not nearest[1] or len(missing) < len(nearest[1]):
            nearest = number, missing
    number, missing_there = nearest
    raise HazardError(f"{sheet.path}:{number}: expected a column {(missing_there or columns)[0]}")


def _check_width(sheet: Sheet, number: int, cells: Sequence[Any], width: int) -> None:
    """HazardError for values beyond the header, or a CSV line with too few."""
    too_wide = any(v not in (None, "") for v in cells[width:])
    too_narrow = len(cells) < width and not _is_workbook(sheet.path)
    if too_wide or too_narrow:
        raise HazardError(f"{sheet.path}:{number}: expected {width} columns, found {len(cells)}")


def _check_unique(sheet: Sheet, number: int, header: Sequence[str]) -> None:
    for name in header:
        if name and header.count(name) > 1:
            raise HazardError(f"{sheet.path}:{number}: expected each column once, found {name!r}")
