"""How a bin filled in the past: what came into it, hour by hour, without its emptyings.

Works on the fill (permille) and on the weight (g) alike."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

HOUR_S = 3600
GAP_HOURS = 3  # of so long a silence nobody knows the hours


@dataclass(frozen=True)
class Scale:
    """What counts of a quantity. drop: a fall by so much is an emptying; noise: a rise below it
    is none until it is more."""

    drop: int
    noise: int


FILL, WEIGHT = Scale(200, 20), Scale(3000, 100)


@dataclass
class Growth:
    """first: the hour (since 1970-01-01 UTC) of gained[0]; gained: what had come in by the begin
    of each hour since the first, None where that is not known; value: the last one."""

    first: int = 0
    gained: list[int | None] = field(default_factory=list)
    value: int | None = None

    def between(self, start: int, hours: int) -> int | None:
        """What came in within so many hours from an hour on; None where it is not known."""
        a, b = start - self.first, start - self.first + hours
        if a < 0 or b >= len(self.gained):
            return None
        before, after = self.gained[a], self.gained[b]
        return None if before is None or after is None else after - before

    @property
    def last(self) -> int:
        """The last hour that is known of."""
        return self.first + len(self.gained) - 1


def growth_of(readings: Iterable[tuple[int, int]], scale: Scale) -> Growth:
    """From valid readings (Unix seconds, value) in order of time."""
    drop, noise = scale.drop, scale.noise
    gained: list[int | None] = []
    high = total = hour = first = 0
    before = -1
    value: int | None = None
    for t, value in readings:
        if before < 0:
            first = hour = -(-t // HOUR_S)
            high = value
        while hour * HOUR_S < t:  # what had come in by the reading before the hour
            gained.append(total if t - before <= GAP_HOURS * HOUR_S else None)
            hour += 1
        if value >= high + noise:
            total += value - high
            high = value
        elif value < high - drop:
            high = value
        before = t
    if before == hour * HOUR_S:
        gained.append(total)
    return Growth(first, gained, value)


def of_marks(marks: Sequence[tuple[int, int]], value: int) -> Growth:
    """From (Unix seconds, gained so far) that are far apart: between them it came in evenly."""
    first, last = -(-marks[0][0] // HOUR_S), marks[-1][0] // HOUR_S
    times = [t for t, _ in marks]
    gained: list[int | None] = []
    for hour in range(first, last + 1):
        t = hour * HOUR_S
        i = bisect_right(times, t) - 1
        (t0, before), (t1, after) = marks[i], marks[min(i + 1, len(marks) - 1)]
        gained.append(before + (round((after - before) * (t - t0) / (t1 - t0)) if t1 > t0 else 0))
    return Growth(first, gained, value)
