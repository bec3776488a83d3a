"""The rows of a table below its header, each with getters that say what they repair."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..common.local_days import bounds, local_day
from . import TableError, cells
from .merged import Merged, filled
from .page import Page
from .sources import pages

MOST_ROWS = 1_048_576  # as many as a sheet has
_SUM = re.compile(
    r"(本页|本日|本月|当月|本年|累计|总)?(合|总|小|共)计[:：]?|(grand |sub)?total:?", re.I
)
_COMMA = ", with . before decimals and , only between thousands"
_CUT = re.compile(r"\d(\.\d+)?E\+\d+", re.I)
_DIGITS_OF_DATE = 8
_CATEGORY = re.compile(r"^HW\d\d[/ ]*")


@dataclass
class Sheet:
    """A table of a file. notes: repairs and oddities, a line each; they grow while lines() runs.
    sums: rows that add up others; they are not among lines()."""

    path: Path
    page: Page
    header: list[str]
    first: int  # number of the row after the header
    notes: list[str] = field(default_factory=list)
    sums: list[Line] = field(default_factory=list)

    def lines(self) -> Iterator[Line]:
        """The rows in order. One of another width, and one with cells to doubt, fails when it is
        asked for a value."""
        count = 0
        merged = Merged(self.page.merged)
        for number, values, begun in filled(self.page, merged):
            if number < self.first:
                continue
            for last, column, value in begun:
                if column < len(self.header):
                    self.notes.append(
                        f"{self.path}:{number}: {self.header[column]}: {_shown(value)} is merged: "
                        f"read for rows {number} to {last}"
                    )
            if count == MOST_ROWS:
                raise TableError(f"{self.path}: expected at most {MOST_ROWS} rows")
            count += 1
            line = Line(self, number, dict(zip(self.header, values, strict=False)))
            line.fault = self._width(values)
            line.merged = frozenset(self.header[c] for c in merged.of(number, len(self.header)))
            places = self.page.uncomputed.get(number, ())
            line.uncomputed = frozenset(self.header[c] for c in places if c < len(self.header))
            if self._is_header(values):
                self.notes.append(f"{line.where}: the header once more: left out")
            elif _is_sum(values):
                self.notes.append(f"{line.where}: a sum of other rows: left out")
                self.sums.append(line)
            else:
                yield line

    def _is_header(self, values: Sequence[Any]) -> bool:
        names = [_name(v) for v in values[: len(self.header)]]
        return names == [_name(h) for h in self.header]

    def _width(self, values: Sequence[Any]) -> str:
        """What is wrong with the width of a row."""
        wide = any(v not in (None, "") for v in values[len(self.header) :])
        narrow = len(values) < len(self.header) and not self.page.ragged
        return f"expected {len(self.header)} columns, found {len(values)}" if wide or narrow else ""


@dataclass
class Line:
    """One row, column → cell. The getters add each repair to sheet.notes; they raise TableError
    with file, row and column for a cell that they cannot read."""

    sheet: Sheet
    number: int
    values: dict[str, Any]
    fault: str = ""
    merged: frozenset[str] = frozenset()
    uncomputed: frozenset[str] = frozenset()

    @property
    def where(self) -> str:
        return f"{self.sheet.path}:{self.number}"

    def fail(self, column: str, expected: str) -> TableError:
        found = _shown(self.values.get(column, ""))
        if column in self.uncomputed:
            found = "a formula that nobody has computed"
        return TableError(f"{self.where}: {column}: expected {expected}, found {found}")

    def note(self, column: str, read_as: object) -> None:
        cell = self.values.get(column, "")
        self.sheet.notes.append(f"{self.where}: {column}: {_shown(cell)} read as {read_as!s}")

    def raw(self, column: str) -> object:
        """The cell; TableError for a row that cannot be told apart into columns."""
        if self.fault:
            raise TableError(f"{self.where}: {self.fault}")
        return self.values.get(column, "")

    def plain(self, column: str) -> str:
        """The cell as trimmed text, as it is typed."""
        try:
            return cells.text(self.raw(column))
        except ValueError as error:
            raise self.fail(column, str(error)) from None

    def text(self, column: str, *, optional: bool = False) -> str:
        """The cell as text: trimmed, full-width characters as half-width, but for brackets."""
        given = self.plain(column)
        plain = cells.half_width(given)
        raw = self.values.get(column)
        if plain != given or (isinstance(raw, str) and given != raw.strip()):
            self.note(column, repr(plain))
        if not plain and not optional:
            raise self.fail(column, "a value")
        return plain

    def id(self, column: str, *, optional: bool = False) -> str:
        """A number that names something; TableError for one of which a spreadsheet has kept the
        first digits alone."""
        given = self.text(column, optional=optional)
        if _CUT.fullmatch(given):
            raise self.fail(column, "all digits, kept as text: a spreadsheet has cut them")
        return given

    def code(self, column: str) -> str:
        """A waste code NNN-NNN-NN, without category (HW08) and with ASCII dashes."""
        given = self.text(column)
        plain = _CATEGORY.sub("", cells.dashed(given))
        if plain != given:
            self.note(column, plain)
        return plain

    def number_of(self, column: str, *, least: Decimal, most: Decimal) -> Decimal:
        """A number from least to most. One cell for several rows would count several times."""
        if column in self.merged:
            raise self.fail(column, "a number for each row, not one merged over rows")
        given = self.text(column)
        value = cells.number(given)
        if value is None or not least <= value <= most:
            raise self.fail(
                column, f"a number from {least} to {most}{_COMMA if ',' in given else ''}"
            )
        raw = self.values.get(column)
        plain = f"{value:f}"
        if given not in (plain, f"+{plain}") or (
            isinstance(raw, float) and repr(raw) not in (given, f"{given}.0") and raw != 0
        ):
            self.note(column, plain)
        return value

    def time(self, column: str) -> int:
        """Unix seconds of a local time (Asia/Shanghai) as cells.moment reads it."""
        raw = self.raw(column)
        when = cells.moment(raw, of_1904=self.sheet.page.of_1904)
        if when is None:
            if not self.text(column, optional=True):
                raise self.fail(column, "a value")
            raise self.fail(column, "a date and time as 2026-03-03 08:15")
        read_as = when.strftime("%Y-%m-%d %H:%M:%S")
        given = str(raw).strip()
        if not isinstance(raw, dt.date) and read_as[: len(given)] != given:
            self.note(column, read_as)
        return int(when.timestamp())

    def is_day(self, column: str, t: int) -> bool:
        """Whether a cell that time() has read as t says the day alone."""
        given = str(self.raw(column))
        is_short = ":" not in given and sum(c.isdigit() for c in given) <= _DIGITS_OF_DATE
        return is_short and t == bounds(local_day(t))[0]


def read(path: Path, columns: Sequence[str], more: Sequence[str] = ()) -> Sheet:
    """The first table of a file whose header has all of `columns`; a title may stand above it.
    more: optional columns. TableError where the file cannot be read or no table has them."""
    nearest: _Missing = (len(columns) + 2, 1, columns[0])
    held: Sheet | None = None
    odd: list[str] = []
    for page in pages(path):
        odd = page.notes
        sheet, missing = _find(path, page, columns, more)
        if held is None:
            held = sheet
        elif sheet is not None:
            held.notes.append(f"{path}: {page.name} has such a table too: it is not read")
        nearest = min(nearest, missing, key=lambda m: m[0])
    if held is not None:
        return held
    what = "".join(f"; {note.removeprefix(f'{path}: ')}" for note in odd[-1:])
    raise TableError(f"{path}:{nearest[1]}: expected a column {nearest[2]}{what}")


def parse_time(text: str) -> int | None:
    """Unix seconds of a local time (Asia/Shanghai); None for any other text."""
    when = cells.moment(text.strip())
    return int(when.timestamp()) if when else None


_Missing = tuple[int, int, str]  # how many columns, in which row, the first of them


def _find(
    path: Path, page: Page, columns: Sequence[str], more: Sequence[str]
) -> tuple[Sheet | None, _Missing]:
    """The header is the first row with all columns, alone or with the row above it. Else what the
    most similar row misses."""
    written = {_name(c): c for c in (*columns, *more)}
    nearest: _Missing = (len(columns) + 1, 1, columns[0])
    above: list[str] = []
    merged = Merged(page.merged)
    for number, values, begun in filled(page, merged):
        names = [_name(v) for v in values]
        for together in (names, _below(above, names)):
            missing = [c for c in columns if _name(c) not in together]
            if missing:
                if len(missing) < nearest[0] and (len(missing) < len(columns) or nearest[1] == 1):
                    nearest = len(missing), number, missing[0]
                continue
            header = [written.get(name, name) for name in together]
            _check_unique(path, number, header, written.values())
            sheet = Sheet(path, page, header, number + 1, list(page.notes))
            from_above = len(merged.of(number, len(header))) > len(begun)
            if together is not names or from_above:
                sheet.notes.append(f"{path}:{number}: the header has two rows: read as one")
            if others := [name for name in header if name and name not in written.values()]:
                sheet.notes.append(
                    f"{path}:{number}: columns that are not read: {' '.join(others)}"
                )
            return sheet, nearest
        above = names
    return None, nearest


def _below(above: Sequence[str], names: Sequence[str]) -> list[str]:
    """Two rows of a header as one: what stands below, and where nothing does, what is above."""
    width = max(len(above), len(names))
    upper = [*above, *[""] * (width - len(above))]
    lower = [*names, *[""] * (width - len(names))]
    return [b or a for a, b in zip(upper, lower, strict=True)]


def _name(value: object) -> str:
    """A column's name without blanks, line breaks and differences of width."""
    text = cells.visible("" if value is None else str(value))
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def _check_unique(path: Path, number: int, header: Sequence[str], read: Container[str]) -> None:
    """Of columns that are not read there may be several of a name."""
    for name in header:
        if name in read and header.count(name) > 1:
            raise TableError(f"{path}:{number}: expected each column once, found {name!r}")


def _is_sum(values: Sequence[Any]) -> bool:
    """Whether one of the first three filled cells calls the row a sum."""
    first = [v for v in values if v not in (None, "")][:3]
    return any(isinstance(v, str) and _SUM.fullmatch(v.replace(" ", "")) for v in first)


def _shown(cell: object) -> str:
    if isinstance(cell, dt.datetime | dt.date | dt.time | dt.timedelta):
        return repr(str(cell))
    return repr(cell)
