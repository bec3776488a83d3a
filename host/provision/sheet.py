"""Reads fleet.csv; each cell is checked, and every mistake is kept with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from ..common import csv_file
from . import ProvisionError

# Columns of a board: on one of its rows at least, elsewhere the same or empty.
BOARD = (
    "board",
    "site",
    "ssid",
    "password",
    "uplinks",
    "ntp",
    "mode",
    "every_s",
    "wake_s",
    "send_every",
)
SITE = ("site_name", "town", "site_kind", "windows")  # the same of a site
CHANNEL = ("channel", "kind")
PINS = ("dout", "sck", "trig", "echo", "pin")
LINE = ("line",)
WEIGHT = ("gain", "max_kg", "e_kg")
FILL = ("empty_mm", "full_mm", "blind_mm")
BIN = ("stream", "tare_kg", "volume_l", "container")
COLUMNS = (
    "device",
    *BOARD,
    *SITE,
    *CHANNEL,
    *PINS,
    *LINE,
    *WEIGHT,
    *FILL,
    "temperature",
    "bin",
    *BIN,
    "note",
)
NEEDED = ("device", "site", "ssid", "password", "channel", "kind")
HIDDEN = ("password", "uplinks")  # never shown whole, in no message


class Row:
    """One line. Each getter checks a cell; for a wrong one it notes the mistake and returns a
    placeholder."""

    def __init__(self, sheet: Sheet, line: int, values: dict[str, str]) -> None:
        self._sheet = sheet
        self.line = line
        self._values = values

    def __getitem__(self, column: str) -> str:
        return self._values.get(column, "")

    def fail(self, column: str, expected: str, found: str | None = None) -> None:
        value = self[column]
        if found is None:
            found = f"a text of {len(value)} characters" if column in HIDDEN else repr(value)
        self._sheet.note(self.line, column, f"expected {expected}, found {found}")

    def warn(self, column: str, text: str) -> None:
        self._sheet.warnings.append(f"{self._sheet.path}:{self.line}: {column}: {text}")

    def match(self, column: str, pattern: re.Pattern[str], expected: str) -> str:
        if not pattern.fullmatch(self[column]):
            self.fail(column, expected)
        return self[column]

    def one_of(self, column: str, allowed: Sequence[str], default: str = "") -> str:
        value = self[column] or default
        if value not in allowed:
            self.fail(column, "one of " + " ".join(allowed))
            return allowed[0]
        return value

    def whole(self, column: str, least: int, most: int, default: int | None = None) -> int:
        value = self[column]
        if not value and default is not None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
            self.fail(column, f"a whole number from {least} to {most}")
            return least
        return int(value)

    def number(self, column: str, least: str, most: str) -> Decimal:
        """A number from least to most with at most three decimals, as in the registry."""
        expected = f"a number from {least} to {most} with at most 3 decimals"
        try:
            value = Decimal(self[column])
        except InvalidOperation:
            value = Decimal("NaN")
        fits = value.is_finite() and Decimal(least) <= value <= Decimal(most)
        if not fits or value * 1000 != (value * 1000).to_integral_value():
            self.fail(column, expected)
            return Decimal(least)
        return value

    def nothing(self, columns: Sequence[str], where: str) -> None:
        """Note a mistake for cells without a meaning here: a value is in the wrong column."""
        for column in columns:
            if self[column]:
                self.fail(column, f"nothing {where}")


class Sheet:
    """The rows of a file with its mistakes and warnings."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[Row] = []
        self.warnings: list[str] = []
        self._mistakes: list[tuple[int, int, str]] = []
        self._read()

    def note(self, line: int, column: str, text: str) -> None:
        mistake = (line, COLUMNS.index(column), f"{self.path}:{line}: {column}: {text}")
        if mistake not in self._mistakes:
            self._mistakes.append(mistake)

    def raise_mistakes(self) -> None:
        if self._mistakes:
            raise ProvisionError(*(text for _, _, text in sorted(self._mistakes)))

    def shared(self, rows: Sequence[Row], column: str) -> Row:
        """The first row with a value in a column that all these rows share; another value in
        a later row is a mistake."""
        first = next((r for r in rows if r[column]), rows[0])
        for row in rows:
            if row[column] and row[column] != first[column]:
                row.fail(column, f"the same as in line {first.line}, or nothing")
        return first

    def _read(self) -> None:
        lines = csv_file.read(self.path, ProvisionError).lines()
        header = self._header(*next(lines, (1, [])))
        for line, cells in lines:
            self._row(line, header, cells)
        if not self.rows and not self._mistakes:
            raise ProvisionError(f"{self.path}: expected a row for each channel, found none")

    def _header(self, line: int, names: list[str]) -> list[str]:
        while names and not names[-1]:
            names.pop()  # columns that a spreadsheet has only touched
        wrong = [f"expected a known column, found {n!r}" for n in names if n not in COLUMNS]
        wrong += [f"expected a column {n}" for n in NEEDED if n not in names]
        wrong += [f"expected one column {n}, found more" for n in COLUMNS if names.count(n) > 1]
        if len(names) == 1 and (";" in names[0] or "\t" in names[0]):
            wrong = ["expected commas between the columns"]
        if wrong:
            raise ProvisionError(*(f"{self.path}:{line}: {text}" for text in wrong))
        return names

    def _row(self, line: int, header: list[str], values: list[str]) -> None:
        if any(values[len(header) :]):
            more = f"expected {len(header)} columns, found {len(values)}"
            self._mistakes.append((line, -1, f"{self.path}:{line}: {more}"))
        # Spreadsheets leave empty cells at the end out.
        values += [""] * (len(header) - len(values))
        self.rows.append(Row(self, line, dict(zip(header, values, strict=False))))


def groups(rows: Sequence[Row], key: Callable[[Row], str]) -> list[list[Row]]:
    """Consecutive rows with the same key, together."""
    groups: list[list[Row]] = []
    for row in rows:
        if groups and key(groups[-1][0]) == key(row):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups
