"""Emptyings of bins without a scale, from the fill sensor alone.

A fall is an emptying if most of the fill is gone and stays away. A smaller fall may be
somebody who presses the waste down; a fall across a gap has no known cause. Neither counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .limits import LEAN_S
from .silences import DEFAULT, Silences

LEAST_FALL = 200  # permille
LEFT_SHARE = 400  # permille of the fill that an emptying may leave; compaction leaves more


@dataclass(frozen=True)
class FillSample:
    """One reading of a fill sensor: Unix seconds, fill in permille (None: not valid)."""

    t: int
    fill: int | None
    life: str
    seq: int
    boot: int


@dataclass(frozen=True)
class Emptying:
    """A fall of the fill from before to after (permille), each shown by two readings; t, t_end:
    the last reading before and the first after it (Unix seconds)."""

    t: int
    t_end: int
    before: int
    after: int
    life: str
    seq: int  # of the last reading before


@dataclass
class FillState:
    """What is kept between readings. seen: the latest valid reading; last: the two latest that
    are believed."""

    at: tuple[int, int, str, int] | None = None
    seen: FillSample | None = None
    last: list[FillSample] = field(default_factory=list)
    full: FillSample | None = None  # the last reading before a fall not yet believed
    low: FillSample | None = None  # the first one after it
    before: int = 0


@dataclass
class Fillings:
    """Emptyings found. covered: (from, to) in Unix seconds between valid readings."""

    emptyings: list[Emptying] = field(default_factory=list)
    covered: list[tuple[int, int]] = field(default_factory=list)


def watch(
    samples: Iterable[FillSample], state: FillState | None = None, silences: Silences = DEFAULT
) -> Fillings:
    """Emptyings in readings, given in any order and any number of times. state is updated, so
    that later readings can follow. silences: of the board."""
    state = state if state is not None else FillState()
    out = Fillings()
    once = {(s.life, s.seq): s for s in samples}
    for s in sorted(once.values(), key=lambda s: (s.t, s.boot, s.life, s.seq)):
        state.at = (s.t, s.boot, s.life, s.seq)
        if s.fill is not None:
            _take(state, s, s.fill, out, silences)
    return out


def _take(state: FillState, s: FillSample, fill: int, out: Fillings, silences: Silences) -> None:
    _cover(state, s, out, silences)
    if state.full is not None and state.low is not None:
        is_believed = _ends_fall(state, s, fill, out)
    else:
        is_believed = not _begins_fall(state, s, fill)
    if is_believed:
        state.last = [*state.last[-1:], s]


def _cover(state: FillState, s: FillSample, out: Fillings, silences: Silences) -> None:
    """Add the time since the reading before; after a gap nothing before it is believed."""
    seen, state.seen = state.seen, s
    if seen is None:
        return
    if s.t - seen.t > silences.longest(s.life, s.t):
        state.last, state.full, state.low = [], None, None
    elif seen.t < s.t:
        if out.covered and out.covered[-1][1] == seen.t:
            out.covered[-1] = (out.covered[-1][0], s.t)
        else:
            out.covered.append((seen.t, s.t))


def _begins_fall(state: FillState, s: FillSample, fill: int) -> bool:
    """Whether the fill has just fallen far enough for an emptying."""
    if len(state.last) < 2:
        return False
    before = min(x.fill or 0 for x in state.last)  # one alone may be a false echo
    if not _fell(before, fill):
        return False
    state.full, state.low, state.before = state.last[-1], s, before
    return True


def _ends_fall(state: FillState, s: FillSample, fill: int, out: Fillings) -> bool:
    """Whether it is decided what a fall was: an emptying once it has lasted LEAN_S, nothing
    if the fill is back (lifted and put down, or a false echo)."""
    full, low = state.full, state.low
    assert full is not None and low is not None
    if not _fell(state.before, fill):
        state.full, state.low = None, None
        return True
    if s.t - low.t < LEAN_S:
        return False
    after = max(fill, low.fill or 0)
    out.emptyings.append(Emptying(full.t, low.t, state.before, after, full.life, full.seq))
    state.last, state.full, state.low = [], None, None
    return True


def _fell(before: int, after: int) -> bool:
    return before - after >= LEAST_FALL and 1000 * after <= LEFT_SHARE * before
