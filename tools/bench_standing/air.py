"""Air, cells, rain and wind of one site for some weeks, in steps of 5 minutes."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from accuracy.field import synthetic_centi_c

from host.common.local_days import DAY_S

STEP_S = 300


@dataclass
class Air:
    """air, cell: °C; rain: g that falls on a bare platform in a step; wind: g of tremble."""

    start: int
    air: list[float] = field(default_factory=list)
    cell: list[float] = field(default_factory=list)
    rain: list[float] = field(default_factory=list)
    wind: list[float] = field(default_factory=list)

    def at(self, t: int) -> int:
        return min(len(self.air) - 1, max(0, (t - self.start) // STEP_S))


def make(luck: random.Random, start: int, days: int, lag_s: float) -> Air:
    """Weather that comes and goes over days, sun that warms the steel but not the thermometer,
    cells that follow late."""
    made = Air(start)
    weather, cell, sun = luck.gauss(0, 3), None, 0.0
    gusts, storm = 0.0, 0.0
    sunny = luck.uniform(0, 4)
    for i in range(days * DAY_S // STEP_S):
        t = start + i * STEP_S
        weather += -weather / 500 + luck.gauss(0, 0.2)
        if i % 288 == 0:
            sun = luck.choice((0.0, sunny))
            storm = luck.expovariate(1 / 6.0)
        air = synthetic_centi_c(t * 1000) / 100 + weather
        hour = (t + 8 * 3600) % DAY_S / 3600
        warm = air + sun * max(0.0, math.sin(math.pi * (hour - 7) / 11)) if 7 < hour < 18 else air
        cell = warm if cell is None else cell + (warm - cell) * (1 - math.exp(-STEP_S / lag_s))
        gusts += (storm * (1.5 if 9 < hour < 19 else 0.6) - gusts) / 12
        made.air.append(air + luck.gauss(0, 0.06))
        made.cell.append(cell)
        made.wind.append(max(0.0, gusts))
        made.rain.append(0.0)
    return made
