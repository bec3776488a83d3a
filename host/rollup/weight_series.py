"""The readings of a board as one series for each weight channel."""

from __future__ import annotations

from ..events.sample_columns import Series, breaks_of, series
from ..store import Columns
from ..store.calibrations import Correct


class WeightSeries:
    """Series from the columns of a board; what its channels have in common is found once."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._breaks = breaks_of(columns.t, columns.life, columns.boot)
        self._in_order = columns.in_order

    def of(self, channel: str, fill_channel: str, correct: Correct | None) -> Series:
        """One weight channel in grams, as corrections have it, with the fill sensor that
        looks into the same bin (permille): the readings that tell of it."""
        columns = self._columns
        q = {
            i: why for i, reasons in columns.q.items() if (why := reasons.get(channel)) is not None
        }
        grams = columns.values.get(channel) or [None] * len(columns)
        if correct:
            cells = zip(columns.stream, columns.seq, grams, strict=True)
            grams = [g if g is None else correct(s, n, g) for s, n, g in cells]
        fill = columns.values.get(fill_channel)
        if fill and (bad := [i for i, reasons in columns.q.items() if fill_channel in reasons]):
            fill = fill.copy()
            for i in bad:
                fill[i] = None
        made = Series(
            columns.t, grams, q, columns.life, columns.seq, columns.boot, fill, self._breaks
        )
        if None in grams and not all(i in q for i, g in enumerate(grams) if g is None):
            made = made.of([i for i, g in enumerate(grams) if g is not None or i in q])
        return made if self._in_order else series(iter(made))
