"""SQL of the last forecast of each bin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from . import Store


class ForecastRow(NamedTuple):
    """As the columns of forecast; times in Unix seconds, masses in g, full* in minutes."""

    bin: str
    made: int
    until: int
    fill: int | None
    net: int | None
    full10: int | None
    full50: int | None
    full90: int | None
    kg10: int | None
    kg50: int | None
    kg90: int | None
    basis: str


_COLUMNS = ", ".join(ForecastRow._fields)


def replace(store: Store, rows: Iterable[ForecastRow]) -> None:
    """Let these be the forecast of their bins; the others stay."""
    held = sorted(rows, key=lambda row: row.bin)
    with store.database.transaction():
        store.database.insert("forecast", _COLUMNS, held, key="bin")


def latest(store: Store) -> list[ForecastRow]:
    """Of every bin, by name."""
    sql = f"SELECT {_COLUMNS} FROM forecast ORDER BY bin"  # noqa: S608
    return [ForecastRow(*row) for row in store.database.query(sql)]
