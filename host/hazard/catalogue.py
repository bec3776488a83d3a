"""国家危险废物名录, the national catalogue of hazardous waste: codes by edition.

The package has the codes of 2021. `hw_catalogue.csv` and `hw_editions.csv` in a registry
folder, with the same columns, add or replace editions."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from ..common import csv_file
from . import HazardError

CODE = re.compile(r"\d{3}-\d{3}-\d{2}")


@dataclass(frozen=True)
class Code:
    """One row of the catalogue. hazard: T toxic, C corrosive, I flammable, R reactive, In."""

    edition: str
    category: str
    category_name: str
    code: str
    hazard: str
    description: str


@dataclass(frozen=True)
class Edition:
    """since, until: its first and last day; None while it is in force."""

    edition: str
    title: str
    since: dt.date
    until: dt.date | None


@dataclass(frozen=True)
class Catalogue:
    editions: dict[str, Edition]
    codes: dict[tuple[str, str], Code]

    def has(self, edition: str) -> bool:
        """Whether the catalogue has codes of that edition."""
        return any(e == edition for e, _ in self.codes)

    def find(self, edition: str, code: str) -> Code | None:
        return self.codes.get((edition, code))

    def anywhere(self, code: str) -> Code | None:
        """The code in the latest edition that has it."""
        rows = [row for (_, name), row in self.codes.items() if name == code]
        return max(rows, key=lambda row: row.edition, default=None)

    def in_force(self, day: dt.date) -> Edition | None:
        """The edition in force on a day, whether the catalogue has its codes or not."""
        valid = [
            e
            for e in self.editions.values()
            if e.since <= day and (e.until is None or day <= e.until)
        ]
        return max(valid, key=lambda e: e.since, default=None)


def _rows(source: Traversable | Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
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
        codes |= _codes(source, editions)
    return Catalogue(editions, codes)


def _sources(name: str, folder: Path | None) -> list[Traversable]:
    """The package's file, and after it the folder's hw_ file where there is one."""
    given = [] if folder is None else [folder / f"hw_{name}"]
    return [s for s in (files(__package__).joinpath(name), *given) if s.is_file()]


def _editions(source: Traversable) -> dict[str, Edition]:
    editions = {}
    for line, (name, title, since, until) in _rows(source, ("edition", "title", "from", "to")):
        where = f"{source}:{line}"
        last = _date(where, "to", until) if until else None
        editions[name] = Edition(name, title, _date(where, "from", since), last)
    return editions


def _codes(source: Traversable, editions: Collection[str]) -> dict[tuple[str, str], Code]:
    columns = ("edition", "category", "category_name", "code", "hazard", "description")
    codes = {}
    for line, values in _rows(source, columns):
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
