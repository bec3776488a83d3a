"""Imports a table of figures into the store: all rows or none (`qingyun import-figures`)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from ..common import periods
from ..common.local_days import LOCAL
from ..common.shown import file_name
from ..store import Store
from ..store.figures import Entry, add, history, in_force
from ..tables import TableError, sheet
from ..tables.cells import number
from . import IndicatorError
from .catalog import Catalog, Figure

COLUMNS = ("figure", "period", "value", "unit", "source", "entered_by", "entered_on", "note")
WITHDRAWN = ("撤销", "withdrawn")
_Key = tuple[str, str]  # figure, period
FAR = 20  # times: no figure of a district changes so much from one year or month to the next
MOST = Decimal(10) ** 9  # more than any figure of a district in any of the units


@dataclass
class Imported:
    """The result of an import."""

    added: list[Entry] = field(default_factory=list)
    unchanged: int = 0
    notes: list[str] = field(default_factory=list)  # repairs and supersessions, one line each
    refused: list[str] = field(default_factory=list)  # rows that cannot be imported
    digest: str = ""  # SHA-256 of the file


def _value(text: str, figure: Figure) -> str | None:
    """Decimal text without an exponent, None when withdrawn; ValueError otherwise."""
    if text in WITHDRAWN:
        return None
    expected = f"a {'whole ' if figure.counted else ''}number of 0 or more in {figure.unit}"
    value = number(text)
    if value is None or not 0 <= value <= MOST or (figure.counted and value != int(value)):
        raise ValueError(f"value: expected {expected}, found {text!r}")
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _entry(row: dict[str, str], figures: Catalog, today: dt.date) -> Entry:
    """A checked row; ValueError says column, expected and found."""
    figure = figures.get(row["figure"])
    if figure is None or not {"import"} & set(figure.sources):
        raise ValueError(
            f"figure: expected one that is imported (qingyun import-figures --list), "
            f"found {row['figure']!r}"
        )
    try:
        period = periods.parse(row["period"])
    except ValueError as error:
        raise ValueError(f"period: {error}") from None
    if row["unit"] != figure.unit:
        raise ValueError(f"unit: expected {figure.unit}, found {row['unit']!r}")
    try:
        entered = dt.date.fromisoformat(row["entered_on"])
    except ValueError:
        raise ValueError(f"entered_on: expected YYYY-MM-DD, found {row['entered_on']!r}") from None
    if not period.last < entered <= today:
        raise ValueError(
            f"entered_on: expected a day after {period.last}, when the period is over, "
            f"and not after {today}, found {entered}"
        )
    for column in ("source", "entered_by"):
        if not row[column]:
            raise ValueError(f"{column}: expected a text: a figure needs a source and a person")
    return Entry(
        figure.figure,
        str(period),
        _value(row["value"], figure),
        figure.unit,
        row["source"],
        row["entered_by"],
        str(entered),
        row["note"],
        imported=0,
        file="",
    )


def run(store: Store, figures: Catalog, path: Path, now: int, *, check: bool = False) -> Imported:
    """Check every row of a table, then add what is new; now: Unix seconds. IndicatorError names the
    first mistake; nothing is imported then. check: read only, and name every mistake."""
    try:
        table = sheet.read(path, COLUMNS)
        done = Imported(digest=hashlib.sha256(path.read_bytes()).hexdigest())
        done.notes = table.notes
        _read(table, figures, in_force(store, now), now, done)
    except TableError as error:
        raise IndicatorError(f"{error}; nothing was imported") from None
    if not check:
        if done.refused:
            more = len(done.refused) - 1
            others = f", and {more} more (--check lists them)" if more else ""
            raise IndicatorError(f"{done.refused[0]}{others}; nothing was imported")
        add(store, done.added)
    return done


def _read(
    table: sheet.Sheet, figures: Catalog, before: dict[_Key, Entry], now: int, done: Imported
) -> None:
    """Put each row of a table into `done`, compared with what is in force."""
    name = f"{file_name(table.path)} sha256:{done.digest}"
    today = dt.datetime.fromtimestamp(now, LOCAL).date()
    places: dict[_Key, str] = {}  # file:line
    for line in table.lines():
        try:
            e = _entry(_row(line), figures, today)
            key = e.figure, e.period
            if key in places:
                raise ValueError(f"{e.figure} {e.period} stands in {places[key]} already")
            places[key] = line.where
            old = before.get(key)
            _check_change(e, old)
        except TableError as error:
            done.refused.append(str(error))
            continue
        except ValueError as error:
            done.refused.append(f"{line.where}: {error}")
            continue
        if old is not None and old.value == e.value:
            done.unchanged += 1
            continue
        if (other := _far(e, before)) is not None:
            text = f"{e.value} beside {other.value} of {other.period}: look at the unit"
            done.notes.append(f"{line.where}: {e.figure} {e.period}: {text}")
        done.added.append(replace(e, imported=now, file=name, supersedes=old.id if old else None))
        if old is not None:
            done.notes.append(
                f"{line.where}: {e.figure} {e.period}: {old.value} ({old.entered_by}, "
                f"{old.entered_on}) superseded by {e.value}: {e.note}"
            )


def _far(e: Entry, before: Mapping[_Key, Entry]) -> Entry | None:
    """The latest value of another year or month, where the new one is far from it."""
    others = [
        x
        for (figure, period), x in before.items()
        if figure == e.figure and len(period) == len(e.period) and period != e.period
    ]
    latest = max(others, key=lambda x: x.period, default=None)
    if latest is None or not e.value or not latest.value:
        return None
    low, high = sorted((Decimal(e.value), Decimal(latest.value)))
    return latest if 0 < low * FAR <= high else None


def _row(line: sheet.Line) -> dict[str, str]:
    """The cells of a row. A spreadsheet makes a date of what looks like one: of 2025-03 too."""
    if "value" in line.merged:
        raise line.fail("value", "a number for each row, not one merged over rows")
    row = {c: line.plain(c) if c in _PROSE else line.text(c, optional=True) for c in COLUMNS}
    for column, form in (("period", "%Y-%m"), ("entered_on", "%Y-%m-%d")):
        raw = line.values[column]
        if isinstance(raw, dt.date) and (column != "period" or raw.day == 1):
            row[column] = raw.strftime(form)
            line.note(column, row[column])
    return row


def take_back(store: Store, digest: str, *, by: str, reason: str, now: int) -> list[Entry]:
    """Put in force again what a file superseded, and withdraw what it brought anew; the rows that
    were added. digest: at least the first eight digits of the SHA-256 of the file."""
    if not by.strip() or not reason.strip():
        raise IndicatorError("expected --by and --reason: who takes them back, and why")
    held = in_force(store, now)
    gone = [e for e in held.values() if f" sha256:{digest}" in e.file]
    if len(digest) < 8 or len({e.file for e in gone}) != 1:
        raise IndicatorError(
            "--take-back: expected the first digits of the SHA-256 of one file whose figures are "
            f"in force, found {digest!r}"
        )
    today = dt.datetime.fromtimestamp(now, LOCAL).date().isoformat()
    made = []
    for e in gone:
        before = {x.id: x for x in history(store, e.figure, e.period)}.get(e.supersedes or 0)
        made.append(
            replace(
                before or replace(e, value=None),
                entered_by=by,
                entered_on=today,
                note=reason,
                imported=now,
                supersedes=e.id,
            )
        )
    add(store, made)
    return made


def _check_change(e: Entry, old: Entry | None) -> None:
    """ValueError for a change without a note, or where there is nothing to withdraw."""
    if old is None:
        if e.value is None:
            raise ValueError(f"value: there is no {e.figure} {e.period} to withdraw")
    elif old.value != e.value and not e.note:
        change = f"{e.figure} {e.period} changes from {old.value} to {e.value}"
        raise ValueError(f"note: expected why {change}")


_PROSE = ("source", "entered_by", "note")
