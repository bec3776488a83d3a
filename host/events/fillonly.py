"""Bins without a scale: what a fill sensor alone can tell, which is when they were emptied.

A fall is an emptying when most of the fill is gone and stays away. A smaller one may be
somebody pressing the waste down, and one across a gap anything: neither is counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .limits import GAP_S, LEAN_S

LEAST_FALL = 200  # permille
LEFT_SHARE = 400  # per mille of the fill before that may be left; compaction leaves more


@dataclass(frozen=True)
class FillSample:
    """One reading of a fill sensor in permille; None where it was no good."""

    t: int
    fill: int | None
    life: str
    seq: int
    boot: int


@dataclass(frozen=True)
class Emptying:
    """The fill fell from before to after, as two readings on either side show."""

    t: int
    t_end: int
    before: int
    after: int
    life: str
    seq: int  # of the last reading before


@dataclass
class FillState:
    """A value, as the state of a scale is. seen: the latest good reading; last: the two
    latest of those that are believed."""

    at: tuple[int, int, str, int] | None = None
    seen: FillSample | None = None
    last: list[FillSample] = field(default_factory=list)
    full: FillSample | None = None  # the last reading before a fall not yet believed
    low: FillSample | None = None  # the first one after it
    before: int = 0


@dataclass
class Fillings:
    """What became of the readings. covered: seconds between good readings."""

    emptyings: list[Emptying] = field(default_factory=list)
    covered: list[tuple[int, int]] = field(default_factory=list)


def watch(samples: Iterable[FillSample], state: FillState | None = None) -> Fillings:
    """Go through readings, each once and in order of time however they are given;
    state is moved on, so that the next ones can follow."""
    state = state if state is not None else FillState()
    out = Fillings()
    once = {(s.life, s.seq): s for s in samples}
    for s in sorted(once.values(), key=lambda s: (s.t, s.boot, s.life, s.seq)):
        state.at = (s.t, s.boot, s.life, s.seq)
        if s.fill is not None:
            _take(state, s, s.fill, out)
    return out


def _take(state: FillState, s: FillSample, fill: int, out: Fillings) -> None:
    seen, state.seen = state.seen, s
    if seen is not None and s.t - seen.t > GAP_S:
        state.last, state.full, state.low = [], None, None
    elif seen is not None and seen.t < s.t:
        if out.covered and out.covered[-1][1] == seen.t:
            out.covered[-1] = (out.covered[-1][0], s.t)
        else:
            out.covered.append((seen.t, s.t))
    if state.low is not None and state.full is not None:
        if not _fell(state.before, fill):
            state.full, state.low = None, None  # back: lifted and put down, or a false echo
        elif s.t - state.low.t >= LEAN_S:
            after = max(fill, state.low.fill or 0)
            full, low = state.full, state.low
            out.emptyings.append(Emptying(full.t, low.t, state.before, after, full.life, full.seq))
            state.last, state.full, state.low = [], None, None
        else:
            return
    elif len(state.last) == 2:
        before = min(x.fill or 0 for x in state.last)  # one alone may be a false echo
        if _fell(before, fill):
            state.full, state.low, state.before = state.last[-1], s, before
            return
    state.last = [*state.last[-1:], s]


def _fell(before: int, after: int) -> bool:
    return before - after >= LEAST_FALL and 1000 * after <= LEFT_SHARE * before
