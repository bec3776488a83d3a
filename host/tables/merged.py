"""Cells that are merged over rows: each of the rows has their value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .page import Page

Begun = list[tuple[int, int, object]]  # cells merged over rows: last row, column, value


def filled(page: Page, merged: Merged) -> Iterator[tuple[int, list[Any], Begun]]:
    """(number, trimmed cells, merged cells that begin) of every row that is not empty, with what is
    merged over rows in each of them."""
    for number, values in page.rows():
        trimmed = [v.strip() if isinstance(v, str) else v for v in values]
        if any(v not in (None, "") for v in trimmed):
            begun = merged.fill(number, trimmed)
            yield number, trimmed, begun


class Merged:
    """Cells merged over rows: (first row, last row, column), as rows go by."""

    def __init__(self, ranges: Sequence[tuple[int, int, int]]) -> None:
        self._waiting = sorted(ranges, reverse=True)
        self._open: dict[int, tuple[int, object]] = {}  # column -> last row, its value

    def fill(self, number: int, values: list[Any]) -> Begun:
        """Put the value of the first row into the rows below it; what begins in this row."""
        begun: Begun = []
        self._open = {c: held for c, held in self._open.items() if held[0] >= number}
        for column, (_, value) in self._open.items():
            if column < len(values):
                values[column] = value
        while self._waiting and self._waiting[-1][0] <= number:
            first, last, column = self._waiting.pop()
            if last >= number:
                value = values[column] if first == number and column < len(values) else ""
                self._open[column] = last, value
                begun.append((last, column, value))
        return begun

    def of(self, number: int, width: int) -> list[int]:
        """The columns that are merged in this row."""
        return [c for c, (last, _) in self._open.items() if last >= number and c < width]
