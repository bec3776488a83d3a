"""One table of a file, whatever kind of file it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Rows = Iterator[tuple[int, list[Any]]]


@dataclass
class Page:
    """name: of the sheet. rows(): (number of the row, its cells), from the first on at each call.
    notes: what a person who looks at it may not see. merged: cells merged over rows, (first row,
    last row, index in the cells). of_1904: its days count from 1904. ragged: its rows may end
    early. uncomputed: row → places of formulas that nobody has computed, read as empty."""

    name: str
    rows: Callable[[], Rows]
    notes: list[str] = field(default_factory=list)
    merged: list[tuple[int, int, int]] = field(default_factory=list)
    of_1904: bool = False
    ragged: bool = False
    uncomputed: dict[int, list[int]] = field(default_factory=dict)
