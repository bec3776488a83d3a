"""Finds steps in the columns of a series that are certain whatever follows.

A deposit is, if the load rests before and after it, nothing else happened shortly before, and
what happens until no later reading can change it are further deposits alone, each of them more
than two weighings of one load differ by: settle then drops and joins nothing. A lift is at once,
and a bin that came back is when it stands for as long as somebody may lean on it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from .limits import IMPULSE_G, IMPULSE_S, LEAN_S
from .model import Platform
from .sample_columns import Series
from .state import State

# Of the plateau behind a step: index of its first reading, index behind its last one, which may
# tell of the next motion; the Unix second after which the step is booked.
Step = tuple[int, int, int]


def certain_steps(
    platform: Platform, state: State, series: Series, i: int, still_s: int
) -> list[Step]:
    """Steps, one after another, the first with reading i; all are booked by the end of the last.
    The last reading before i told of motion; all steps before it are booked. still_s: how long
    a weight may stay the same to the gram (s)."""
    limits, most, low = platform.limits, platform.beyond, platform.absent_below
    t, grams, breaks, n = series.t, series.grams, series.breaks, len(series)
    top = state.pending[0]
    base, left, high, certain = top.last.grams, top.left, 0, 0
    least, least_of_any = _least_g(platform, state)
    absent = base < low
    if absent != (top.first.grams < low) or absent != (state.lifted is not None):
        return []
    if abs(base) > most or not (absent or least <= base):
        return []
    found: list[Step] = []
    waiting: list[Step] = []  # deposits that are not booked before the next motion
    at = bisect_left(breaks, i)
    while i < n:
        stop = breaks[at] if at < len(breaks) else n
        if stop == i:
            break
        told = stop < n and series.is_motion(stop)
        end = stop + told
        if t[end - 1] - t[i] >= still_s:
            end, told = bisect_left(t, t[i] + still_s, i, end), False
        piece: list[int] = grams[i:end]  # type: ignore[assignment]
        lowest, highest = min(piece), max(piece)
        if highest - lowest >= limits.jump_g or lowest < -most or highest > most:
            break
        if highest < low:
            if absent or waiting:
                break
            absent, certain = True, t[i] - 1
        elif absent:
            absent, certain = False, t[i] + LEAN_S
            if lowest < low or t[end - 1] <= certain:
                break
            if lowest < least_of_any:  # booked with another bin it may be another matter
                end, told = bisect_right(t, certain, i) + 1, False
            least = least_of_any
        else:
            step = piece[0] - base
            if lowest < least or step < limits.step_g:
                break
            if waiting and piece[0] - high <= limits.same_g:
                break
            certain = max(certain, left + (IMPULSE_S if step <= IMPULSE_G else LEAN_S))
            high = max(high, highest) if waiting else highest
        waiting.append((i, end, certain))
        if t[end - 1] > certain:
            found += waiting
            waiting, certain = [], 0
        if not told:
            break
        base, left = piece[-1], t[stop]
        i, at = end, at + 1
    return found


def _least_g(platform: Platform, state: State) -> tuple[int, int]:
    """From how many grams on the bin that stands there is none too light, and any bin is none."""
    if not platform.wheelie:
        return -platform.beyond, -platform.beyond
    own, low = state.bin.tare_g, platform.absent_below
    largest = max([own, *(k.tare_g for k in state.others)])
    return max(low, own - platform.limits.short_g), max(low, largest - platform.limits.short_g)
