"""What stands, lies and burns at a point, and the readings that its board makes of it.

Four bins on scales with fill sensors, one thermometer. Beside the troubles there is what looks
like them: rain in the bins, sun on the thermometer, an echo that fails once, a waste bag beside
the hours, a reading that comes late."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from .plan import DAY, HOUR, Plant

STREAMS = ("干垃圾", "湿垃圾", "可回收物", "有害垃圾")
VOLUME_L, TARE_G, MAX_G, EVERY_S = 240, 12_500, 150_000, 300
_DAILY_KG = (14.0, 45.0, 5.0, 0.4)  # put in by a usual day
_KG_PER_L = (0.16, 0.55, 0.08, 0.2)
WINDOWS = ((7 * HOUR, 9 * HOUR), (18 * HOUR, 20 * HOUR))
_COLLECTED = 10 * HOUR  # of the day
Reading = tuple[int, dict[str, int], dict[str, str]]  # Unix seconds, values, marks


@dataclass
class Point:
    """A point over a month. mass: g in each bin; extra: g of what makes no volume."""

    n: int
    start: int
    plants: list[Plant]
    rng: random.Random
    mass: list[float] = field(default_factory=lambda: [0.0] * 4)
    extra: list[float] = field(default_factory=lambda: [0.0] * 4)
    rate: list[float] = field(default_factory=list)  # of the usual
    put_in: list[float] = field(default_factory=lambda: [0.0] * 4)  # of the day, g
    emptied: dict[int, int] = field(default_factory=dict)  # bin → day
    lifted: dict[int, int] = field(default_factory=dict)  # bin → until when it is off its platform
    days: list[list[int]] = field(default_factory=list)  # g put in, of each day over
    _rain: tuple[int, int, float] = (0, 0, 0.0)
    _sun: tuple[int, int] = (0, 0)
    _now: int = 0

    def __post_init__(self) -> None:
        self.rate = [self.rng.uniform(0.5, 1.3) for _ in STREAMS]
        self.offset = self.rng.randrange(EVERY_S)

    def active(self, kind: str, t: int) -> Plant | None:
        """The trouble of a kind that is under way at Unix time t."""
        return next((p for p in self.plants if p.kind == kind and p.start <= t < p.end), None)

    def readings(self, day: int) -> Iterator[Reading]:
        """What the board measures on a day, each 5 min."""
        begin = self.start + day * DAY
        busy = self.rng.gauss(1.0, 0.12) * (1.15 if day % 7 in (5, 6) else 1.0)
        self._weather(begin)
        near = [p for p in self.plants if p.start < begin + DAY and p.end > begin]
        for at in range(self.offset, DAY, EVERY_S):
            t = begin + at
            self._pass_time(t, at, busy, near)
            if not any(p.kind == "offline" and p.start < t < p.end for p in near):
                yield self._measure(t, near)
        self.days.append([round(g) for g in self.put_in])
        self.put_in = [0.0] * 4

    def _weather(self, begin: int) -> None:
        rng = self.rng
        self._rain = (0, 0, 0.0)
        if rng.random() < 0.3:
            at = begin + rng.randrange(DAY - 4 * HOUR)
            self._rain = at, at + 3 * HOUR, rng.uniform(100, 900) / (3 * HOUR)  # g a second
        at = begin + 11 * HOUR + rng.randrange(4 * HOUR)
        self._sun = at, at + rng.randrange(1200, 5400)

    def _pass_time(self, t: int, at: int, busy: float, near: list[Plant]) -> None:
        rng = self.rng
        is_open = any(a <= at < b for a, b in WINDOWS)
        more = 1.0
        if any(p.kind == "unlike" and t < p.start + DAY for p in near):
            more = 0.0 if self.n % 2 or self.rate[1] > 0.6 else 4.0  # as much as goes in
        for i, kg in enumerate(_DAILY_KG):
            put = 0.0
            if is_open:
                steps = 4 * HOUR / EVERY_S
                put = 1000 * kg * self.rate[i] * busy * more / steps * rng.expovariate(1.0)
            elif rng.random() < 0.0005:
                put = rng.uniform(300, 1500)  # a bag outside the hours
            room = 0.85 * VOLUME_L * 1000 * _KG_PER_L[i] - self.mass[i]
            put = max(0.0, min(put, room))
            self.mass[i] += put
            self.put_in[i] += put
            if self._rain[0] <= t < self._rain[1]:
                self.extra[i] += self._rain[2] * EVERY_S
        if at // EVERY_S == _COLLECTED // EVERY_S:
            self._collect(t, near)
        self._at_night(t, at, near)
        for p in near:
            if p.start <= t < p.start + EVERY_S and p.kind in ("outside", "load", "density"):
                kg = {"outside": rng.uniform(7, 15), "load": 145.0, "density": 80.0}[p.kind]
                self.extra[p.bin] += 1000 * kg

    def _collect(self, t: int, near: list[Plant]) -> None:
        for i in range(4):
            if not any(p.kind == "uncollected" and p.bin == i and t < p.end - DAY for p in near):
                self.mass[i] = self.extra[i] = 0.0
                self.emptied[i] = (t - self.start) // DAY
                self.lifted[i] = t + EVERY_S

    def _at_night(self, t: int, at: int, near: list[Plant]) -> None:
        """Somebody empties the bin of food waste, or only moves a bin and puts it back."""
        for p in near:
            if p.kind == "lifted" and p.start <= t < p.start + EVERY_S:
                self.mass[p.bin] = self.extra[p.bin] = 0.0
                self.lifted[p.bin] = t + 2 * EVERY_S
        if at < 4 * HOUR and self.rng.random() < 0.001:
            self.lifted[self.rng.randrange(4)] = t + EVERY_S

    def fill(self, i: int, t: int) -> float:
        """How full a bin is, as a share."""
        if any(p.kind == "full" and p.bin == i and p.start <= t < p.end for p in self.plants):
            return 0.98
        return self.mass[i] / 1000 / _KG_PER_L[i] / VOLUME_L + 0.25 * (self.extra[i] > 70_000)

    def _measure(self, t: int, near: list[Plant]) -> Reading:
        rng, values, marks = self.rng, dict[str, int](), dict[str, str]()
        for i in range(4):
            away = any(p.kind == "away" and p.bin == i and p.start <= t < p.end for p in near)
            away = away or t < self.lifted.get(i, 0)
            gross = 0.0 if away else TARE_G + self.mass[i] + self.extra[i]
            bad = any(p.kind == "fault" and p.bin == i and p.start <= t < p.end for p in near)
            if bad:
                marks[f"w{i + 1}"] = "not_ready"
            else:
                values[f"w{i + 1}"] = round(gross / 10 + rng.gauss(0, 1.0)) * 10
            fill = self.fill(i, t) + rng.gauss(0, 0.008)
            values[f"f{i + 1}"] = max(0, min(1000, round(1000 * fill)))
            if rng.random() < 0.01:
                marks[f"f{i + 1}"] = "no_echo"
        values["c1"] = round(100 * self._temperature(t, near))
        return t, values, marks

    def _temperature(self, t: int, near: list[Plant]) -> float:
        c = 22 + 7 * math.sin(2 * math.pi * (t - self.start - 9 * HOUR) / DAY)
        begin, end = self._sun
        if begin <= t < end:  # the sun comes round the corner
            c += 5 * (1 - math.exp(-(t - begin) / 900))
        for p in near:
            if p.kind == "rise" and p.start <= t < p.end:
                c += min(40.0, (t - p.start) / 60 * 2.5)
        return c + self.rng.gauss(0, 0.05)
