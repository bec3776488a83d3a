"""How a platform follows the air: grams per °C, and how late, from hours in which nobody came.

Cells lie in steel, and steel is warm later than the air: what counts is the air as a filter of the
first order with one time constant, the lag, has it. In each quiet stretch the level and an even
trend are taken off both, since waste dries and water runs out evenly; what is left of the weight is
fitted to what is left of the air, for each lag, and the lag that leaves least is taken."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..common.local_days import DAY_S
from ..reconcile.robust import median
from .model import Known

LAGS_S = (0, 1800, 3600, 5400, 7200, 9000, 10800)
WINDOW_S = 60 * DAY_S
_AGAIN_S = 7 * DAY_S  # it is fitted anew once in so long: the same for every moment between
_LEAST_S, _STEP_S = 9_000, 1_800  # of a quiet stretch, and of one point in it
_LEAST_STRETCHES = 12
_SILENT_S = 3_600  # without a thermometer reading the filter begins anew
_FAR = 3.0
USUAL_LAG_S = 3_600
_SPAN_KNOWN_G = 30_000  # as if loads differed by as much more, of which the span did nothing


class Air:
    """What a thermometer measured, (Unix time, °C) by time, and the same as cells feel it."""

    def __init__(self, measured: Sequence[tuple[int, float]]) -> None:
        self.t = [t for t, _ in measured]
        self._by_lag = {0: [c for _, c in measured]}

    def at(self, t: int, lag_s: int = 0) -> float | None:
        """°C through a filter of the first order; None where it is not known."""
        i = bisect_right(self.t, t) - 1
        if i < 0 or t - self.t[i] > _SILENT_S:
            return None
        if lag_s not in self._by_lag:
            self._by_lag[lag_s] = self._filtered(lag_s)
        return self._by_lag[lag_s][i]

    def _filtered(self, lag_s: int) -> list[float]:
        made: list[float] = []
        last, value = 0, 0.0
        for t, c in zip(self.t, self._by_lag[0], strict=True):
            took = t - last
            begins = not made or took > _SILENT_S
            value = c if begins else value + (c - value) * (1 - math.exp(-took / lag_s))
            made.append(value)
            last = t
        return made


@dataclass(frozen=True)
class Stretch:
    """Quiet hours: grams and times of points, and the load (g) that stood there."""

    t: tuple[int, ...]
    grams: tuple[float, ...]
    load: float


@dataclass(frozen=True)
class Following:
    """zero_per_c: g per °C of the bare platform, with its standard uncertainty; span_per_c: share
    per °C; lag_s; drift_g, left_g: standard deviation within quiet stretches before and after;
    stretches: it rests on so many."""

    zero_per_c: float
    error: float
    span_per_c: float
    lag_s: int
    drift_g: float
    left_g: float
    stretches: int

    def grams(self, load: float, warmer: float) -> float:
        """What so many °C add to the weight of a load."""
        return (self.zero_per_c + self.span_per_c * load) * warmer


def fitted_until(now: int) -> int:
    """The last whole week before Unix time now."""
    return now - now % _AGAIN_S


def of(known: Known, now: int) -> Following | None:
    """What was known at the last whole week before now."""
    until = fitted_until(now)
    if until not in known.fitted:
        found = list(stretches(known, until - WINDOW_S, until))
        known.fitted[until] = follow(found, known.air) if known.air else None
    kept: Following | None = known.fitted[until]
    return kept


def stretches(known: Known, since: int, until: int) -> Iterator[Stretch]:
    """Quiet stretches between what happened."""
    q = known.quiet
    marks = [since, *(t for t in known.activity if since < t < until), until]
    for a, b in pairwise(marks):
        if b - a < _LEAST_S:
            continue
        i, j = bisect_left(q.t, a + 600), bisect_left(q.t, b - 60)
        if j - i < 6 or q.t[j - 1] - q.t[i] < _LEAST_S:
            continue
        made = _points(q.t[i:j], q.total[i:j])
        if made is not None:
            yield Stretch(*made, median([float(g) for g in q.grams[i:j]]))


def _points(
    t: Sequence[int], grams: Sequence[int]
) -> tuple[tuple[int, ...], tuple[float, ...]] | None:
    """Medians over half an hour; None where some of it is missing."""
    times, values = [], []
    k, n = 0, len(t)
    while k < n:
        end = bisect_left(t, t[k] - t[k] % _STEP_S + _STEP_S)
        times.append((t[k] + t[end - 1]) // 2)
        values.append(median([float(g) for g in grams[k:end]]))
        k = end
    if len(times) < 5 or any(b - a > 2 * _STEP_S for a, b in pairwise(times)):
        return None
    return tuple(times), tuple(values)


def follow(found: Sequence[Stretch], air: Air, lags: Sequence[int] = LAGS_S) -> Following | None:
    """The best of all lags; None where there is too little."""
    best: Following | None = None
    moved = [even(s.t, s.grams) for s in found]
    for lag in lags:
        made = _with_lag(found, moved, air, lag)
        if made is not None and (best is None or made.left_g < best.left_g):
            best = made
    return best


def _with_lag(
    found: Sequence[Stretch], moved: Sequence[list[float]], air: Air, lag: int
) -> Following | None:
    """moved: what even() leaves of the weight of each."""
    parts: list[tuple[float, list[float], list[float]]] = []
    for s, y in zip(found, moved, strict=True):
        warm = [air.at(t, lag) for t in s.t]
        known = [c for c in warm if c is not None]
        if len(known) == len(warm):
            parts.append((s.load, even(s.t, known), y))
    if len(parts) < _LEAST_STRETCHES:
        return None
    middle = median([load for load, _, _ in parts])
    zero = span = 0.0
    limit = math.inf
    for _ in range(3):
        kept = [p for p in parts if _rms(_left(p, zero, span, middle)) <= limit]
        zero, span, weight = _solve(kept, middle)
        rest = [_rms(_left(p, zero, span, middle)) for p in parts]
        limit = _FAR * median(rest)
    left = median(rest)
    drift = median([_rms(y) for _, _, y in parts])
    # Points half an hour apart are not independent: a stretch counts as a few of them.
    error = left * math.sqrt(6) / math.sqrt(weight) if weight else math.inf
    at_zero = zero - span * middle
    return Following(at_zero, error, span, lag, drift, left, len(kept))


def _left(
    p: tuple[float, list[float], list[float]], zero: float, span: float, middle: float
) -> list[float]:
    load, x, y = p
    per_c = zero + span * (load - middle)
    return [b - per_c * a for a, b in zip(x, y, strict=True)]


def _solve(
    parts: Sequence[tuple[float, list[float], list[float]]], middle: float
) -> tuple[float, float, float]:
    """g per °C at the middle load, change of that per g, and the sum of squares (°C²)."""
    xx = xxl = xxll = xy = xyl = 0.0
    for load, x, y in parts:
        more = load - middle
        a = sum(v * v for v in x)
        b = sum(u * v for u, v in zip(x, y, strict=True))
        xx, xxl, xxll = xx + a, xxl + a * more, xxll + a * more * more
        xy, xyl = xy + b, xyl + b * more
    xxll += xx * _SPAN_KNOWN_G**2
    d = xx * xxll - xxl * xxl
    if d <= 0:
        return 0.0, 0.0, 0.0
    return (xy * xxll - xyl * xxl) / d, (xx * xyl - xxl * xy) / d, xx


def even(t: Sequence[int], values: Sequence[float]) -> list[float]:
    """Values less their level and even trend."""
    n = len(values)
    mid_t, mid_v = sum(t) / n, sum(values) / n
    square = sum((x - mid_t) ** 2 for x in t)
    trend = sum((x - mid_t) * (v - mid_v) for x, v in zip(t, values, strict=True)) / square
    return [v - mid_v - trend * (x - mid_t) for x, v in zip(t, values, strict=True)]


def _rms(values: Sequence[float]) -> float:
    return math.sqrt(sum(v * v for v in values) / len(values))
