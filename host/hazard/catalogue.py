"""国家危险废物名录, the national catalogue of hazardous waste: codes by edition.

The package has the codes of 2021. `hw_catalogue.csv` and `hw_editions.csv` in a registry
folder, with the same columns, add or replace editions; `qingyun law import` writes the first."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..common import csv_file
from . import HazardError

CODE = re.compile(r"[0-9]{3}-[0-9]{3}-[0-9]{2}")
COLUMNS = ("edition", "category", "category_name", "code", "hazard", "description")
IDENTIFIED = "经鉴别具有危险特性、无法按已有代码归类的危险废物"
ADDED_CODES = "hw_catalogue.csv"  # of a registry folder
_SIZE = re.compile(r"[0-9]{1,4}")
_PREFIX = re.compile(r"[0-9]{3}-[0-9]{3}")


@dataclass(frozen=True)
class Code:
    """One row of the catalogue. hazard: T toxic, C corrosive, I flammable, R reactive, In
    infectious, with / between; "" where its identification says it."""

    edition: str
    category: str
    category_name: str
    code: str
    hazard: str
    description: str


@dataclass(frozen=True)
class Edition:
    """since, until: its first and last day; None while it is in force. size: how many codes it
    has, None where that is not known. identified: the first digits of the code of waste that was
    identified as hazardous and fits no other code, "" where there is none."""

    edition: str
    title: str
    since: dt.date
    until: dt.date | None
    size: int | None = None
    identified: str = ""
    source: str = ""
    note: str = ""


@dataclass(frozen=True)
class Catalogue:
    editions: dict[str, Edition]
    codes: dict[tuple[str, str], Code]

    def has(self, edition: str) -> bool:
        """Whether the catalogue has codes of that edition."""
        return any(e == edition for e, _ in self.codes)

    def find(self, edition: str, code: str) -> Code | None:
        return self.codes.get((edition, code)) or self._identified(edition, code)

    def _identified(self, edition: str, code: str) -> Code | None:
        """900-000-NN: the law has it for each category by a rule, not by a row."""
        known = self.editions.get(edition)
        category = "HW" + code[-2:]
        name = self.names(edition).get(category)
        if known is None or not known.identified or name is None:
            return None
        if code != f"{known.identified}-{code[-2:]}":
            return None
        return Code(edition, category, name, code, "", IDENTIFIED)

    @cached_property
    def _names(self) -> dict[str, dict[str, str]]:
        names: dict[str, dict[str, str]] = {}
        for row in self.codes.values():
            names.setdefault(row.edition, {})[row.category] = row.category_name
        return names

    def names(self, edition: str) -> dict[str, str]:
        """Category -> its name in an edition, or in the latest of others where that edition has
        no codes here."""
        if edition in self._names:
            return self._names[edition]
        latest = [e.edition for e in self.by_age if e.edition in self._names]
        return self._names[latest[-1]] if latest else {}

    @cached_property
    def by_age(self) -> list[Edition]:
        """The editions, the oldest first."""
        return sorted(self.editions.values(), key=lambda e: e.since)

    def days_out(self, edition: str, day: dt.date) -> int | None:
        """Days from the last day of an edition to `day`, negative while it is in force; None
        where it has no last day."""
        known = self.editions.get(edition)
        return None if known is None or known.until is None else (day - known.until).days

    def of(self, edition: str) -> dict[str, Code]:
        """code -> row of one edition."""
        return {code: row for (e, code), row in self.codes.items() if e == edition}

    def anywhere(self, code: str) -> Code | None:
        """The code in the latest edition that has it."""
        found = (self.find(e.edition, code) for e in reversed(self.by_age))
        return next((row for row in found if row is not None), None)

    def in_force(self, day: dt.date) -> Edition | None:
        """The edition in force on a day, whether the catalogue has its codes or not."""
        valid = [
            e
            for e in self.editions.values()
            if e.since <= day and (e.until is None or day <= e.until)
        ]
        return max(valid, key=lambda e: e.since, default=None)


def _rows(source: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    for line, row in csv_file.read(source, HazardError).rows(columns):
        yield line, [row[c] for c in columns]


def _date(where: str, column: str, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise HazardError(f"{where}: {column}: expected YYYY-MM-DD, found {text!r}") from None


def load(folder: Path | None = None) -> Catalogue:
    """The package's catalogue with what a registry folder adds; HazardError names the file
    and line of the first mistake."""
    editions: dict[str, Edition] = {}
    for source in _sources("editions.csv", folder):
        editions |= _editions(source)
    codes: dict[tuple[str, str], Code] = {}
    for source in _sources("catalogue.csv", folder):
        codes |= read_codes(source, editions)
    return Catalogue(editions, codes)


def _sources(name: str, folder: Path | None) -> list[Path]:
    """The package's file, and after it the folder's hw_ file where there is one."""
    given = [] if folder is None else [folder / f"hw_{name}"]
    return [s for s in (Path(__file__).with_name(name), *given) if s.is_file()]


def _editions(source: Path) -> dict[str, Edition]:
    editions = {}
    for line, row in csv_file.read(source, HazardError).rows(("edition", "title", "from", "to")):
        where = f"{source}:{line}"
        last = _date(where, "to", row["to"]) if row["to"] else None
        size, identified = row.get("codes", ""), row.get("identified", "")
        if size and not _SIZE.fullmatch(size):
            raise HazardError(f"{where}: codes: expected a number or nothing, found {size!r}")
        if identified and not _PREFIX.fullmatch(identified):
            expected = "expected NNN-NNN or nothing"
            raise HazardError(f"{where}: identified: {expected}, found {identified!r}")
        editions[row["edition"]] = Edition(
            row["edition"], row["title"], _date(where, "from", row["from"]), last,
            int(size) if size else None, identified, row.get("source", ""), row.get("note", ""),
        )  # fmt: skip
    return editions


@dataclass(frozen=True)
class Change:
    """What is known of an edition although its codes may not be here."""

    edition: str
    text: str
    source: str
    note: str
    read: str


def known_changes(edition: str) -> list[Change]:
    """What is certain of the change to an edition."""
    columns = ("edition", "text", "source", "note", "read")
    rows = _rows(Path(__file__).with_name("edition_changes.csv"), columns)
    return [Change(*values) for _, values in rows if values[0] == edition]


def read_codes(source: Path, editions: Collection[str]) -> dict[tuple[str, str], Code]:
    """(edition, code) -> row of a file; HazardError names the line of the first mistake."""
    codes = {}
    for line, values in _rows(source, COLUMNS):
        code = Code(*values)
        if code.edition not in editions:
            raise HazardError(
                f"{source}:{line}: edition: expected one of {' '.join(editions)}, "
                f"found {code.edition!r}"
            )
        if not CODE.fullmatch(code.code) or code.category != "HW" + code.code[-2:]:
            raise HazardError(
                f"{source}:{line}: code: expected NNN-NNN-NN of {code.category}, "
                f"found {code.code!r}"
            )
        codes[code.edition, code.code] = code
    return codes
