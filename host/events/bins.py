"""Identifies the bin that came back by its weight: the own bin, or another where only that
fits."""

from __future__ import annotations

from dataclasses import dataclass

from .limits import (
    BARE_G,
    LEARNED_N,
    LEAST_LEARNED_G,
    RESIDUE_G,
    RESIDUE_SHARE,
    SAID_RESIDUE_G,
    SPARE_RESIDUE_G,
    Limits,
)
from .state import Known, State


@dataclass(frozen=True)
class Found:
    """other: index in state.others of the bin that came instead; None: the own bin. doubt_g:
    by how much the net weight would differ if the next likely bin had come. why: for a reader."""

    other: int | None
    doubt_g: int
    why: str


def zero(state: State) -> int | None:
    """Gross weight (g) of the bare platform while the bin was away; None: not seen."""
    bare = state.bare
    return bare.grams if bare is not None and abs(bare.grams) <= BARE_G else None


@dataclass(frozen=True)
class _Return:
    """A bin that came back, in g. exact: gross less the zero of the bare platform; own: exact
    less the tare of the own bin; net: what the own bin held; bare: whether zero was seen."""

    exact: int
    own: int
    net: int
    bare: bool


def identify(state: State, limits: Limits, gross: int, net: int) -> Found:
    """Which bin stands on the platform with this gross weight after the own bin left with this
    net weight (g).

    Whatever the own bin explains is taken for the own bin: a residue up to RESIDUE_SHARE of
    what it held is usual, another bin is rare. A weight above or below that, which matches
    the tare of a clean spare as closely as the scale can tell, is that spare."""
    bare = zero(state)
    exact = gross - (bare or 0)
    back = _Return(exact, exact - state.bin.tare_g, net, bare is not None)
    if _is_own(state, limits, back):
        return Found(None, back.own if _is_doubtful(state, limits, back) else 0, "")
    fits = _fitting(state, limits, back)
    if fits:
        return _nearest(state, limits, back, fits)
    is_light = back.own < -_short(limits, back)
    return Found(None, 0, "lighter than any known bin" if is_light else "")


def _short(limits: Limits, back: _Return) -> int:
    """How far (g) the own bin may be below its tare."""
    return limits.close_g + limits.short_g // 3 if back.bare else limits.short_g


def _usual_residue(state: State) -> int:
    """Residue (g) that this bin usually keeps when it is emptied."""
    if state.bin.emptied < LEARNED_N:
        return RESIDUE_G
    return max(RESIDUE_G, state.bin.residue_g + SAID_RESIDUE_G)


def _is_own(state: State, limits: Limits, back: _Return) -> bool:
    most = max(_usual_residue(state), back.net * RESIDUE_SHARE // 1000)
    if not -_short(limits, back) <= back.own <= most:
        return False
    return not (back.bare and _is_clean_spare(state, limits, back))


def _is_doubtful(state: State, limits: Limits, back: _Return) -> bool:
    """Whether the own bin with a residue is also near the tare of a spare."""
    if not back.bare or back.own < limits.step_g:
        return False
    within = limits.close_g // (2 if back.own >= SAID_RESIDUE_G else 6)
    return _off(state, back.exact) <= within


def _nearest(state: State, limits: Limits, back: _Return, fits: list[int]) -> Found:
    """Of the bins that fit the one with the nearest tare."""
    best = min(fits, key=lambda i: (abs(back.exact - state.others[i].tare_g), i))
    other = state.others[best]
    off = back.exact - other.tare_g
    why = f"{off / 1000:+.3f} kg from the tare of another bin, {other.tare_g / 1000:g} kg"
    unusual = back.bare and back.own > 2 * _usual_residue(state)
    is_sure = back.own < 0 or (unusual and abs(off) <= limits.close_g)
    return Found(best, 0 if is_sure else back.own, why)


def _off(state: State, exact: int) -> int:
    """Distance (g) to the nearest tare of a spare."""
    return min((abs(exact - k.tare_g) for k in state.others if not k.sibling), default=1 << 62)


def _is_clean_spare(state: State, limits: Limits, back: _Return) -> bool:
    """Whether a clean spare is likelier than the own bin with this residue: the less usual
    the residue is, the less exactly the tare must fit."""
    off = _off(state, back.exact)
    if back.own < -limits.close_g:  # lighter than the own bin ever was
        return off <= limits.close_g // 2
    if back.own > max(RESIDUE_G, state.bin.residue_g + SAID_RESIDUE_G):
        return off <= limits.close_g // 2 + 10
    if back.own > max(SAID_RESIDUE_G, back.net * RESIDUE_SHARE // 1000):
        return off <= limits.close_g // 6
    return False


def _fitting(state: State, limits: Limits, back: _Return) -> list[int]:
    """Indexes of bins whose tare fits; a sibling only where no spare fits."""
    short = limits.short_g // 2 if back.bare else limits.short_g
    spares, siblings = [], []
    for i, other in enumerate(state.others):
        off = back.exact - other.tare_g
        fits = -short <= off <= SPARE_RESIDUE_G
        exactly = back.bare and abs(off) <= limits.close_g
        if not other.sibling and fits:
            spares.append(i)
        elif other.sibling and (exactly or (fits and back.own < 0)):
            siblings.append(i)
    return spares or siblings


def exchange(state: State, other: int) -> None:
    """Put another bin in the place of the own one, which may come back later."""
    new = state.others.pop(other)
    state.others.append(Known(state.bin.tare_g, state.bin.residue_g, state.bin.emptied))
    state.bin = new
    state.swapped = True


def learn(bin_: Known, residue_g: int) -> None:
    """Learn what stays in a bin from one more emptying, with the weight of a quarter.

    Residues below LEAST_LEARNED_G count as that: no rule asks for less, and a late emptying
    then changes fewer of the days after it."""
    n = bin_.emptied + 1
    residue_g = max(residue_g, LEAST_LEARNED_G)
    bin_.residue_g += (residue_g - bin_.residue_g) // min(n, 4)
    bin_.emptied = n
