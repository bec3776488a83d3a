"""Finds steps in the columns of a series that are certain whatever follows.

A deposit is, if the load rests before and after it, nothing else happened shortly before, and
what happens until no later reading can change it are further deposits alone, each of them more
than two weighings of one load differ by: settle then drops and joins nothing. A lift is at once,
and a bin that came back is when it stands for as long as somebody may lean on it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from .limits import IMPULSE_G, IMPULSE_S, LEAN_S
from .model import Platform
from .sample_columns import Series
from .state import State

# Of the plateau behind a step: index of its first reading, index behind its last one, which may
# tell of the next motion; the Unix second after which the step is booked.
Step = tuple[int, int, int]
_Rest = tuple[int, bool, int, int]


class CertainSteps:
    """Looks for steps behind a reading that told of motion, where all steps before are booked.

    still_s: how long a weight may stay the same to the gram (s)."""

    def __init__(self, platform: Platform, state: State, series: Series, still_s: int) -> None:
        self._series, self._still_s, self._limits = series, still_s, platform.limits
        self._low, self._most = platform.absent_below, platform.beyond
        self._least, self._least_of_any = _least_g(platform, state)
        top = state.pending[0]
        self._base, self._left = top.last.grams, top.left
        self._absent = self._base < self._low
        self._booked = self._absent == (top.first.grams < self._low) == (state.lifted is not None)
        self._waiting: list[Step] = []  # deposits that are not booked before the next motion
        self._high = self._certain = 0  # of these: the largest weight, and when all are booked

    def after(self, i: int) -> list[Step]:
        """Steps, one after another, the first with reading i; all are booked by the end of the
        last."""
        found: list[Step] = []
        if not self._booked or abs(self._base) > self._most:
            return found
        if not self._absent and self._base < self._least:
            return found
        t, n, at = self._series.t, len(self._series), bisect_left(self._series.breaks, i)
        while i < n and (rest := self._rest(i, at)):
            stop, told, lowest, highest = rest
            end = self._end(i, stop, lowest, highest)
            if end == i:
                break
            self._waiting.append((i, end, self._certain))
            if t[end - 1] > self._certain:
                found += self._waiting
                self._waiting, self._certain = [], 0
            if not told or end < stop:
                break
            self._base, self._left = self._series.grams[end - 1], t[end - 1]  # type: ignore[assignment]
            i, at = end, at + 1
        return found

    def _rest(self, i: int, at: int) -> _Rest | None:
        """How long the load rests from reading i on: index behind its last reading, whether that
        tells of motion, least and largest weight (g). at: of the next break. None: not at all."""
        series, t = self._series, self._series.t
        stop = series.breaks[at] if at < len(series.breaks) else len(t)
        if stop == i:
            return None
        told = stop < len(t) and series.is_motion(stop)
        end = stop + told
        if t[end - 1] - t[i] >= self._still_s:
            end, told = bisect_left(t, t[i] + self._still_s, i, end), False
        piece: Sequence[int] = series.grams[i:end]  # type: ignore[assignment]
        lowest, highest = min(piece), max(piece)
        if highest - lowest >= self._limits.jump_g or lowest < -self._most or highest > self._most:
            return None
        return end, told, lowest, highest

    def _end(self, i: int, end: int, lowest: int, highest: int) -> int:
        """Index behind the last reading that is sure to rest on the plateau that begins with
        reading i; i where its step is not certain. Sets when it is."""
        t = self._series.t
        if highest < self._low:
            if self._absent or self._waiting:
                return i
            self._absent, self._certain = True, t[i] - 1
        elif self._absent:
            self._absent, self._certain = False, t[i] + LEAN_S
            if lowest < self._low or t[end - 1] <= self._certain:
                return i
            self._least = self._least_of_any
            if lowest < self._least:  # another bin may be booked, and this too light for it
                return bisect_right(t, self._certain, i) + 1
        elif not self._is_deposit(i, lowest, highest):
            return i
        return end

    def _is_deposit(self, i: int, lowest: int, highest: int) -> bool:
        grams: int = self._series.grams[i]  # type: ignore[assignment]
        step = grams - self._base
        if lowest < self._least or step < self._limits.step_g:
            return False
        if self._waiting:
            if grams - self._high <= self._limits.same_g:
                return False
            highest = max(highest, self._high)
        self._high = highest
        until = self._left + (IMPULSE_S if step <= IMPULSE_G else LEAN_S)
        self._certain = max(self._certain, until)
        return True


def _least_g(platform: Platform, state: State) -> tuple[int, int]:
    """From how many grams on the bin that stands there is none too light, and any bin is none."""
    if not platform.wheelie:
        return -platform.beyond, -platform.beyond
    own, low = state.bin.tare_g, platform.absent_below
    largest = max([own, *(k.tare_g for k in state.others)])
    return max(low, own - platform.limits.short_g), max(low, largest - platform.limits.short_g)
