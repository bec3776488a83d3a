"""Compares the sums that a table has (合计, 小计) with the rows that they add up."""

from __future__ import annotations

from decimal import Decimal

from ..tables.cells import number, text
from ..tables.sheet import Line, Sheet


class SumRows:
    """Give it each row in order, then end(). What does not fit becomes a note. A sum above all rows
    is that of all."""

    def __init__(self, table: Sheet, column: str) -> None:
        self._table, self._column = table, column
        self._seen = self._rows = 0
        self._above: list[Line] = []
        self._all = self._part = Decimal(0)

    def add(self, line: Line) -> None:
        """A row that is no sum."""
        self._compare()
        self._rows += 1
        value = _value(line, self._column) or Decimal(0)
        self._all += value
        self._part += value

    def end(self) -> None:
        """Compare the sums since the last row, and those above the first."""
        self._compare()
        for line in self._above:
            self._say(line, (self._all,), "below")

    def _compare(self) -> None:
        for line in self._table.sums[self._seen :]:
            if self._rows:
                self._say(line, (self._all, self._part), "above")
            else:
                self._above.append(line)
            self._part = Decimal(0)
        self._seen = len(self._table.sums)

    def _say(self, line: Line, right: tuple[Decimal, ...], where: str) -> None:
        value = _value(line, self._column)
        if value is not None and value not in right:
            text = f"all rows {where} add up to {self._all}, it says {value}"
            self._table.notes.append(f"{line.where}: {self._column}: {text}")


def _value(line: Line, column: str) -> Decimal | None:
    try:
        return number(text(line.values.get(column)))
    except ValueError:
        return None
