"""The gain of a platform: whether it changed, and how far it is from what trucks weigh.

What stays in emptied bins may change as well, when a crew does: so empty bins add to what lifts
say, and never speak alone.

Three numbers per weighing: when, by which share the platform shows more than is known, and how well
that is known. An empty bin has its tare and what stayed in it: its share has a level of its own,
and only a change of it tells of the gain. What trucks weigh tells of the gain itself."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from ..common.local_days import DAY_S
from ..metrology import r76
from ..reconcile.robust import median, spread, student
from .model import Cause, Finding, Kind, Known, Quantity, Verdict, within

WINDOW_S = 60 * DAY_S
SIGMAS = 4.0  # of a change at the best of all moments, so that few are of nothing
_BEFORE_N, _AFTER_N = 20, 8  # weighings that a change needs on both sides
_OF_LIFTS = 2.0  # standard deviations that lifts have to say by themselves
_CLIP = 2.5  # standard deviations from the level at which a weighing stops pulling
_LEAST_SHARE = 0.001


class Sample(NamedTuple):
    t: int
    value: float
    error: float


class Change(NamedTuple):
    """By how much (share) since when; error: its standard uncertainty; n: weighings since; lifts:
    standard deviations that lifts alone say, with the sign."""

    t: int
    value: float
    error: float
    n: int
    lifts: float = 0.0

    @property
    def is_agreed(self) -> bool:
        """Whether lifts say the same."""
        return self.lifts * math.copysign(1.0, self.value) >= _OF_LIFTS

    @property
    def sigmas(self) -> float:
        return abs(self.value) / self.error if self.error else 0.0


def samples(known: Known, kind: Kind, since: int, until: int) -> list[Sample]:
    """Shares, with what is far from the others drawn in."""
    found = known.of(kind, since, until)
    if kind is Kind.RETURN:
        raw = [w.off_g / known.tare_g for w in found]
        return _clipped([w.t for w in found], raw, [1.0] * len(raw))
    raw = [w.off_g / w.load_g for w in found]
    return _clipped([w.t for w in found], raw, [1 / w.load_g for w in found])


def _clipped(times: Sequence[int], raw: Sequence[float], scale: Sequence[float]) -> list[Sample]:
    """scale: standard deviations of the weighings, to a common factor, which is found."""
    if not raw:
        return []
    middle = median(raw)
    rest = [(r - middle) / s for r, s in zip(raw, scale, strict=True)]
    most = _CLIP * spread(rest)
    drawn = [max(-most, min(most, r)) for r in rest]
    unit = math.sqrt(sum(r * r for r in drawn) / max(1, len(drawn) - 1))
    return [
        Sample(t, middle + r * s, max(_LEAST_SHARE, unit * s))
        for t, r, s in zip(times, drawn, scale, strict=True)
    ]


def change(lifts: Sequence[Sample], returns: Sequence[Sample]) -> Change | None:
    """The change at the moment that both together make the most of. Each has its own level before
    it."""
    groups = (lifts, returns)
    times = sorted(s.t for g in groups for s in g)
    best: Change | None = None
    for t in sorted({x - x % DAY_S for x in times}):
        weight = value = 0.0
        n, of_lifts = 0, 0.0
        for g in groups:
            i = bisect_left(g, t, key=lambda s: s.t)
            if i < _BEFORE_N or len(g) - i < 1:
                continue
            before, w0 = _mean(g[:i])
            after, w1 = _mean(g[i:])
            w = 1 / (1 / w0 + 1 / w1)
            weight += w
            value += w * (after - before)
            n += len(g) - i
            if g is lifts:
                of_lifts = (after - before) * math.sqrt(w)
        if n >= _AFTER_N and weight:
            made = Change(t, value / weight, 1 / math.sqrt(weight), n, of_lifts)
            if best is None or made.sigmas > best.sigmas:
                best = made
    return best


def _mean(part: Sequence[Sample]) -> tuple[float, float]:
    """Weighted mean, and its weight."""
    weight = sum(1 / s.error**2 for s in part)
    return sum(s.value / s.error**2 for s in part) / weight, weight


def limit_of(known: Known, since: int, until: int) -> float:
    """What R 76 lets a gain be off in service, as a share: it holds at each load up to those
    that usually stand there. 0 where no load is known: an open platform, which has no tare."""
    loads = sorted(w.load_g + known.tare_g for w in known.of(Kind.LIFT, since, until))
    most = loads[len(loads) * 9 // 10] if loads else known.tare_g
    edges = [n * known.e_g for n in (500, 2000) if n * known.e_g < most]
    if most <= 0:
        return 0.0
    return min(r76.in_service_g(load, known.e_g) / load for load in (most, *edges))


def judge(known: Known, now: int) -> Finding:
    """The gain now."""
    since = now - WINDOW_S
    lifts = samples(known, Kind.LIFT, since, now)
    returns = samples(known, Kind.RETURN, since, now)
    limit = limit_of(known, since, now)
    n = len(lifts) + len(returns)
    moved = change(lifts, returns)
    is_moved = moved is not None and moved.is_agreed and 0 < limit < abs(moved.value)
    if moved is not None and is_moved and moved.sigmas >= student(SIGMAS, n):
        text = f"{moved.n} weighings since then say {100 * moved.value:+.2f} % of those before"
        return Finding(
            Quantity.SPAN, Verdict.BEYOND, moved.value, moved.error, limit, n, moved.t,
            Cause.CELL, text,
        )  # fmt: skip
    if len(lifts) < _BEFORE_N:
        text = f"{len(lifts)} lifts that a known truck weighed, {_BEFORE_N} make a gain"
        return Finding(Quantity.SPAN, Verdict.UNKNOWN, limit=limit, n=n, because=text)
    value, weight = _mean(lifts)
    error = math.hypot(1 / math.sqrt(weight), known.truck_error)
    if abs(value) > limit and abs(value) >= student(SIGMAS, len(lifts)) * error:
        text = "so since the first evidence, against the trucks"
        return Finding(
            Quantity.SPAN, Verdict.BEYOND, value, error, limit, n, 0, Cause.CELL, text
        )  # fmt: skip
    return within(Quantity.SPAN, value, error, limit, n)
