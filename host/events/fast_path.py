"""Takes readings at rest, and steps between them, many at once: they are most of a day.

skip() changes a state exactly as processor does with each of these readings. It stops before
any reading that is more: a fault, a gap, a jump, a motion of which something else may come."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from ..common.local_days import local_day
from .booking import EVER, book_certain
from .certain_steps import CertainSteps
from .engine import EventClassifier
from .limits import FILL_S, FROZEN_S, GAP_S, LEAN_S
from .model import Outcome, Plateau, Platform, Sample, Status, add
from .sample_columns import Series
from .settle import horizon, is_gone
from .state import State, Still
from .states import is_frozen, tell, tell_fill


class FastPath:
    """Of one series of readings. transitions: whether they are asked for; a stretch then ends
    before each reading that may be one."""

    def __init__(
        self,
        platform: Platform,
        state: State,
        classifier: EventClassifier,
        out: Outcome,
        series: Series,
        *,
        transitions: bool,
    ) -> None:
        self._platform, self._state, self._out = platform, state, out
        self._classifier, self._series = classifier, series
        self._whole = not transitions
        # What shows whole divisions may stand at one of them: that begins anew after half.
        self._still_s = FROZEN_S // 2 if platform.shown else FROZEN_S

    def skip(self, i: int) -> int:
        """Take readings from index i on; the index of the first that is to be taken by itself."""
        state, n = self._state, len(self._series)
        if state.two is not None:
            return i  # that it was two boards ends with time
        if not self._whole:
            return self._rest(i, whole=False)
        while i < n:
            end = self._steps(i) if state.moved else self._rest(i, whole=True)
            if end == i:
                break
            i = end
        return i

    def _rest(self, i: int, *, whole: bool) -> int:
        """Take readings while they are steady; the index of the first that is not. whole: also
        the one that makes a step certain, which ends the stretch, and the one that tells of a
        motion."""
        platform, state, series = self._platform, self._state, self._series
        last, still, pending = state.last, state.still, state.pending
        if last is None or last.grams is None or still is None:
            return i
        if state.moved or not _is_calm(state, still) or not _follows(last, series, i):
            return i
        bounds = _bounds(platform, state, last.grams)
        if not bounds[0] <= last.grams < bounds[1]:
            return i
        stop = series.stop(i)
        if whole and stop < len(series) and series.is_motion(stop):
            stop += 1
        quiet = _quiet_until(pending, platform, last.t, statuses=not whole)
        until = bisect_right(series.t, quiet, i, stop)
        certain = whole and until < stop
        stop = until + certain
        end, first = self._steady((i, stop), (last.grams, still.first.t), bounds)
        if end == i:
            return i
        self._taken((i, end), first)
        state.moved = end - 1 in series.q
        grams = series.grams[end - 1]
        assert grams is not None
        self._note_drift(local_day(series.t[i]), grams - last.grams)
        if certain and end == stop:
            book_certain(platform, pending, self._classifier, series.t[end - 1])
        return end

    def _steady(
        self, span: tuple[int, int], weight: tuple[int, int], bounds: tuple[int, int]
    ) -> tuple[int, int]:
        """How far the readings of a span are steady.

        weight: the last weight (g) and since when the scale shows it (Unix seconds). bounds: in
        g. Returns the index behind the last steady reading, and the index from which the scale
        shows its last weight (-1: since before the span)."""
        (i, stop), (before, since), first = span, weight, -1
        t, grams = self._series.t, self._series.grams
        while i < stop:
            # So far a weight that stays the same is not frozen.
            end = bisect_left(t, since + self._still_s, i, stop)
            piece = grams[i:end]
            if not piece or not self._is_level(piece, before, bounds):
                return self._walk((i, stop), (before, since), first, bounds)
            if (changed := _since(piece, before, i)) >= 0:
                before, since, first = grams[changed], t[changed], changed  # type: ignore[assignment]
            i = end
        return stop, first

    def _is_level(self, piece: Sequence[int | None], before: int, bounds: tuple[int, int]) -> bool:
        """Whether weights (g) are so near to each other and the one before that each is steady."""
        least, most = min(piece), max(piece)  # type: ignore[type-var]
        if not bounds[0] <= least <= most < bounds[1]:  # type: ignore[operator]
            return False
        return max(most, before) - min(least, before) < self._platform.limits.jump_g  # type: ignore[type-var,operator]

    def _walk(
        self, span: tuple[int, int], weight: tuple[int, int], first: int, bounds: tuple[int, int]
    ) -> tuple[int, int]:
        """The same reading by reading. first: of the readings before the span."""
        (i, stop), (before, since), (lo, hi) = span, weight, bounds
        series, jump = self._series, self._platform.limits.jump_g
        while i < stop:
            grams = series.grams[i]
            assert grams is not None
            if change := grams - before:
                if not (-jump < change < jump and lo <= grams < hi):
                    break
                before, since, first = grams, series.t[i], i
            elif series.t[i] - since >= self._still_s:
                break
            i += 1
        return i, first

    def _note_drift(self, day: int, drift_g: int) -> None:
        """Book slow change within a day; the readings are taken already. A change of the bare
        platform is none of the bin's."""
        state = self._state
        top = state.pending[-1]
        if len(state.pending) > 1:
            add(top.slow, day, drift_g)
        elif top.first.grams < self._platform.absent_below:
            state.bare = top.last
        else:
            state.sums.drift += drift_g
            state.net_g += drift_g
            add(self._out.slow, day, drift_g)

    def _taken(self, span: tuple[int, int], first: int) -> None:
        """Put the readings of a span into the state. first: index from which all show the weight
        of the last one; -1: all show the weight before the span."""
        state, series = self._state, self._series
        i, k = span
        last, still, top = state.last, state.still, state.pending[-1]
        assert last is not None
        assert still is not None
        new = series[k - 1]
        self._out.cover(last.t, new.t)
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

    def _steps(self, i: int) -> int:
        """Take steps that are certain, each with the rest behind it: readings from index i on,
        where the last one before told of motion. The index behind them."""
        platform, state, series = self._platform, self._state, self._series
        last, still, pending = state.last, state.still, state.pending
        if last is None or last.grams is None or still is None:
            return i
        if len(pending) > 1 or not _is_calm(state, still):
            return i
        if not _follows(last, series, i):
            return i
        found = CertainSteps(platform, state, series, self._still_s).after(i)
        if not found:
            return i
        classifier, day, top = self._classifier, local_day(series.t[i]), pending[0]
        for first, end, certain in found:
            before, top = top, Plateau(series.evidence(first), series.evidence(end - 1))
            if drift_g := top.last.grams - top.first.grams:
                top.slow[day] = drift_g
            if series.fill is not None:
                booked = bisect_right(series.t, certain, first) + 1
                _shown(top, series.t, series.fill, (first, min(booked, end)))
            if top.first.grams >= platform.absent_below:
                state.status = Status.FILLING
            classifier.step(before, top)
            classifier.flush(top)
        pending[0] = top
        self._taken((first, end), _since(series.grams[first:end], None, first))
        state.moved = end - 1 in series.q
        assert state.last is not None
        tell(platform, state, state.last, None)
        return end


