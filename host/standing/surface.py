"""Whether a platform still reacts: nothing comes where people always came, and the weight does not
even tremble."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from ..common.local_days import DAY_S
from ..reconcile.robust import median
from .model import Known

_DAYS = 14  # that say what is usual
LEAST_DAYS = 5
_EXPECTED = 8.0  # events that should have come and did not
_LEAST_S = 6 * 3600
_TREMBLE = 0.3  # of the usual, below which nothing moves at all


def frozen_since(known: Known, now: int) -> int:
    """Unix time since when the platform does not react; 0: it does, or nobody can tell."""
    times = known.activity
    end = bisect_left(times, now)
    if not end:
        return 0
    last = times[end - 1]
    begin = max(times[0], last - _DAYS * DAY_S)
    if now - last < _LEAST_S or last - begin < LEAST_DAYS * DAY_S:
        return 0
    expected = 0.0
    days = (last - begin) / DAY_S
    for t in times[bisect_left(times, begin) : end]:
        expected += _comes_again(t, last, now) / days
    if expected < _EXPECTED:
        return 0
    halves = range(begin, last - 12 * 3600, 12 * 3600)
    usual = [u for t in halves if (u := _tremble(known, t, t + 12 * 3600)) is not None]
    here = _tremble(known, last, now)
    if here is None or not usual:
        return 0
    return last if here < _TREMBLE * median(usual) else 0


def _comes_again(t: int, a: int, b: int) -> int:
    """How often the time of day of t lies in (a, b)."""
    first = a + (t - a) % DAY_S
    return max(0, (b - first + DAY_S - 1) // DAY_S)


def _tremble(known: Known, a: int, b: int) -> float | None:
    """Mean change (g) from reading to reading at rest in [a, b)."""
    q = known.quiet
    i, j = bisect_left(q.t, a), bisect_left(q.t, b)
    if j - i < 12:
        return None
    return _mean([abs(b - a) for a, b in pairwise(q.total[i:j])])


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values)
