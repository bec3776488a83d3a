"""Quantiles from what happened after the same hour on the days before.

Each past day on which as much is known gives one way things may go. Recent days weigh more, and
more weigh days of the same kind: the same weekday, or days off among days off. Nothing is assumed
of how much comes in when; hours of collection, hours of opening and habits are in the past itself.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ..common.local_days import LOCAL
from .growth import HOUR_S, Growth

BACK_D, HALF_D = 90, 28  # days that are looked at, and after which one weighs half
LEAST_D = 14  # days that have to be known
SAME_WEEKDAY, SAME_KIND = 4.0, 2.0  # times the weight of another day
QUANTILES = (0.1, 0.5, 0.9)
IsOff = Callable[[dt.date], bool]


def weekend(day: dt.date) -> bool:
    """Saturdays and Sundays are off."""
    return day.weekday() >= 5


@dataclass(frozen=True)
class PastDay:
    """What came in after an hour of a past day, and how much it counts."""

    start: int
    weight: float


def past_days(growth: Growth, now: int, hours: int, is_off: IsOff = weekend) -> list[PastDay]:
    """The past days of which so many hours from this one on are known. now: an hour since
    1970-01-01 UTC. Nothing at or after it is looked at. Empty where fewer than LEAST_D are."""
    today = _date(now)
    found = []
    for back in range(1, BACK_D + 1):
        start = now - 24 * back
        if start + hours > now or growth.between(start, hours) is None:
            continue
        day = _date(start)
        weight = 0.5 ** (back / HALF_D)
        if day.weekday() == today.weekday() and is_off(day) == is_off(today):
            weight *= SAME_WEEKDAY
        elif is_off(day) == is_off(today):
            weight *= SAME_KIND
        found.append(PastDay(start, weight))
    return found if len(found) >= LEAST_D else []


def _date(hour: int) -> dt.date:
    return dt.datetime.fromtimestamp(hour * HOUR_S, LOCAL).date()


def quantiles(values: Sequence[float], weights: Sequence[float]) -> tuple[float, float, float]:
    """The values below which 10, 50 and 90 % of the weight lies."""
    ordered = sorted(zip(values, weights, strict=True))
    runs = list(accumulate(weight for _, weight in ordered))
    low, middle, high = (ordered[bisect_left(runs, q * runs[-1] - 1e-12)][0] for q in QUANTILES)
    return low, middle, high


def gain(growth: Growth, now: int, hours: int, is_off: IsOff = weekend) -> Sequence[float] | None:
    """What will come in within so many hours, at 10, 50 and 90 %; None: too little is known."""
    past = past_days(growth, now, hours, is_off)
    if not past:
        return None
    values = [float(growth.between(d.start, hours) or 0) for d in past]
    return quantiles(values, [d.weight for d in past])


def hours_until(
    growth: Growth, now: int, room: int, most: int, is_off: IsOff = weekend
) -> tuple[float | None, float | None, float | None] | None:
    """Hours until so much has come in, at 10, 50 and 90 %: with 10 % it is sooner than the first.
    A quantile is None where it is beyond `most` hours; None alone: too little is known."""
    if room <= 0:
        return 0.0, 0.0, 0.0
    past = past_days(growth, now, most, is_off)
    if not past:
        return None
    beyond = most + 1.0
    times = [_reached(growth, d.start, room, most) or beyond for d in past]
    low, middle, high = quantiles(times, [d.weight for d in past])
    return _within(low, most), _within(middle, most), _within(high, most)


def _within(hours: float, most: int) -> float | None:
    return hours if hours <= most else None


def _reached(growth: Growth, start: int, room: int, most: int) -> float | None:
    """The first hour at which so much had come in; None beyond `most`."""
    low, high = 0, most
    if (growth.between(start, most) or 0) < room:
        return None
    while low < high:  # what has come in never falls
        middle = (low + high) // 2
        got = growth.between(start, middle)
        if got is None:  # a gap within: only its end is known
            low = middle + 1
        elif got >= room:
            high = middle
        else:
            low = middle + 1
    return float(low)
