"""Platforms of a hazardous store: weights go up and down as a board tells them."""

from __future__ import annotations

from dataclasses import dataclass, field

from host.readings.messages import Reading
from host.store import Batch, Store

EVERY_S = 300


@dataclass
class DrumBoard:
    """One board with platforms w1, w2 … and other channels; weights gross in g."""

    device: str
    site: str
    t: int
    values: dict[str, int]
    life: str = "cccccccc"
    seq: int = 0
    readings: list[Reading] = field(default_factory=list)

    def _say(self, q: dict[str, str] | None = None) -> None:
        self.readings.append(
            Reading(self.life, self.seq, 0, self.t, None, dict(self.values), q or {})
        )
        self.seq += 1

    def until(self, t: int) -> DrumBoard:
        """Nothing happens; a reading every 300 s."""
        while self.t + EVERY_S <= t:
            self.t += EVERY_S
            self._say()
        self.t = max(self.t, t)
        return self

    def step(self, t: int, channel: str, grams: int) -> DrumBoard:
        """Something is put on at t, or taken off."""
        self.until(t)
        self._say({channel: "moving"})
        self.t += 20
        self.values[channel] += grams
        self._say()
        return self

    def silence(self, t: int) -> DrumBoard:
        """Says nothing until t."""
        self.t = t
        self._say()
        return self

    def store(self, store: Store) -> None:
        store.add(Batch(readings=[(self.device, self.site, r) for r in self.readings]), self.t)
        store.compact(self.t)
        self.readings = []
