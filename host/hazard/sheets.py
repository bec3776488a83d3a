"""Tables that people bring, CSV or XLSX: read as a person would, and every repair told.

UTF-8 or GB18030, half and full width, merged cells, dates as dates, texts or serials."""

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
SERIAL_0 = dt.datetime(1899, 12, 30, tzinfo=LOCAL)  # what a spreadsheet's day 0 is
_DATE = re.compile(
    r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?"
    r"(?:[T ]*(\d{1,2})(?::|时|点)(\d{1,2})?(?:[:分](\d{1,2}))?[分秒]?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?: ?(\d{2}):?(\d{2})(?::?(\d{2}))?)?")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－", "-"))


@dataclass
class Sheet:
    """What a file holds. told: repairs, one line each with file and row."""

    path: Path
    told: list[str] = field(default_factory=list)
    rows: list[Line] = field(default_factory=list)


@dataclass
class Line:
    """One row of a file, column → cell; the getters repair and tell, or fail with the place."""

    sheet: Sheet
    number: int
    cells: dict[str, Any]

    @property
    def where(self) -> str:
        return f"{self.sheet.path}:{self.number}"

    def fail(self, column: str, expected: str) -> HazardError:
        found = self.cells.get(column, "")
        return HazardError(f"{self.where}: {column}: expected {expected}, found {found!r}")

    def tell(self, column: str, became: object) -> None:
        found = self.cells.get(column, "")
        self.sheet.told.append(f"{self.where}: {column}: {found!r} read as {became!s}")

    def text(self, column: str, *, optional: bool = False) -> str:
        """Trimmed, full width made half."""
        raw = self.cells.get(column, "")
        if isinstance(raw, float) and raw.is_integer():
            raw = int(raw)
        given = str(raw if raw is not None else "").strip()
        plain = unicodedata.normalize("NFKC", given).strip()
        # Brackets of Chinese names are what they are.
        if plain != given and re.sub(r"[()（）]", "", plain) != re.sub(r"[()（）]", "", given):
            self.tell(column, repr(plain))
        else:
            plain = given
        if not plain and not optional:
            raise self.fail(column, "a value")
        return plain

    def code(self, column: str) -> str:
        """A waste code without its category and with plain dashes."""
        given = self.text(column)
        plain = given.translate(_DASHES).replace(" ", "")
        plain = re.sub(r"^HW\d\d[/ ]*", "", plain)
        if plain != given:
            self.tell(column, plain)
        return plain

    def number_of(self, column: str, *, least: Decimal, most: Decimal) -> Decimal:
        given = self.text(column)
        plain = given.replace(",", "").replace(" ", "")
        try:
            value = Decimal(plain)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or not least <= value <= most:
            raise self.fail(column, f"a number from {least} to {most}")
        if plain != given:
            self.tell(column, plain)
        return value

    def time(self, column: str) -> int:
        """Unix seconds of a local time, however it is written."""
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
            self.tell(column, when.strftime("%Y-%m-%d %H:%M:%S"))
        return int(when.timestamp())


def _when(text: str) -> dt.datetime | None:
    """A local time in one of the ways people and spreadsheets write it; None otherwise."""
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
    """Unix seconds of a local time, None where it is none."""
    when = _when(text.strip())
    return int(when.timestamp()) if when else None


def _csv(sheet: Sheet) -> Iterator[tuple[int, list[Any]]]:
    file = csv_file.read(sheet.path, HazardError)
    if file.encoding:
        sheet.told.append(f"{sheet.path}: not UTF-8, read as {file.encoding}")
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
            sheet.told.append(
                f"{sheet.path}:{merged.min_row}: {merged.coord} is merged: "
                f"{value!r} read for rows {merged.min_row} to {merged.max_row}"
            )
    yield from enumerate(grid, 1)


def read(path: Path, columns: Sequence[str], more: Sequence[str] = ()) -> Sheet:
    """The rows below the first line that has all columns (a title may stand above it).

    HazardError when the file cannot be read or there is no such line."""
    sheet = Sheet(path)
    is_book = path.suffix.lower() in (".xlsx", ".xlsm")
    header: list[str] = []
    best: tuple[int, list[str]] = (0, [])
    for number, values in _xlsx(sheet) if is_book else _csv(sheet):
        cells = [v.strip() if isinstance(v, str) else v for v in values]
        if all(v in (None, "") for v in cells):
            continue
        if not header:
            names = [unicodedata.normalize("NFKC", str(v or "")) for v in cells]
            missing = [c for c in columns if unicodedata.normalize("NFKC", c) not in names]
            if not missing:
                plain = {unicodedata.normalize("NFKC", c): c for c in (*columns, *more)}
                header = [plain.get(n, n) for n in names]
                _once(sheet, number, header)
            elif not best[1] or len(missing) < len(best[1]):
                best = number, missing
            continue
        if len(sheet.rows) >= MOST_ROWS:
            raise HazardError(f"{path}: expected at most {MOST_ROWS} rows")
        if len(cells) > len(header) and any(v not in (None, "") for v in cells[len(header) :]):
            raise HazardError(
                f"{path}:{number}: expected {len(header)} columns, found {len(cells)}"
            )
        if not is_book and len(cells) < len(header):
            raise HazardError(
                f"{path}:{number}: expected {len(header)} columns, found {len(cells)}"
            )
        sheet.rows.append(Line(sheet, number, dict(zip(header, cells, strict=False))))
    if not header:
        line, missing = best
        raise HazardError(f"{path}:{line or 1}: expected a column {(missing or columns)[0]}")
    return sheet


def _once(sheet: Sheet, number: int, header: Sequence[str]) -> None:
    for name in header:
        if name and header.count(name) > 1:
            raise HazardError(f"{sheet.path}:{number}: expected each column once, found {name!r}")
