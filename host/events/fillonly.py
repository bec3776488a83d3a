"""Emptyings of bins without a scale, from the fill sensor alone.

A fall is an emptying if most of the fill is gone and stays away. What may be one or not – a fall
in a gap, half of it gone, a far echo and then a near one – is in doubt: it does not count, and is
told. A bin filled so high that the sensor is blind is full."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from msgspec import Struct, structs

from ..common import two_boards
from .limits import GAP_S, LEAN_S
from .silences import DEFAULT, Silences

# Raised whenever the same readings of such a bin give other emptyings.
RULES = 2

FULL = 1000  # permille
NEAR = 700  # permille: where the sensor is blind after as much, the waste came up to it
LEAST_FALL = 200  # permille
SMALL_FALL = 80  # permille: a smaller one is an uneven surface
NEAR_FULL = 800  # permille: one bag more may come up to where the sensor is blind
LEAST_HIDDEN = 100  # permille that may come before an emptying where a board reports seldom
LEFT_SHARE = 400  # permille of the fill that an emptying may leave; compaction leaves more
SURE_SHARE = 200  # permille of the fill that a truck leaves at the most; hands leave more
PRESSED_SHARE = 700  # permille of the fill that compaction leaves at least
LEAST_RISE = 500  # permille that hardly anybody puts in at once
# A bin is filled, or emptied and filled again, only in a longer time.
FILLED_S = 3600
# A bin is over-full so long; a sensor that is blind for longer may be broken.
BLIND_S = 12 * 3600
OVER = 250  # permille that may stand above a full bin

IN_A_GAP = "nobody saw it fall"
PARTLY = "partly gone: taken out by hand, pressed down or half emptied"
MUCH_LEFT = "much was left: emptied in part, or taken out by hand"
SMALL = "too little was in it to be sure"
ONCE = "seen only once before it fell"
CAME_BACK = "a far echo, and at once a near one: an old sensor shows far when the waste is too near"


@dataclass(frozen=True)
class FillSample:
    """One reading of a fill sensor: Unix seconds, fill in permille (None: not valid). blind: the
    sensor said that something is nearer than it can see."""

    t: int
    fill: int | None
    life: str
    seq: int
    boot: int
    blind: bool = False


class Emptying(Struct, frozen=True, omit_defaults=True):
    """A fall of the fill from before to after (permille), each shown by two readings; t, t_end:
    the last reading before and the first after it (Unix seconds). doubt: why it may be none; ""
    where it is one. hidden: permille by which there may have been more than before tells.
    unsure: why it may be none although it counts."""

    t: int
    t_end: int
    before: int
    after: int
    life: str
    seq: int  # of the last reading before
    doubt: str = ""
    hidden: int = 0
    unsure: str = ""


@dataclass
class FillState:
    """What is kept between readings. seen: the latest valid reading; last: the two latest that
    are believed; level: the latest believed fill, also over a gap; since: since when the sensor
    is blind (Unix seconds; 0: it is not); over: it was, right before seen; topped: the waste came
    up to the sensor before the fall. emptied: the latest emptying, while what follows may
    put it in doubt; risen: the level before a rise that may do so; -1: there was none. part: a
    fall too small for an emptying, while it may not last."""

    at: tuple[int, int, str, int] | None = None
    seen: FillSample | None = None
    last: list[FillSample] = field(default_factory=list)
    full: FillSample | None = None  # the last reading before a fall not yet believed
    low: FillSample | None = None  # the first one after it
    before: int = 0
    since: int = 0
    over: bool = False
    topped: bool = False
    level: int = 0
    emptied: Emptying | None = None
    risen: int = -1
    part: Emptying | None = None
    turns: list[tuple[str, int]] = field(default_factory=list)


@dataclass
class Fillings:
    """Emptyings found. covered: (from, to) in Unix seconds between valid readings. fullest: the
    largest fill in permille; None: no reading was valid. doubled: when two boards spoke under one
    name (see two_boards)."""

    emptyings: list[Emptying] = field(default_factory=list)
    covered: list[tuple[int, int]] = field(default_factory=list)
    fullest: int | None = None
    doubled: list[tuple[int, int]] = field(default_factory=list)


def watch(
    samples: Iterable[FillSample], state: FillState | None = None, silences: Silences = DEFAULT
) -> Fillings:
    """Emptyings in readings, given in any order and any number of times. state is updated, so
    that later readings can follow; without one the last emptying is decided too. silences: of the
    board."""
    ends = state is None
    state = state if state is not None else FillState()
    out = Fillings()
    once = {(s.life, s.seq): s for s in samples}
    for s in sorted(once.values(), key=lambda s: (s.t, s.boot, s.life, s.seq)):
        state.at = (s.t, s.boot, s.life, s.seq)
        _boards(state, s, out)
        known = _as_seen(state, s)
        if known.fill is not None:
            out.fullest = max(out.fullest or 0, known.fill)
            _take(state, known, known.fill, out, silences)
    if ends:
        out.emptyings += provisional(state)
    return out


def _boards(state: FillState, s: FillSample, out: Fillings) -> None:
    if not state.turns or state.turns[-1][0] != s.life:
        state.turns = two_boards.turn(state.turns, s.life, s.t)
        began = two_boards.since(state.turns)
        if began is not None:
            out.doubled.append((began, s.t))


def provisional(state: FillState) -> list[Emptying]:
    """The emptying that nothing has put in doubt so far."""
    return [] if state.emptied is None else [state.emptied]


def _as_seen(state: FillState, s: FillSample) -> FillSample:
    """A bin is full where the sensor became blind after a short distance and stays so; a hand
    before it is gone sooner."""
    if not s.blind:
        if s.fill is not None:
            state.over, state.since = state.since > 0, 0
        return s
    if not state.since:
        seen = state.seen
        state.since = s.t if seen is not None and (seen.fill or 0) >= NEAR else 0
    return replace(s, fill=FULL) if state.since and s.t - state.since >= LEAN_S else s


def _take(state: FillState, s: FillSample, fill: int, out: Fillings, silences: Silences) -> None:
    _cover(state, s, fill, out, silences)
    _follow(state, fill, out)
    if state.full is not None and state.low is not None:
        is_believed = _ends_fall(state, s, fill, out)
    else:
        is_believed = not _begins_fall(state, s, fill, out)
    if is_believed:
        _part(state, s, fill, out)
        state.last = [*state.last[-1:], s]
        state.level = fill


def _cover(state: FillState, s: FillSample, fill: int, out: Fillings, silences: Silences) -> None:
    """Add the time since the reading before; after a gap nothing before it is believed."""
    seen, state.seen = state.seen, s
    if seen is None:
        return
    if s.t - seen.t > silences.longest(s.life, s.t):
        _gap(state, seen, s, fill, out)
    elif seen.t < s.t and not (state.since and s.t - state.since > BLIND_S):
        if out.covered and out.covered[-1][1] == seen.t:
            out.covered[-1] = (out.covered[-1][0], s.t)
        else:
            out.covered.append((seen.t, s.t))


def _gap(state: FillState, seen: FillSample, s: FillSample, fill: int, out: Fillings) -> None:
    """Let go of what was before a gap; a fall within it is in doubt."""
    before = state.before if state.full else min((x.fill or 0 for x in state.last), default=0)
    last = state.full or (state.last[-1] if state.last else None)
    if last is not None and _fell(before, fill, PRESSED_SHARE):
        args = last.t, s.t, before, fill, last.life, last.seq
        out.emptyings.append(Emptying(*args, IN_A_GAP, FULL - before))
    if s.t - seen.t > FILLED_S:  # enough to be filled again
        _decided(state, out)
    state.last, state.full, state.low, state.part = [], None, None, None


def _decided(state: FillState, out: Fillings, doubt: str = "") -> None:
    """Nothing that follows changes the last emptying any more."""
    if state.emptied is not None:
        out.emptyings.append(structs.replace(state.emptied, doubt=doubt))
    state.emptied, state.risen = None, -1


def _follow(state: FillState, fill: int, out: Fillings) -> None:
    """Decide about the last emptying by what the fill did since. It rises bit by bit, unless the
    echo was false or somebody put the same bin back; one near echo alone may be false too."""
    e = state.emptied
    if e is None:
        return
    if state.risen >= 0:
        if fill - state.risen >= LEAST_RISE:
            _decided(state, out, CAME_BACK)
        state.risen = -1
    elif fill - state.level >= LEAST_RISE:
        state.risen = state.level
    elif len(state.last) == 2 and min(x.fill or 0 for x in state.last) - e.after >= LEAST_FALL:
        _decided(state, out)


def _begins_fall(state: FillState, s: FillSample, fill: int, out: Fillings) -> bool:
    """Whether the fill has just fallen far enough for an emptying."""
    if len(state.last) < 2:
        return False
    before = min(x.fill or 0 for x in state.last)  # one alone may be a false echo
    if not _fell(before, fill):
        return False
    if state.part is not None:
        out.emptyings.append(state.part)
        state.part = None
    state.full, state.low, state.before = state.last[-1], s, before
    state.topped = state.over or (state.full.fill or 0) >= NEAR_FULL
    return True


def _ends_fall(state: FillState, s: FillSample, fill: int, out: Fillings) -> bool:
    """Whether it is decided what a fall was: an emptying once it has lasted LEAN_S, nothing
    if the fill is back (lifted and put down, or a false echo)."""
    full, low = state.full, state.low
    assert full is not None and low is not None
    if not _fell(state.before, fill):
        if _is_small(state.before, fill) and s.t - low.t >= LEAN_S:  # filled again already
            args = full.t, low.t, state.before, low.fill or 0, full.life, full.seq
            out.emptyings.append(Emptying(*args, SMALL, _hidden(state, full, low)))
            state.last = []
        state.full, state.low = None, None
        return True
    if s.t - low.t < LEAN_S:
        return False
    _decided(state, out)
    after = max(fill, low.fill or 0)
    args = full.t, low.t, state.before, after, full.life, full.seq
    much = 1000 * after > SURE_SHARE * state.before
    state.emptied = Emptying(
        *args, hidden=_hidden(state, full, low), unsure=MUCH_LEFT if much else ""
    )
    state.last, state.full, state.low = [], None, None
    return True


def _hidden(state: FillState, full: FillSample, low: FillSample) -> int:
    """Permille by which there may have been more before a fall: above a full bin, or put in
    since it was last seen where a board reports seldom – as much as before, and again."""
    if state.topped:
        return FULL - state.before + OVER
    if low.t - full.t <= GAP_S and full.t - state.last[0].t <= GAP_S:
        return 0
    risen = max(LEAST_HIDDEN, 2 * ((full.fill or 0) - state.before))
    return min(FULL - state.before, risen)


def _part(state: FillState, s: FillSample, fill: int, out: Fillings) -> None:
    """Watch a fall that is too small for an emptying and too large for somebody who presses."""
    part = state.part
    if part is None:
        before = min((x.fill or 0 for x in state.last), default=0)
        is_small = _is_small(before, fill)
        if is_small or _fell(before, fill, PRESSED_SHARE):
            full = state.last[-1]
            args = full.t, s.t, before, fill, full.life, full.seq
            why = ONCE if len(state.last) < 2 else SMALL if is_small else PARTLY
            seldom = is_small and s.t - full.t > GAP_S
            hidden = max(LEAST_HIDDEN, 2 * ((full.fill or 0) - before)) if seldom else 0
            state.part = Emptying(*args, why, hidden)
    elif not (_is_small(part.before, fill) or _fell(part.before, fill, PRESSED_SHARE)):
        state.part = None
    elif s.t - part.t_end >= LEAN_S:
        out.emptyings.append(structs.replace(part, after=max(part.after, fill)))
        state.part = None


def _is_small(before: int, after: int) -> bool:
    """Whether about all of a little is gone."""
    return SMALL_FALL <= before - after < LEAST_FALL and 1000 * after <= LEFT_SHARE * before


def _fell(before: int, after: int, left: int = LEFT_SHARE) -> bool:
    """left: permille of the fill that may be left."""
    return before - after >= LEAST_FALL and 1000 * after <= left * before
