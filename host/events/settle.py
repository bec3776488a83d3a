"""Drops plateaus that did not stay: somebody who leaned, impulses, somebody on the bare
platform. They are dropped once the following readings show it."""

from __future__ import annotations

from ..common.local_days import local_day
from .limits import FILL_WAIT_S, IMPULSE_G, IMPULSE_S, LEAN_G, LEAN_S
from .model import Plateau, Platform, add


def settle(pending: list[Plateau], platform: Platform) -> None:
    """Drop and join plateaus at the end of the list, in place, after one was added."""
    while len(pending) >= 2:
        a, b = pending[-2], pending[-1]
        if b.gap:
            return
        if _same(a, b, platform):
            _join(a, b)
            pending.pop()
        elif len(pending) >= 3 and not a.gap and _passing(pending[-3], a, b, platform):
            pending[-3].stirred = a.last.t
            del pending[-2]
        elif (start := _chain(pending, platform)) is not None:
            del pending[start + 1 : -1]
        elif len(pending) >= 4 and is_gone(pending[-4:-1], platform):
            _forget(pending, len(pending) - 3, platform)
        else:
            return


def mature(pending: list[Plateau], platform: Platform, now: int) -> None:
    """Drop, in place, a small load that is gone again, once the plateau after it has lasted
    LEAN_S. Of two plateaus that may explain a return the shorter one is dropped. now: Unix
    seconds."""
    while len(pending) >= 3 and now - pending[-1].first.t > LEAN_S:
        if not is_gone(pending[-3:], platform):
            return
        _forget(pending, len(pending) - 2, platform)


def undecided(pending: list[Plateau], platform: Platform) -> bool:
    """Whether the first step may still turn out to be something small that is gone again."""
    return len(pending) == 3 and is_gone(pending, platform)


def _forget(pending: list[Plateau], i: int, platform: Platform) -> None:
    """Take one plateau out, and join what lay on both sides of it if that is the same."""
    del pending[i]
    if _same(pending[i - 1], pending[i], platform):
        _join(pending[i - 1], pending[i])
        del pending[i]


def is_gone(three: list[Plateau], platform: Platform) -> bool:
    """Whether the middle one was something small that is gone again after a while."""
    a, b, c = three
    low = platform.absent_below
    before, between, after = a.last.grams, b.first.grams, c.first.grams
    if b.gap or c.gap or min(before, between, after) < low:
        return False
    up, down = between - before, after - between
    if (up > 0) == (down > 0) or abs(up) > IMPULSE_G or c.first.t - a.last.t > IMPULSE_S:
        return False
    return 3 * abs(up) <= 4 * abs(down) <= 5 * abs(up)


def _chain(pending: list[Plateau], platform: Platform) -> int | None:
    """Where a weight stands that is back at the end of the list, after several short stays:
    one leaned after the other, or on a bin that was lifted a little; or one leaned while
    another put something in, and let go of as much. None: there is none."""
    c, low = pending[-1], platform.absent_below
    last = c.first.grams - pending[-2].last.grams
    largest = 0
    for i in range(len(pending) - 2, -1, -1):
        a, b = pending[i], pending[i + 1]
        largest = max(largest, abs(b.first.grams - a.last.grams))
        took = c.first.t - a.last.t
        if b.gap or a.last.grams < low or took > (IMPULSE_S if largest <= IMPULSE_G else LEAN_S):
            return None
        if b is not c and pending[i + 2].first.t - b.first.t > LEAN_S:
            return None
        back = abs(c.first.grams - a.last.grams) <= platform.limits.same_g
        undone = abs(b.first.grams - a.last.grams + last) <= platform.limits.same_g
        if (back or (undone and took <= LEAN_S)) and i < len(pending) - 3:
            return i
    return None


def _same(a: Plateau, b: Plateau, platform: Platform) -> bool:
    """Whether b continues a: no step lies between them."""
    low = platform.absent_below
    is_a_absent, is_b_absent = a.last.grams < low, b.first.grams < low
    small = abs(b.first.grams - a.last.grams) < platform.limits.step_g
    return is_a_absent == is_b_absent and (is_a_absent or small)


def _join(a: Plateau, b: Plateau) -> None:
    if d := b.first.grams - a.last.grams:
        add(a.slow, local_day(b.first.t), d)
    for day, grams in b.slow.items():
        add(a.slow, day, grams)
    a.last = b.last
    if b.fill is not None:
        a.fill = b.fill


def _passing(a: Plateau, b: Plateau, c: Plateau, platform: Platform) -> bool:
    """Whether b lasted only a moment between a and c, and is to be dropped."""
    low = platform.absent_below
    before, between, after = a.last.grams, b.first.grams, c.first.grams
    took = c.first.t - a.left  # from rest to rest
    stay = c.first.t - b.first.t
    if between < low:
        return False  # a lift, and nobody who leans
    if before < low or after < low:
        return _beside_a_lift(platform, (before, between, after), took, stay)
    up, down = between - before, after - between
    if (up > 0) == (down > 0):
        return False
    return took <= LEAN_S and after - before >= -platform.limits.same_g


def _beside_a_lift(platform: Platform, grams: tuple[int, int, int], took: int, stay: int) -> bool:
    """The same where the bin is away before or after; took, stay: in s."""
    before, between, after = grams
    low = platform.absent_below
    if min(took, stay) > LEAN_S:
        return False
    if before < low and after < low:
        return True  # somebody on the bare platform while the bin is away
    if between < platform.bin_above:
        return True  # no bin is so light: something on its way up or down
    if after < low:
        # Hands on the bin before it goes up; a drop is the first part of the lift.
        return took <= LEAN_S and not 0 <= between - before <= LEAN_G
    # It came back, and somebody let go of it.
    return stay <= LEAN_S and after <= between - platform.limits.step_g


def horizon(a: Plateau, b: Plateau, platform: Platform) -> int:
    """The Unix second after which later readings cannot change the step from a to b."""
    limits = platform.limits
    low = platform.absent_below
    before, after = a.last.grams, b.first.grams
    if b.gap:
        # The fill sensor may say whether what is gone was taken away.
        wanted = platform.has_fill and b.fill is None and after - before <= -limits.emptied_g
        return b.first.t + FILL_WAIT_S if wanted else 0
    if after < low:
        return 0
    if before < low or after < platform.bin_above:
        return b.first.t + LEAN_S
    return a.left + (IMPULSE_S if abs(after - before) <= IMPULSE_G else LEAN_S)
