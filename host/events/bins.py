"""Which bin came back, by its weight: the own one as a rule, another where only that fits."""

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
    """other: index of the bin that came instead, None: the own one. doubt_g: what would
    be different if it were the other way round. why: in words."""

    other: int | None
    doubt_g: int
    why: str


def zero(state: State) -> int | None:
    """What the bare platform showed while the bin was away; None: nobody saw it."""
    bare = state.bare
    return bare.grams if bare is not None and abs(bare.grams) <= BARE_G else None


def identify(state: State, limits: Limits, gross: int, net: int) -> Found:
    """Which bin stands there with this gross after one of this net went.

    What the own bin explains is the own bin: a residue of up to RESIDUE_SHARE of what it
    held is as usual as another bin is rare. But what is more than that, or less than
    nothing, and is the tare of a clean spare as closely as a scale can tell, is that spare."""
    bare = zero(state)
    exact = gross - (bare or 0)
    short = limits.short_g if bare is None else limits.close_g + limits.short_g // 3
    usual = RESIDUE_G
    if state.bin.emptied >= LEARNED_N:
        usual = max(usual, state.bin.residue_g + SAID_RESIDUE_G)
    own = exact - state.bin.tare_g
    most = max(usual, net * RESIDUE_SHARE // 1000)
    clean = bare is not None and _is_clean_spare(state, limits, exact, own, net)
    if -short <= own <= most and not clean:
        within = limits.close_g // (2 if own >= SAID_RESIDUE_G else 6)
        doubt = bare is not None and own >= limits.step_g and _off(state, exact) <= within
        return Found(None, own if doubt else 0, "")
    fits = _fitting(state, limits, exact, own, bare)
    if not fits:
        light = own < -short
        return Found(None, 0, "lighter than any known bin" if light else "")
    best = min(fits, key=lambda i: (abs(exact - state.others[i].tare_g), i))
    known = state.others[best]
    off = exact - known.tare_g
    why = f"{off / 1000:+.3f} kg from the tare of another bin, {known.tare_g / 1000:g} kg"
    sure = own < 0 or (bare is not None and own > 2 * usual and abs(off) <= limits.close_g)
    return Found(best, 0 if sure else own, why)


def _off(state: State, exact: int) -> int:
    """How far this is from the nearest tare of a spare."""
    return min((abs(exact - k.tare_g) for k in state.others if not k.sibling), default=1 << 62)


def _is_clean_spare(state: State, limits: Limits, exact: int, own: int, net: int) -> bool:
    """Whether it is likelier that a clean spare stands there than that the own bin has
    this residue: the less usual that is, the less exactly the tare must fit."""
    if own < -limits.close_g:  # lighter than the own bin was ever
        return _off(state, exact) <= limits.close_g // 2
    if own > max(RESIDUE_G, state.bin.residue_g + SAID_RESIDUE_G):
        return _off(state, exact) <= limits.close_g // 2 + 10
    if own > max(SAID_RESIDUE_G, net * RESIDUE_SHARE // 1000):
        return _off(state, exact) <= limits.close_g // 6
    return False


def _fitting(state: State, limits: Limits, exact: int, own: int, bare: int | None) -> list[int]:
    """Indexes of bins whose tare this may be; a sibling only where no spare fits."""
    short = limits.short_g if bare is None else limits.short_g // 2
    spares, siblings = [], []
    for i, known in enumerate(state.others):
        off = exact - known.tare_g
        may = -short <= off <= SPARE_RESIDUE_G
        exactly = bare is not None and abs(off) <= limits.close_g
        if not known.sibling and may:
            spares.append(i)
        elif known.sibling and (exactly or (may and own < 0)):
            siblings.append(i)
    return spares or siblings


def exchange(state: State, other: int) -> None:
    """Another bin stands there now; the one that left may come back."""
    known = state.others.pop(other)
    state.others.append(Known(state.bin.tare_g, state.bin.residue_g, state.bin.emptied))
    state.bin = known
    state.swapped = True


def learn(bin_: Known, residue_g: int) -> None:
    """A bin was emptied and shows this over its tare: a quarter of the weight of one.

    As far as that is less than anything asks for, all of it is the same: so a bin whose
    emptying comes late is soon what it would have been, and the days after it stay."""
    n = bin_.emptied + 1
    residue_g = max(residue_g, LEAST_LEARNED_G)
    bin_.residue_g += (residue_g - bin_.residue_g) // min(n, 4)
    bin_.emptied = n
