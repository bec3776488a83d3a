"""Readings of whole days, put into a store as boards would have published them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from host.readings.messages import Reading
from host.rollup import day_bounds
from host.store import Batch, Store

STEP_S = 300  # a board speaks at least as often


@dataclass(frozen=True)
class Haul:
    """What one bin is given at 08:00 and, if lifted, loses at 10:00, in g; tare_g as in the
    registry."""

    channel: str
    tare_g: int
    grams: int
    lifted: bool = True


@dataclass
class Board:
    """One board's life; seq goes on from day to day."""

    device: str
    site: str
    life: str = "aaaaaaaa"
    seq: int = 0
    step_s: int = STEP_S
    readings: list[Reading] = field(default_factory=list)

    def day(self, date: dt.date, hauls: list[Haul], fill: dict[str, int] | None = None) -> None:
        """A day seen from end to end. A haul of 0 g: the bin stands there and nothing comes."""
        start, end = day_bounds(date)
        steps = [*range(start, end, self.step_s), end - 1]
        weights = {h.channel: h.tare_g for h in hauls}
        for t in steps:
            if t == start + 8 * 3600:
                self._move(t, weights, {h.channel: h.tare_g + h.grams for h in hauls if h.grams})
            elif t == start + 10 * 3600:
                lifted = [h for h in hauls if h.grams and h.lifted]
                self._move(t, weights, {h.channel: 0 for h in lifted})
                self._move(t + 40, weights, {h.channel: h.tare_g for h in lifted})
            else:
                self._read(t, weights | (fill or {}), {})

    def _move(self, t: int, weights: dict[str, int], after: dict[str, int]) -> None:
        """The stable weight before the motion, then the one after it."""
        if after:
            self._read(t, weights, dict.fromkeys(after, "moving"))
            weights.update(after)
        self._read(t + 8, weights, {})

    def _read(self, t: int, values: dict[str, int], q: dict[str, str]) -> None:
        self.readings.append(Reading(self.life, self.seq, 0, t, None, dict(values), q))
        self.seq += 1

    def store(self, store: Store) -> None:
        store.add(
            Batch(readings=[(self.device, self.site, r) for r in self.readings]),
            self.readings[-1].t or 0,
        )
        store.compact()
        self.readings = []
