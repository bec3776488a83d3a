"""The readings of a board as one series for each weight channel."""

from __future__ import annotations

from collections import defaultdict

from ..events.sample_columns import Series, breaks_of, series
from ..store import Columns
from ..store.calibrations import Correct


class WeightSeries:
    """Series from the columns of a board; what its channels have in common is found once."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._breaks = breaks_of(columns.t, columns.life, columns.boot)
        self._in_order = columns.in_order
        self._q: dict[str, dict[int, str]] = defaultdict(dict)
        for i, reasons in columns.q.items():
            for channel, why in reasons.items():
                self._q[channel][i] = why

    def of(self, channel: str, fill_channel: str, correct: Correct | None) -> Series:
        """One weight channel in grams, as corrections have it, with the fill sensor that
        looks into the same bin (permille): the readings that tell of it."""
        columns, q = self._columns, self._q.get(channel, {})
        grams = columns.values.get(channel) or [None] * len(columns)
        if correct:
            cells = zip(columns.stream, columns.seq, grams, strict=True)
            grams = [g if g is None else correct(s, n, g) for s, n, g in cells]
        fill = columns.values.get(fill_channel)
        if fill and (bad := self._q.get(fill_channel)):
            fill = fill.copy()
            for i in bad:
                fill[i] = None
        made = Series(
            columns.t, grams, q, columns.life, columns.seq, columns.boot, fill, self._breaks
        )
        if None in grams and not all(i in q for i, g in enumerate(grams) if g is None):
            made = made.of([i for i, g in enumerate(grams) if g is not None or i in q])
        return made if self._in_order else series(iter(made))
