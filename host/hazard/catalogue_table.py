"""Reads the official table of the national catalogue from a workbook or a CSV.

废物类别 may be merged, continued or given once; a row may go on in the next one. What a cell had
to be read as is noted, what cannot be read is refused, each with its row."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from ..tables import TableError, sheet
from . import HazardError
from .catalogue import CODE

CATEGORY, CODES, WASTE, HAZARD = "废物类别", "废物代码", "危险废物", "危险特性"
COLUMNS = (CATEGORY, CODES, WASTE, HAZARD)
INDUSTRY = "行业来源"
HEAD = re.compile(r"(HW[0-9]{2})(.*)", re.DOTALL)
LETTERS = ("T", "C", "I", "R", "In")
# Only digits and letters: a full-width bracket or comma belongs to the wording.
_WIDE = {0xFF10 + i: str(i) for i in range(10)}
_WIDE |= {0xFF21 + i: chr(65 + i) for i in range(26)} | {0xFF41 + i: chr(97 + i) for i in range(26)}
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−－﹣"), "-")
_PART = re.compile(r"[0-9]{1,3}-?|[0-9]{3}-[0-9]{1,3}-?|[0-9]{3}-[0-9]{3}-[0-9]")


@dataclass
class Found:
    """A row as it was read. where: file and line; category: HWnn, "" where none was given."""

    where: str
    category: str
    code: str
    hazard: str
    description: str


@dataclass
class Table:
    """names: category -> each name that was read of it. notes: repairs; refusals: what cannot be
    read; a line each, with its row."""

    rows: list[Found] = field(default_factory=list)
    names: dict[str, set[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def refuse(self, where: str, column: str, expected: str, found: object) -> None:
        self.refusals.append(f"{where}: {column}: expected {expected}, found {found!r}")


def narrow(text: str) -> str:
    """Full-width digits and letters as half-width ones."""
    return text.translate(_WIDE)


def squeezed(text: str) -> str:
    """A text of the table without the blanks and line ends of its cell."""
    return re.sub(r"\s+", "", narrow(text))


def code_of(text: str) -> str:
    """A code, or what there is of it, without blanks and with ASCII dashes."""
    return squeezed(text).translate(_DASHES)


def hazard_of(text: str) -> str | None:
    """Hazard letters with / between, as the catalogue has them; None for anything else."""
    letters = [x for x in re.split(r"[,，、/;；\s]+", narrow(text.strip())) if x]
    known = letters and all(x in LETTERS for x in letters) and len({*letters}) == len(letters)
    return "/".join(letters) if known else None


def alike(one: str, other: str) -> bool:
    """Whether two names differ by the width of characters at most."""
    return unicodedata.normalize("NFKC", one) == unicodedata.normalize("NFKC", other)


def read(path: Path) -> Table:
    """The rows of a workbook or a CSV; HazardError where it is none, or lacks a column."""
    try:
        held = sheet.read(path, COLUMNS, (INDUSTRY,))
        table = Table()
        reader = _Reader(table)
        for line in held.lines():
            reader.take(line.where, {c: _text(line.raw(c)) for c in COLUMNS})
    except TableError as error:
        raise HazardError(str(error)) from None
    table.notes = [n for n in held.notes if " is merged: " not in n] + table.notes
    reader.end()
    return table


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


class _Reader:
    """Rows in their order; what a row leaves open, the next ones may complete."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._category = ""
        self._name = ""
        self._part = ""  # the beginning of a code
        self._part_at = ""

    def take(self, where: str, cells: dict[str, str]) -> None:
        if all(squeezed(cells[c]) == c for c in COLUMNS):
            self._table.notes.append(f"{where}: the heads of the columns again: left out")
            return
        code, text = code_of(cells[CODES]), squeezed(cells[WASTE])
        if not code and not text and squeezed(cells[CATEGORY]).startswith(("注", "附")):
            self._table.notes.append(f"{where}: {cells[CATEGORY]!r}: left out")
            return
        self._head(where, squeezed(cells[CATEGORY]))
        for column, given in ((CODES, cells[CODES]), (WASTE, cells[WASTE])):
            if narrow(given) != given:
                self._table.notes.append(f"{where}: {column}: {given!r} read in half width")
        if self._part:
            if code:
                self._complete(where, code, text, cells[HAZARD])
                return
            self._drop_part()
        if code:
            self._begin(where, code, text, cells[HAZARD])
        elif text or cells[HAZARD]:
            self._go_on(where, text, cells[HAZARD])

    def end(self) -> None:
        self._drop_part()
        self._close_name()
        for row in self._table.rows:
            if hazard_of(row.hazard) is None:
                self._table.refuse(row.where, HAZARD, "of T C I R In, with / between", row.hazard)
            if not row.description:
                self._table.refuse(row.where, WASTE, f"the waste of {row.code}", "")

    def _head(self, where: str, text: str) -> None:
        """The cell of the category: HW and name, one of both, or a part of the name."""
        if not text:
            return
        match = HEAD.fullmatch(text)
        if match:
            if match[1] != self._category or match[2]:
                self._close_name()
                self._category, self._name = match[1], match[2]
        elif not self._category:
            self._table.refuse(where, CATEGORY, "HWnn and its name", text)
        elif not self._name.endswith(text):
            self._name += text

    def _close_name(self) -> None:
        if self._name:
            self._table.names.setdefault(self._category, set()).add(self._name)
        self._name = ""

    def _begin(self, where: str, code: str, text: str, hazard: str) -> None:
        if CODE.fullmatch(code):
            self._table.rows.append(Found(where, self._category, code, hazard, text))
        elif _PART.fullmatch(code):
            self._part, self._part_at = code, where
            self._table.rows.append(Found(where, self._category, code, hazard, text))
        else:
            self._table.refuse(where, CODES, "NNN-NNN-NN", code)

    def _complete(self, where: str, code: str, text: str, hazard: str) -> None:
        row = self._table.rows[-1]
        if not CODE.fullmatch(self._part + code):
            self._drop_part()
            self._begin(where, code, text, hazard)
            return
        row.code = self._part + code
        self._table.notes.append(f"{row.where}: {CODES}: broken over rows, read as {row.code}")
        self._part = ""
        if text or hazard:
            self._go_on(where, text, hazard)

    def _drop_part(self) -> None:
        if self._part:
            self._table.rows.pop()
            self._table.refuse(self._part_at, CODES, "NNN-NNN-NN", self._part)
            self._part = ""

    def _go_on(self, where: str, text: str, hazard: str) -> None:
        """A row without a code goes on with the one before it."""
        if not self._table.rows:
            self._table.refuse(where, CODES, "NNN-NNN-NN", "")
            return
        row = self._table.rows[-1]
        if hazard and row.hazard:
            self._table.refuse(where, CODES, f"a code: {row.code} has its hazard letters", "")
            return
        row.description += text
        row.hazard = row.hazard or hazard
        self._table.notes.append(f"{where}: no code: goes on with {row.code}")
