"""By how much a zero that follows the air is steadier once what quiet hours told is taken off.

Fitted to the days before `until_d`, measured on those after it, on which nothing was fitted: each
half hour the true error of the bare platform (cell temperature times what the cell truly does),
less its mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from host.common.local_days import DAY_S
from host.standing import temperature
from host.standing.model import Known

from . import air, world
from .platform import Told

FACTOR = 5.0


class Drift(NamedTuple):
    """Standard deviations in g: as it is, with the lag, with the air as it is measured."""

    bare: float
    lagged: float
    at_once: float


def measure(one: Told, known: Known, made: world.World, until_d: int) -> Drift | None:
    """None where quiet hours did not tell."""
    until = made.start + until_d * DAY_S
    found = list(temperature.stretches(known, made.start, until))
    if known.air is None or one.planted.kind != "none":
        return None
    with_lag = temperature.follow(found, known.air)
    without = temperature.follow(found, known.air, (0,))
    if with_lag is None or without is None:
        return None
    true, lagged, at_once = [], [], []
    for i in range((until - made.start) // air.STEP_S, len(made.around.cell), 6):
        t = made.start + i * air.STEP_S
        zero = one.per_c * made.around.cell[i]
        a, b = known.air.at(t, with_lag.lag_s), known.air.at(t)
        assert a is not None and b is not None
        true.append(zero)
        lagged.append(zero - with_lag.zero_per_c * a)
        at_once.append(zero - without.zero_per_c * b)
    return Drift(_spread(true), _spread(lagged), _spread(at_once))


def _spread(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))


def report(found: Sequence[Drift]) -> tuple[str, bool]:
    """A line, and whether the goal is met by the whole: root mean squares."""
    if not found:
        return "drift of the zero with the air: nothing to measure", False

    def whole(of: Sequence[float]) -> float:
        return math.sqrt(sum(v * v for v in of) / len(of))

    bare, lagged, at_once = (whole([d[i] for d in found]) for i in range(3))
    each = median([d.bare / d.lagged for d in found])
    share = sum(d.bare >= FACTOR * d.lagged for d in found) / len(found)
    line = (
        f"drift of the zero with the air, {len(found)} platforms, days after the fit: {bare:.1f} g;"
        f" with the lag {lagged:.1f} g (a {bare / lagged:.1f}th; median {each:.1f},"
        f" {FACTOR:g} or more of {100 * share:.0f} %); without the lag {at_once:.1f} g"
        f" (a {bare / at_once:.1f}th)"
    )
    return line, bare >= FACTOR * lagged
