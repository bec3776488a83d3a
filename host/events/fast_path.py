"""Stretches in which nothing happens, in one go: most of a day is that.

skip() does to a state exactly what stream does with each of the readings that it passes
over. It stops before whatever is more than the same load with a little noise: a motion, a
fault, a gap, a jump, a status that changes, a step that becomes certain."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from ..common.local_days import local_day
from .limits import FILL_S, FROZEN_S, GAP_S, LEAN_S
from .model import Outcome, Plateau, Platform, Sample, Status, add
from .sample_columns import Series
from .settle import horizon
from .state import State, Still
from .states import is_frozen, tell_fill

EVER = 1 << 62


def skip(platform: Platform, state: State, out: Outcome, series: Series, i: int) -> int:
    """Take readings from i on as long as they are steady; the index of the first that is not."""
    last = state.last
    if state.moved or state.ended or last is None or state.fault or state.negative:
        return i
    if (stop := series.stop(i)) == i or not _follows(last, series, i):
        return i
    pending, still = state.pending, state.still
    top = pending[-1]
    alone = len(pending) == 1
    assert still is not None
    assert last.grams is not None
    if is_frozen(still) or (alone and top.slow):
        return i
    until = EVER if alone else _quiet_until(pending, platform, last.t)
    lo, hi = _bounds(platform, state, last.grams)
    if not lo <= last.grams < hi:
        return i
    stop = bisect_right(series.t, until, i, stop)
    absent = alone and top.first.grams < platform.absent_below
    jump = platform.limits.jump_g
    before, since, first, k = last.grams, still.first.t, -1, i
    for t, grams in zip(series.t[i:stop], series.grams[i:stop], strict=True):
        d = grams - before  # type: ignore[operator]
        if d:
            if not (-jump < d < jump and lo <= grams < hi):  # type: ignore[operator]
                break
            before, since, first = grams, t, k  # type: ignore[assignment]
        elif t - since >= FROZEN_S:
            break
        k += 1
    if k > i:
        today = local_day(series.t[i])  # of all of them: another day is a break
        if alone and not absent:
            state.sums.drift += before - last.grams
            state.level += before - last.grams
            add(out.slow, today, before - last.grams)
        elif not alone:
            add(top.slow, today, before - last.grams)
        _taken(state, out, series, (i, k), first)
        if absent:
            state.bare = top.last
    return k


def _follows(last: Sample, series: Series, i: int) -> bool:
    """Also where the one before is not of this series."""
    same = series.life[i] == last.life and series.boot[i] == last.boot
    return same and series.t[i] - last.t <= GAP_S


def _quiet_until(pending: list[Plateau], platform: Platform, now: int) -> int:
    """The last second in which no step between plateaus can become certain; now: of the
    last reading, when those that could were booked."""
    top = pending[-1]
    if len(pending) == 2 and top.gap:
        return 0  # what the fill says may end it at any time
    until = horizon(pending[0], pending[1], platform)
    leaned = top.first.t + LEAN_S  # also until when it is not sure to stay
    return min(until, leaned) if now <= leaned else until


def _bounds(platform: Platform, state: State, grams: int) -> tuple[int, int]:
    """Weights from lo on and below hi with which the status stays what it is."""
    low, most = platform.absent_below, platform.beyond
    top = state.pending[-1]
    if grams < low:
        # Away: how long it has been decides; empty it stays.
        return (-most, low) if state.status is Status.EMPTY else (0, 0)
    lo, hi = max(low, -most), most + 1
    if not platform.wheelie:
        step = platform.limits.step_g
        lo, hi = (lo, min(hi, step)) if grams < step else (max(lo, step), hi)
    elif len(state.pending) == 1 and top.first.grams >= low:
        lo = max(lo, state.bin.tare_g - platform.limits.short_g)
    return lo, hi


def _taken(state: State, out: Outcome, series: Series, span: tuple[int, int], first: int) -> None:
    """Note that the readings of a span were taken; first: the first of those that are the
    same as the last one, -1: all of them are the same as the one before."""
    i, k = span
    last, still, top = state.last, state.still, state.pending[-1]
    assert last is not None
    assert still is not None
    new = series[k - 1]
    out.cover(last.t, new.t)
    state.last, state.at = new, (new.t, new.boot, new.life, new.seq)
    top.last = new.evidence
    if series.fill is not None:
        _shown(top, series.t, series.fill, span)
    if first < 0:
        still.n += k - i
        still.until = new.t
    else:
        still = state.still = Still(series.evidence(first), k - first, new.t)
        i = first
    if series.fill is not None:
        for fill in series.fill[i:k]:
            tell_fill(still, fill)


def _shown(
    top: Plateau, t: Sequence[int], fill: Sequence[int | None], span: tuple[int, int]
) -> None:
    """The last fill of a span that was told when the sensor had had time to."""
    for i in range(span[1] - 1, span[0] - 1, -1):
        if t[i] - top.first.t < FILL_S:
            return
        if fill[i] is not None:
            top.fill = fill[i]
            return
