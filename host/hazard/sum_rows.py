"""Compares the sums that a table has (合计, 小计) with the rows that they add up."""

from __future__ import annotations

from decimal import Decimal

from ..tables.cells import number, text
from ..tables.sheet import Line, Sheet


class SumRows:
    """Give it each row in order, then end(). What does not fit becomes a note."""

    def __init__(self, table: Sheet, column: str) -> None:
        self._table, self._column = table, column
        self._seen = 0
        self._all = self._part = Decimal(0)

    def add(self, line: Line) -> None:
        """A row that is no sum."""
        self.end()
        value = _value(line, self._column) or Decimal(0)
        self._all += value
        self._part += value

    def end(self) -> None:
        """Compare the sums since the last row."""
        for line in self._table.sums[self._seen :]:
            value = _value(line, self._column)
            if value is not None and value not in (self._all, self._part):
                text = f"all rows above add up to {self._all}, it says {value}"
                self._table.notes.append(f"{line.where}: {self._column}: {text}")
            self._part = Decimal(0)
        self._seen = len(self._table.sums)


def _value(line: Line, column: str) -> Decimal | None:
    try:
        return number(text(line.values.get(column)))
    except ValueError:
        return None
