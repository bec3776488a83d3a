"""Sensors without noise, drift or faults: what `--physics ideal` plays. Small, so that a
board with little memory can be simulated too."""


class LoadCell:
    """counts = zero + kg * counts_per_kg, and the lowest bit that no converter holds still
    (one that does is frozen); the interface of physics.LoadCell."""

    def __init__(self, zero, counts_per_kg, max_kg, mode, seed):
        self._zero = zero
        self._scale = counts_per_kg

    def load(self, ms, kg):
        pass

    def counts(self, ms, kg, centi_c=None):
        k = ms // 100
        return round(self._zero + kg * self._scale) + ((k * 40503 >> 7) & 1)


class Echo:
    """The true distance."""

    def __init__(self, mode, seed):
        pass

    def distance(self, ms, mm):
        return mm
