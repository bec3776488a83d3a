"""Figures that people bring: append-only, the latest of a figure and period is in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import Store

_COLUMNS = (
    "figure, period, value, unit, source, entered_by, entered_on, note, imported, file, supersedes"
)


@dataclass(frozen=True)
class Entry:
    """One stated value; value None: withdrawn. supersedes: the id whose place it takes."""

    figure: str
    period: str
    value: str | None
    unit: str
    source: str
    entered_by: str
    entered_on: str
    note: str
    imported: int
    file: str
    supersedes: int | None = None
    id: int = 0


def add(store: Store, entries: Sequence[Entry]) -> None:
    """All or none. supersedes must name the row in force, or be None where there is none."""
    _insert(
        store,
        f"INSERT INTO figure ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608
        [
            (
                *(e.figure, e.period, e.value, e.unit, e.source, e.entered_by, e.entered_on),
                *(e.note, e.imported, e.file, e.supersedes),
            )
            for e in entries
        ],
    )


def history(store: Store, figure: str, period: str) -> list[Entry]:
    """Every row of a figure and period, oldest first."""
    return _entries(store, "figure=? AND period=?", (figure, period))


def in_force(store: Store, until: int) -> dict[tuple[str, str], Entry]:
    """(figure, period) -> what was in force at the end of second `until`."""
    return {(e.figure, e.period): e for e in _entries(store, "imported<=?", (until,))}


# What these two do is all that is asked of the database.


def _insert(store: Store, sql: str, rows: Sequence[Sequence[object]]) -> None:
    db = store.database
    with db.transaction():
        db.many(sql, rows)


def _entries(store: Store, where: str, values: Sequence[object]) -> list[Entry]:
    sql = f"SELECT {_COLUMNS}, id FROM figure WHERE {where} ORDER BY id"  # noqa: S608
    return [Entry(*row) for row in store.database.query(sql, values)]
