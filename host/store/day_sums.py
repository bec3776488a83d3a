"""SQL of the sums of days over all platforms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from . import claims
from .database import Database


def find(db: Database, first: int, last: int) -> dict[int, tuple[str, str]]:
    """Day → (made_with, body), of those from first to last that are kept."""
    sql = "SELECT day, made_with, body FROM day_sum WHERE day BETWEEN ? AND ?"
    return {int(day): (str(made), str(body)) for day, made, body in db.query(sql, (first, last))}


@contextmanager
def keeping(db: Database) -> Iterator[None]:
    """Within it nobody else writes figures, so that what is read and kept is of one moment."""
    with db.transaction():
        claims.alone(db)
        yield


def keep(db: Database, rows: Iterable[tuple[int, str, str]]) -> None:
    """(day, made_with, body) of days, within keeping()."""
    db.insert("day_sum", "day, made_with, body", list(rows), key="day")


def drop(db: Database, days: Iterable[int]) -> None:
    """Those of days whose figures are others now."""
    db.remove("day_sum", "day", [(day,) for day in sorted(set(days))])
