"""What the law asks of institutions besides limits, as dated rows of the registry: filings with
their dates, duties of a store, and who has filed or confirmed what."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..registry import Row, csv_rows
from .register import CATEGORIES, FIRST, LAST, Register

EVERY = {"month": 1, "quarter": 3, "year": 12}  # months of a period
STATES = ("有", "没有", "不适用")
FILED = "filed.csv"
BACK = dt.timedelta(366)  # how long something that was not filed is listed
_DAY = re.compile(r"[1-9]|[12][0-9]|3[01]")
_DATE = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_PERIOD = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])|-Q[1-4])?")
_FILING = ("filing", "name", "category", "every", "of", "due", "from", "to", "source", "note")
_DUTY = ("duty", "name", "category", "from", "to", "source", "note")


@dataclass(frozen=True)
class Filing:
    """due: (month of the year or 0, day): a day of the year, or of the month after the period.
    this: the period that the day is in, instead of the one before."""

    filing: str
    name: str
    categories: tuple[str, ...]
    every: str
    this: bool
    due: tuple[int, int]
    since: dt.date
    until: dt.date
    source: str
    note: str


@dataclass(frozen=True)
class Duty:
    duty: str
    name: str
    categories: tuple[str, ...]
    since: dt.date
    until: dt.date
    source: str
    note: str


@dataclass(frozen=True)
class Due:
    """A filing of an institution for a period. filed: (day, by whom); None: nobody said so."""

    institution: str
    filing: Filing
    period: str
    day: dt.date
    filed: tuple[dt.date, str] | None


@dataclass(frozen=True)
class Confirmed:
    """state: one of STATES, as a person has confirmed it."""

    state: str
    by: str
    day: dt.date
    note: str


def _categories(row: Row) -> tuple[str, ...]:
    given = tuple(row.text("category").split("|"))
    if any(c not in CATEGORIES for c in given):
        raise row.fail("category", f"of {' '.join(CATEGORIES)}, with | between")
    return given


def _days(row: Row) -> tuple[dt.date, dt.date]:
    since, until = row.date("from", FIRST), row.date("to", LAST)
    if until < since:
        raise row.fail("to", f"a day from {since} on")
    return since, until


def _due(row: Row, every: str) -> tuple[int, int]:
    """MM-DD of a year, or the day of a month."""
    if every == "year":
        text = row.match("due", _DATE, "MM-DD")
        return int(text[:2]), int(text[3:])
    return 0, int(row.match("due", _DAY, "a day of the month"))


def filings(folder: Path) -> list[Filing]:
    """The rows of filings.csv; none without it. RegistryError names the first mistake."""
    found: dict[str, Filing] = {}
    for row in _rows(folder, "filings.csv", _FILING):
        name, every = row.name("filing"), row.one_of("every", tuple(EVERY))
        row.unique("filing", found, name)
        found[name] = Filing(
            name, row.text("name"), _categories(row), every,
            row.one_of("of", ("this", "last")) == "this", _due(row, every), *_days(row),
            row.text("source"), row.optional("note"),
        )  # fmt: skip
    return list(found.values())


def filed(folder: Path, register: Register) -> dict[tuple[str, str, str], tuple[dt.date, str]]:
    """(institution, filing, period) -> (day, by whom) of filed.csv; none without it."""
    known = {f.filing: f for f in filings(folder)}
    found: dict[tuple[str, str, str], tuple[dt.date, str]] = {}
    for row in _rows(folder, FILED, ("institution", "filing", "period", "day", "by")):
        key = (
            row.known("institution", register.institutions, "an institution of institutions.csv"),
            row.known("filing", known, "a filing of filings.csv"),
            row.match("period", _PERIOD, "YYYY, YYYY-Q1 or YYYY-MM"),
        )
        row.unique("period", found, key)
        row.text("day")
        found[key] = row.date("day", LAST), row.text("by")
    return found


def duties(folder: Path) -> list[Duty]:
    """The rows of duties.csv; none without it."""
    found: dict[str, Duty] = {}
    for row in _rows(folder, "duties.csv", _DUTY):
        name = row.name("duty")
        row.unique("duty", found, name)
        found[name] = Duty(
            name, row.text("name"), _categories(row), *_days(row), row.text("source"),
            row.optional("note"),
        )  # fmt: skip
    return list(found.values())


def confirmed(folder: Path, register: Register) -> dict[tuple[str, str], Confirmed]:
    """(store, duty) -> the last row of confirmed.csv about it; none without it."""
    known = {d.duty: d for d in duties(folder)}
    found: dict[tuple[str, str], Confirmed] = {}
    for row in _rows(folder, "confirmed.csv", ("store", "duty", "state", "by", "day", "note")):
        store = row.known("store", register.stores, "a store of stores.csv")
        duty = row.known("duty", known, "a duty of duties.csv")
        row.text("day")
        said = Confirmed(
            row.one_of("state", STATES), row.text("by"), row.date("day", LAST), row.optional("note")
        )
        before = found.get((store, duty))
        if before is None or before.day <= said.day:
            found[store, duty] = said
    return found


def _rows(folder: Path, name: str, columns: tuple[str, ...]) -> Iterator[Row]:
    if (folder / name).exists():
        yield from csv_rows(folder, name, columns)


def _period(filing: Filing, due: dt.date) -> str:
    """The period that is filed on a due day."""
    months = due.year * 12 + due.month - 1
    months = months // EVERY[filing.every] * EVERY[filing.every]
    if not filing.this:
        months -= EVERY[filing.every]
    year, month = divmod(months, 12)
    named = {"month": f"{year}-{month + 1:02d}", "quarter": f"{year}-Q{month // 3 + 1}"}
    return named.get(filing.every, f"{year}")


def _dates(filing: Filing, first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Its due days from first to last; a day that a month does not have is its last."""
    month_of_year, day = filing.due
    for months in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        year, month = divmod(months, 12)
        is_due = month + 1 == month_of_year if month_of_year else months % EVERY[filing.every] == 0
        if is_due:
            after = dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)
            due = min(dt.date(year, month + 1, 1) + dt.timedelta(day - 1), after - dt.timedelta(1))
            if first <= due <= last and filing.since <= due <= filing.until:
                yield due


