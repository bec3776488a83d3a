"""Status of a platform and its faults, as transitions and flags."""

from __future__ import annotations

from collections.abc import Callable

from ..common import two_boards
from .limits import AWAY_S, FILL_MOVED, FROZEN_N, FROZEN_S, LEAN_S
from .model import Flag, Outcome, Plateau, Platform, Sample, Status, Transition
from .state import State, Still

FROZEN, NEGATIVE = "frozen", "negative"
Because = Callable[[], str]  # makes the text only where it is needed


def unusable(state: State, s: Sample, out: Outcome) -> None:
    """Note a reading without a valid weight: the next one does not follow from it."""
    why = s.q if s.q not in (None, "moving") else "range"
    assert why is not None
    if state.fault is None or state.fault[0] != why:
        _fault_over(state, s.t, out)
        state.fault = (why, s.t, s.life, s.seq)
    state.ended = state.ended or f"the scale said {why}"
    state.moved = False


def boards(state: State, s: Sample, out: Outcome) -> None:
    """Note whose reading it is: that of one board, or of two under one name."""
    if not state.turns or state.turns[-1][0] != s.life:
        state.turns = two_boards.turn(state.turns, s.life, s.t)
        began = two_boards.since(state.turns)
        if began is not None:
            state.two = (state.two[0] if state.two else began, s.t, s.life, s.seq)
    if state.two is not None and s.t - state.two[1] > two_boards.WITHIN_S:
        _one_board(state, out)


def _one_board(state: State, out: Outcome) -> None:
    if state.two is not None:
        out.flags.append(Flag(two_boards.TWO_BOARDS, *state.two, "two lives take turns"))
        state.two = None


def _fault_over(state: State, t: int, out: Outcome) -> None:
    if state.fault is not None:
        kind, since, life, seq = state.fault
        out.flags.append(Flag(kind, since, t, life, seq))
        state.fault = None


def watch(platform: Platform, state: State, s: Sample, out: Outcome) -> None:
    """Note a usable reading: it ends a fault, and may be frozen or negative."""
    if state.fault is not None:
        _fault_over(state, s.t, out)
    _frozen(platform, state, s, out)
    _negative(platform, state, s, out)


def before(state: State, s: Sample) -> None:
    """Check, before a usable reading is taken, whether the scale was frozen until now."""
    still = state.still
    if still is None or still.first.grams == s.grams or not is_frozen(still):
        return
    if still.fill is not None and abs(still.fill[1] - still.fill[0]) >= FILL_MOVED:
        state.ended = "the scale was frozen while the fill changed"


def _frozen(platform: Platform, state: State, s: Sample, out: Outcome) -> None:
    still = state.still
    # What shows whole divisions may well stand at one of them for a night.
    again = platform.shown and still is not None and s.t - still.first.t >= FROZEN_S // 2
    if still is not None and still.first.grams == s.grams and not again:
        still.n += 1
        still.until = s.t
    else:
        if still is not None and is_frozen(still):
            out.flags.append(_frozen_flag(still))
            state.was_frozen = still.until
        still = state.still = Still(s.evidence, 1, s.t)
    tell_fill(still, s.fill)


def tell_fill(still: Still, fill: int | None) -> None:
    """Note the fill (permille) of a reading of this weight."""
    if fill is None:
        return
    if still.last_fill is not None and abs(fill - still.last_fill) < FILL_MOVED // 2:
        still.fill = (still.fill[0] if still.fill else fill, fill)
    still.last_fill = fill


def is_frozen(still: Still) -> bool:
    """Whether the weight has not changed for longer than on any working scale outdoors."""
    return still.n >= FROZEN_N and still.until - still.first.t >= FROZEN_S


def _frozen_flag(still: Still) -> Flag:
    note = f"{still.n} readings of {still.first.grams / 1000:.3f} kg to the gram"
    return Flag(FROZEN, still.first.t, still.until, still.first.life, still.first.seq, note)


def _negative(platform: Platform, state: State, s: Sample, out: Outcome) -> None:
    """A bin that weighs less than its tare allows: a wrong zero, or an unknown bin."""
    top = state.pending[-1]
    assert s.grams is not None
    below = s.grams < state.bin.tare_g - platform.limits.short_g
    booked = len(state.pending) == 1 and top.first.grams >= platform.absent_below
    if booked and below and platform.wheelie:
        state.negative = state.negative or s.evidence
    elif state.negative is not None and not below:
        out.flags.append(_negative_flag(state, s.t))
        state.negative = None


def _negative_flag(state: State, until: int) -> Flag:
    first = state.negative
    assert first is not None
    note = f"{first.grams / 1000:.3f} kg, lighter than the empty bin"
    return Flag(NEGATIVE, first.t, until, first.life, first.seq, note)


def close(state: State, out: Outcome) -> None:
    """Add the flags that have not ended yet, up to the last reading."""
    until = state.at[0] if state.at else 0
    _fault_over(state, until, out)
    _one_board(state, out)
    if state.still is not None and is_frozen(state.still):
        out.flags.append(_frozen_flag(state.still))
    if state.negative is not None:
        out.flags.append(_negative_flag(state, until))


def tell(platform: Platform, state: State, s: Sample, out: Outcome | None) -> None:
    """Note the status after this reading; where it changed it, add a transition. out: None where
    nobody asks for those."""
    status, because = _status(platform, state, s)
    if status is not state.status:
        if out is not None:
            out.transitions.append(Transition(s.t, state.status, status, because(), s.life, s.seq))
        state.status = status


def _status(platform: Platform, state: State, s: Sample) -> tuple[Status, Because]:
    if (fault := state.fault) is not None:
        return Status.FAULTED, lambda: f"the scale said {fault[0]}"
    if (still := state.still) is not None and is_frozen(still):
        return Status.FAULTED, lambda: "frozen: " + _frozen_flag(still).note
    if not state.pending:
        return Status.UNSEEN, str
    if state.pending[-1].last.grams < platform.absent_below:
        return _without_bin(platform, state, s)
    return _with_bin(platform, state, s)


def _without_bin(platform: Platform, state: State, s: Sample) -> tuple[Status, Because]:
    top = state.pending[-1]
    if state.status in (Status.UNSEEN, Status.EMPTY):
        return Status.EMPTY, lambda: f"{_kg(top)}: no bin stands there"
    since = s.t - (state.lifted or top.first).t
    if since > AWAY_S:
        return Status.EMPTY, lambda: f"no bin for {since // 60} min"
    half = platform.absent_below
    return Status.LIFTED, lambda: f"{_kg(top)}: below {half / 1000:.3f} kg, half the lightest bin"


def _with_bin(platform: Platform, state: State, s: Sample) -> tuple[Status, Because]:
    top = state.pending[-1]
    if state.moved:
        return Status.FILLING, lambda: f"in motion from {_kg(top)}"
    if len(state.pending) > 1 and s.t - top.first.t <= LEAN_S:
        step = top.first.grams - state.pending[-2].last.grams
        return Status.FILLING, lambda: f"{step / 1000:+.3f} kg, not yet sure to stay"
    if not platform.wheelie and top.last.grams < platform.limits.step_g:
        return Status.EMPTY, lambda: f"{_kg(top)}: nothing stands there"
    if state.swapped and (tare := state.bin.tare_g) != platform.tare_g:
        return Status.SWAPPED, lambda: f"{_kg(top)}: the bin of {tare / 1000:g} kg"
    return Status.PRESENT, lambda: f"at rest at {_kg(top)}"


def _kg(plateau: Plateau) -> str:
    return f"{plateau.last.grams / 1000:.3f} kg"
