"""Series of readings written by hand, as a board makes them."""

from __future__ import annotations

from host.events import Sample

T0 = 1_790_006_400  # midnight in Shanghai


class Series:
    """Builds samples as a board makes them: moving before a step, good after it."""

    def __init__(self, grams: int, t: int = T0) -> None:
        self.t = t
        self.grams = grams
        self.samples: list[Sample] = []
        self.boot = 0
        self.fill: int | None = None
        self._add(None)

    def _add(self, q: str | None, grams: int | None = None) -> None:
        value = self.grams if grams is None else grams
        seq = len(self.samples)
        self.samples.append(Sample(self.t, value, q, "aaaaaaaa", seq, self.boot, self.fill))

    def step(self, grams: int, after: int = 60, takes: int = 10) -> Series:
        self.rest(after)
        self._add("moving")
        self.t += takes
        self.grams += grams
        self._add(None)
        return self

    def to(self, gross: int, after: int = 60) -> Series:
        return self.step(gross - self.grams, after)

    def rest(self, seconds: int) -> Series:
        """Nothing happens; a reading every 300 s."""
        while seconds > 300:
            self.t += 300
            seconds -= 300
            self._add(None)
        self.t += seconds
        return self

    def drift(self, grams: int, every: int = 300) -> Series:
        while grams:
            d = max(-200, min(200, grams))
            grams -= d
            self.grams += d
            self.t += every
            self._add(None)
        return self

    def silence(self, seconds: int) -> Series:
        self.t += seconds
        self._add(None)
        return self

    def fault(self, why: str) -> Series:
        self.t += 60
        self.samples.append(Sample(self.t, None, why, "aaaaaaaa", len(self.samples), self.boot))
        return self
