"""Coefficients of temperature that quiet hours propose for a calibration. A person decides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from . import temperature, zero
from .model import Known
from .temperature import Air, Following, Stretch

_FIT_SHARE = 0.75  # of the quiet stretches, the earlier ones; the others say what is gained
_LEAST_SIGMAS = 3.0
_WORTH = 0.7  # of the drift: what is left has to be less


class Proposal(NamedTuple):
    """zero_g: to be added to the zero at t_c; g_per_c of the bare platform, ppm_per_c of the span,
    in the formula of a board (calibration.fit.Fit). lag_s: how late it follows the air, which a
    board does not know. drift_g: standard deviation within the stretches that were not fitted, of
    which there are n; lagged_g, at_once_g: what is left of it with the lag, and without."""

    t_c: float
    zero_g: float
    g_per_c: float
    ppm_per_c: float
    lag_s: int
    drift_g: float
    lagged_g: float
    at_once_g: float
    n: int

    def counts(self, counts_per_kg: float) -> tuple[int, float]:
        """(zero to be added, zero per °C) in counts."""
        return round(self.zero_g * counts_per_kg / 1000), self.g_per_c * counts_per_kg / 1000


def propose(known: Known, now: int) -> Proposal | None:
    """None where too little is known, or nothing would be gained."""
    seen = zero.look(known, now)
    if known.air is None or seen is None or seen.usual_c is None:
        return None
    found = list(temperature.stretches(known, now - temperature.WINDOW_S, now))
    cut = round(len(found) * _FIT_SHARE)
    fitted, later = found[:cut], found[cut:]
    lagged = temperature.follow(fitted, known.air)
    at_once = temperature.follow(fitted, known.air, (0,))
    if lagged is None or at_once is None or not later:
        return None
    if abs(lagged.zero_per_c) < _LEAST_SIGMAS * lagged.error:
        return None
    drift, with_lag = left(later, known.air, lagged)
    _, without = left(later, known.air, at_once)
    if not drift or with_lag > _WORTH * drift:
        return None
    ppm = 1e6 * at_once.span_per_c
    masses = drift, with_lag, without
    return Proposal(
        seen.usual_c, seen.level, at_once.zero_per_c, ppm, lagged.lag_s, *masses, len(later)
    )


def left(found: Sequence[Stretch], air: Air, fit: Following) -> tuple[float, float]:
    """Standard deviation (g) within quiet stretches, level and even trend taken off: as it is, and
    after a fit. 0 where the air is not known."""
    before, after = [], []
    for s in found:
        warm = [air.at(t, fit.lag_s) for t in s.t]
        known = [c for c in warm if c is not None]
        if len(known) < len(warm):
            continue
        x, y = temperature.even(s.t, known), temperature.even(s.t, s.grams)
        before += y
        after += [b - fit.grams(s.load, a) for a, b in zip(x, y, strict=True)]
    if not before:
        return 0.0, 0.0
    of = (math.sqrt(sum(v * v for v in each) / len(each)) for each in (before, after))
    return next(of), next(of)
