"""Imports a CSV of figures into the store: all rows or none (`qingyun import-figures`)."""

from __future__ import annotations

import datetime as dt
import hashlib
import unicodedata
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from ..common import csv_file, periods
from ..common.local_days import LOCAL
from ..store import Store
from ..store.figures import Entry, add, in_force
from . import IndicatorError
from .catalog import Catalog, Figure

COLUMNS = ("figure", "period", "value", "unit", "source", "entered_by", "entered_on", "note")
WITHDRAWN = ("撤销", "withdrawn")
MOST = Decimal(10) ** 9  # more than any figure of a district in any of the units


@dataclass
class Imported:
    """The result of an import."""

    added: list[Entry] = field(default_factory=list)
    unchanged: int = 0
    notes: list[str] = field(default_factory=list)  # repairs and supersessions, one line each


def _read(path: Path) -> csv_file.CsvFile:
    return csv_file.read(path, lambda text: IndicatorError(f"{text}; nothing was imported"))


def _value(text: str, figure: Figure) -> str | None:
    """Decimal text without an exponent, None when withdrawn; ValueError otherwise."""
    if text in WITHDRAWN:
        return None
    expected = f"a {'whole ' if figure.counted else ''}number of 0 or more in {figure.unit}"
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        value = Decimal("NaN")
    whole = value.is_finite() and value == value.to_integral_value()
    if not value.is_finite() or not 0 <= value <= MOST or (figure.counted and not whole):
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


def run(store: Store, figures: Catalog, path: Path, now: int) -> Imported:
    """Check every row of a CSV, then add what is new; now: Unix seconds.

    IndicatorError names the first mistake; nothing is imported then."""
    file = _read(path)
    name = f"{path.name} sha256:{hashlib.sha256(file.data).hexdigest()}"
    done = Imported()
    if file.encoding:
        done.notes.append(f"{path}: not UTF-8, read as {file.encoding}")
    before = in_force(store, now)
    today = dt.datetime.fromtimestamp(now, LOCAL).date()
    places: dict[tuple[str, str], str] = {}  # (figure, period) -> file:line
    for line, raw in file.rows(COLUMNS):
        where = f"{path}:{line}"
        row = _repaired(where, raw, done)
        try:
            e = _entry(row, figures, today)
            key = e.figure, e.period
            if key in places:
                raise ValueError(f"{e.figure} {e.period} stands in {places[key]} already")
            places[key] = where
            old = before.get(key)
            _check_change(e, old)
        except ValueError as error:
            raise IndicatorError(f"{where}: {error}; nothing was imported") from None
        if old is not None and old.value == e.value:
            done.unchanged += 1
            continue
        done.added.append(replace(e, imported=now, file=name, supersedes=old.id if old else None))
        if old is not None:
            done.notes.append(
                f"{where}: {e.figure} {e.period}: {old.value} ({old.entered_by}, "
                f"{old.entered_on}) superseded by {e.value}: {e.note}"
            )
    add(store, done.added)
    return done


def _repaired(where: str, raw: dict[str, str], done: Imported) -> dict[str, str]:
    """The row with full-width characters as half-width in columns without prose."""
    row = {k: unicodedata.normalize("NFKC", v) if k in _PLAIN else v for k, v in raw.items()}
    done.notes += [
        f"{where}: {k}: {raw[k]!r} read as {row[k]!r}" for k in _PLAIN if raw[k] != row[k]
    ]
    return row


def _check_change(e: Entry, old: Entry | None) -> None:
    """ValueError for a change without a note, or where there is nothing to withdraw."""
    if old is None:
        if e.value is None:
            raise ValueError(f"value: there is no {e.figure} {e.period} to withdraw")
    elif old.value != e.value and not e.note:
        change = f"{e.figure} {e.period} changes from {old.value} to {e.value}"
        raise ValueError(f"note: expected why {change}")


_PLAIN = ("figure", "period", "value", "entered_on")
