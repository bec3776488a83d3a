"""Finds deposits in the columns of a series that are certain whatever follows.

One is, if the load rests before and after it, nothing else happened shortly before, and what
happens until no later reading can change it are further deposits alone, each of them more than
two weighings of one load differ by: settle then drops and joins nothing."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

from .limits import IMPULSE_G, IMPULSE_S, LEAN_S
from .model import Platform
from .sample_columns import Series
from .state import State


class Deposit(NamedTuple):
    """first: index of the first reading with it; end: index behind its last one, which may tell
    of the next motion; certain: the Unix second after which it is booked."""

    first: int
    end: int
    grams: int
    certain: int


def certain_deposits(
    platform: Platform, state: State, series: Series, i: int, still_s: int
) -> list[Deposit]:
    """Deposits, one after another, the first with reading i; they are booked by the end of the
    last. The last reading before i told of motion; all steps before it are booked. still_s: how
    long a weight may stay the same to the gram (s)."""
    limits, most, least = platform.limits, platform.beyond, -platform.beyond
    if platform.wheelie:
        least = max(least, platform.absent_below, state.bin.tare_g - limits.short_g)
    t, grams, breaks, n = series.t, series.grams, series.breaks, len(series)
    before = state.pending[0]
    base, at, left = before.last.grams, before.last.t, before.left
    if not least <= base <= most:
        return []
    found: list[Deposit] = []
    open_ones: list[Deposit] = []
    certain = high = 0
    place = bisect_left(breaks, i)
    while i < n and at != state.was_frozen:
        stop = breaks[place] if place < len(breaks) else n
        if stop == i:
            break
        step: int = grams[i] - base  # type: ignore[operator]
        if step < limits.step_g or (open_ones and grams[i] - high <= limits.same_g):  # type: ignore[operator]
            break
        told = stop < n and series.is_motion(stop)
        end = stop + told
        if t[end - 1] - t[i] >= still_s:
            end, told = bisect_left(t, t[i] + still_s, i, end), False
        piece = grams[i:end]
        lowest, highest = min(piece), max(piece)  # type: ignore[type-var]
        if highest - lowest >= limits.jump_g or lowest < least or highest > most:  # type: ignore[operator]
            break
        certain = max(certain, left + (IMPULSE_S if step <= IMPULSE_G else LEAN_S))
        high = max(high, highest) if open_ones else highest  # type: ignore[type-var,assignment]
        open_ones.append(Deposit(i, end, step, certain))
        if t[end - 1] > certain:
            found += open_ones
            open_ones, certain = [], 0
        if not told:
            break
        base, at, left = grams[stop], t[stop], t[stop]  # type: ignore[assignment]
        i, place = end, place + 1
    return found