def due(register: Register, folder: Path, day: dt.date, ahead: int) -> list[Due]:
    """What each institution has to file up to `ahead` days after a day: what comes, what was last
    due, and what was due within a year and is missing although an earlier one was filed."""
    told = filed(folder, register)
    found = []
    for filing in filings(folder):
        for unit in register.institutions.values():
            if unit.category not in filing.categories:
                continue
            name = unit.institution
            every = [
                Due(name, filing, period, when, told.get((name, filing.filing, period)))
                for when in _dates(filing, day - BACK, day + dt.timedelta(ahead))
                for period in (_period(filing, when),)
            ]
            past = [x for x in every if x.day < day]
            first = next((x.day for x in past if x.filed), LAST)
            found += [x for x in past[:-1] if x.filed is None and x.day > first]
            found += past[-1:] + [x for x in every if x.day >= day]
    return sorted(found, key=lambda x: (x.day, x.institution, x.filing.filing))


def to_do(register: Register, folder: Path, day: dt.date, ahead: int) -> list[Due]:
    """What is to be filed up to `ahead` days after a day, filed or not, and what is late. Without
    filed.csv nobody says what was filed, so nothing is known to be late."""
    is_told = (folder / FILED).exists()
    found = due(register, folder, day, ahead)
    return [x for x in found if x.day >= day or (is_told and x.filed is None)]


def checklist(
    register: Register, folder: Path, day: dt.date
) -> list[tuple[str, Duty, Confirmed | None]]:
    """(store, duty, what was confirmed of it) of each duty that a store has on a day."""
    said = confirmed(folder, register)
    return [
        (store, duty, said.get((store, duty.duty)))
        for store in register.stores
        for duty in duties(folder)
        if register.of(store).category in duty.categories and duty.since <= day <= duty.until
    ]
