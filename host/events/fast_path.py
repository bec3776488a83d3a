"""Takes a stretch of steady readings at once: most of a day is steady.

skip() changes a state exactly as processor does with each of these readings. It stops before
any reading that is more than the same load with a little noise: a motion, a fault, a gap, a
jump, another status, a step that becomes certain."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from ..common.local_days import local_day
from .limits import FILL_S, FROZEN_S, GAP_S, LEAN_S
from .model import Outcome, Plateau, Platform, Sample, Status, add
from .sample_columns import Series
from .settle import horizon
from .state import State, Still
from .states import is_frozen, tell_fill

EVER = 1 << 62
_PIECE = 16


def skip(platform: Platform, state: State, out: Outcome, series: Series, i: int) -> int:
    """Take readings from index i on while they are steady; the index of the first that is not."""
    last, still = state.last, state.still
    if last is None or last.grams is None or still is None:
        return i
    if not _is_calm(state, still) or not _follows(last, series, i):
        return i
    bounds = _bounds(platform, state, last.grams)
    if not bounds[0] <= last.grams < bounds[1]:
        return i
    quiet = _quiet_until(state.pending, platform, last.t)
    stop = bisect_right(series.t, quiet, i, series.stop(i))
    weight = last.grams, still.first.t
    end, first, grams = _steady(series, (i, stop), weight, bounds, platform.limits.jump_g)
    if end > i:
        _taken(state, out, series, (i, end), first)
        _note_drift(platform, state, out, local_day(series.t[i]), grams - last.grams)
    return end


def _is_calm(state: State, still: Still) -> bool:
    """Whether the state lets steady readings pass: no motion, fault or open question."""
    if state.moved or state.ended or state.fault or state.negative or is_frozen(still):
        return False
    return len(state.pending) > 1 or not state.pending[-1].slow


def _steady(
    series: Series,
    span: tuple[int, int],
    weight: tuple[int, int],
    bounds: tuple[int, int],
    jump: int,
) -> tuple[int, int, int]:
    """How far the readings of a span are steady.

    weight: the last weight (g) and since when the scale shows it (Unix seconds). bounds, jump:
    in g. Returns the index behind the last steady reading, the index from which the scale
    shows its last weight (-1: since before the span) and that weight."""
    (i, stop), (lo, hi) = span, bounds
    before, since = weight
    first = -1
    for t, grams in chain.from_iterable(_pieces(series, i, stop)):
        change = grams - before
        if change:
            if not (-jump < change < jump and lo <= grams < hi):
                break
            before, since, first = grams, t, i
        elif t - since >= FROZEN_S:
            break
        i += 1
    return i, first, before


def _pieces(series: Series, i: int, stop: int) -> Iterator[Iterable[tuple[int, Any]]]:
    """Time and weight (g) of readings i to stop, copied in pieces that become longer: as a rule
    the readings are steady for long, or for none."""
    size = _PIECE
    while i < stop:
        end = min(i + size, stop)
        yield zip(series.t[i:end], series.grams[i:end], strict=True)
        i, size = end, size * 4


def _note_drift(platform: Platform, state: State, out: Outcome, day: int, drift_g: int) -> None:
    """Book slow change within a day; the readings are taken already. A change of the bare
    platform is none of the bin's."""
    top = state.pending[-1]
    if len(state.pending) > 1:
        add(top.slow, day, drift_g)
    elif top.first.grams < platform.absent_below:
        state.bare = top.last
    else:
        state.sums.drift += drift_g
        state.net_g += drift_g
        add(out.slow, day, drift_g)


def _follows(last: Sample, series: Series, i: int) -> bool:
    """Whether reading i comes without a gap after the last one, which may be of an earlier
    series."""
    same = series.life[i] == last.life and series.boot[i] == last.boot
    return same and series.t[i] - last.t <= GAP_S


def _quiet_until(pending: list[Plateau], platform: Platform, now: int) -> int:
    """The last second in which no step between plateaus can become certain. now: time of the
    last reading; steps certain by then are booked."""
    if len(pending) == 1:
        return EVER
    top = pending[-1]
    if len(pending) == 2 and top.gap:
        return 0  # the fill may decide it at any time
    until = horizon(pending[0], pending[1], platform)
    leaned = top.first.t + LEAN_S  # until then the load may be somebody who leans on the bin
    return min(until, leaned) if now <= leaned else until


def _bounds(platform: Platform, state: State, grams: int) -> tuple[int, int]:
    """(lo, hi) in g: with lo <= weight < hi the status does not change."""
    low, most = platform.absent_below, platform.beyond
    top = state.pending[-1]
    if grams < low:
        # The bin is away: only the status EMPTY does not change with time.
        return (-most, low) if state.status is Status.EMPTY else (0, 0)
    lo, hi = max(low, -most), most + 1
    if not platform.wheelie:
        step = platform.limits.step_g
        lo, hi = (lo, min(hi, step)) if grams < step else (max(lo, step), hi)
    elif len(state.pending) == 1 and top.first.grams >= low:
        lo = max(lo, state.bin.tare_g - platform.limits.short_g)
    return lo, hi


def _taken(state: State, out: Outcome, series: Series, span: tuple[int, int], first: int) -> None:
    """Put the readings of a span into the state. first: index from which all show the weight
    of the last one; -1: all show the weight before the span."""
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
    """Set the plateau's fill to the last of the span that was measured FILL_S after its start."""
    for i in range(span[1] - 1, span[0] - 1, -1):
        if t[i] - top.first.t < FILL_S:
            return
        if fill[i] is not None:
            top.fill = fill[i]
            return