def _since(grams: Sequence[int | None], before: int | None, start: int) -> int:
    """The index from which weights (g) of readings from index `start` on equal the last of them;
    -1: `before`, too, is the same."""
    k, last = len(grams) - 1, grams[-1]
    while k and grams[k - 1] == last:
        k -= 1
    return -1 if not k and before == last else start + k


def _is_calm(state: State, still: Still) -> bool:
    """Whether the state lets readings at rest pass: no fault or open question."""
    if state.ended or state.fault or state.negative or is_frozen(still):
        return False
    return len(state.pending) > 1 or not state.pending[-1].slow


def _follows(last: Sample, series: Series, i: int) -> bool:
    """Whether reading i comes without a gap after the last one, which may be of an earlier
    series."""
    same = series.life[i] == last.life and series.boot[i] == last.boot
    return same and series.t[i] - last.t <= GAP_S


def _quiet_until(pending: list[Plateau], platform: Platform, now: int, *, statuses: bool) -> int:
    """The last second in which no step between plateaus can become certain. now: time of the
    last reading; steps certain by then are booked. statuses: nor may the status change."""
    if len(pending) == 1:
        return EVER
    top = pending[-1]
    if len(pending) == 2 and top.gap:
        return 0  # the fill may decide it at any time
    until = horizon(pending[0], pending[1], platform)
    leaned = top.first.t + LEAN_S  # until then the load may be somebody who leans on the bin
    if now > leaned or not (statuses or (len(pending) > 2 and is_gone(pending[-3:], platform))):
        return until
    return min(until, leaned)


def _bounds(platform: Platform, state: State, grams: int) -> tuple[int, int]:
    """(lo, hi) in g: with lo <= weight < hi the status does not change."""
    low, most = platform.absent_below, platform.beyond
    top = state.pending[-1]
    if grams < low:
        # The bin is away: only the status EMPTY does not change with time. Not so where it stood
        # there at half its weight and noise: then it is too light.
        away = state.status is Status.EMPTY and top.first.grams < low
        return (-most, low) if away else (0, 0)
    lo, hi = max(low, -most), most + 1
    if not platform.wheelie:
        step = platform.limits.step_g
        lo, hi = (lo, min(hi, step)) if grams < step else (max(lo, step), hi)
    elif len(state.pending) == 1 and top.first.grams >= low:
        lo = max(lo, state.bin.tare_g - platform.limits.short_g)
    return lo, hi


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
