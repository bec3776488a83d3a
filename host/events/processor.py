"""Derives events from readings in one pass forward, from any saved state."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy as shallow

from ..common.local_days import local_day
from . import states
from .booking import book_all, book_certain
from .engine import EventClassifier
from .fast_path import FastPath
from .limits import FILL_S, GAP_S
from .model import Outcome, Plateau, Platform, Sample, add
from .sample_columns import series
from .settle import settle
from .state import State, copy, fresh, key


class LateError(Exception):
    """A reading is not later than the state: start again from a state before it (see
    replay.absorb)."""


def advance(
    platform: Platform, state: State, samples: Iterable[Sample], *, transitions: bool = True
) -> tuple[State, Outcome]:
    """The state after these readings, and the outcome that became certain. The given state is
    not changed. transitions: whether anybody asks for them; without, all else is the same and
    takes less time. LateError where a reading is not later than the state."""
    state = copy(state)
    out = Outcome()
    classifier = EventClassifier(platform, state, out)
    rows = series(samples)
    if len(rows) and state.at is not None and key(s := rows[0]) <= state.at:
        raise LateError(f"reading {s.life}/{s.seq} is not later than the state")
    fast = FastPath(platform, state, classifier, out, rows, transitions=transitions)
    told = out if transitions else None
    i, n = 0, len(rows)
    while i < n and (i := fast.skip(i)) < n:
        s = rows[i]
        _take(platform, state, classifier, out, s)
        states.tell(platform, state, s, told)
        state.at = key(s)
        i += 1
    if told is None and state.last is not None:
        states.tell(platform, state, state.last, None)
    state.sums.closing = state.net_g
    out.sums = shallow(state.sums)
    return state, out


def finish(platform: Platform, state: State) -> Outcome:
    """The provisional end of a series: the outcome if no reading followed."""
    state = copy(state)
    out = Outcome()
    book_all(platform, state.pending, EventClassifier(platform, state, out))
    states.close(state, out)
    state.sums.closing = state.net_g
    out.sums = shallow(state.sums)
    return out


def derive(platform: Platform, samples: Iterable[Sample], state: State | None = None) -> Outcome:
    """The whole outcome of these readings, with its provisional end."""
    state, out = advance(platform, state or fresh(platform), samples)
    out.extend(finish(platform, state))
    return out


def _take(
    platform: Platform, state: State, classifier: EventClassifier, out: Outcome, s: Sample
) -> None:
    states.boards(state, s, out)
    if not s.usable or abs(s.grams or 0) > platform.beyond:
        states.unusable(state, s, out)
    else:
        states.before(state, s)
        _plateau(platform, state, classifier, out, s)
        states.watch(platform, state, s, out)
    if state.pending:
        book_certain(platform, state.pending, classifier, s.t)


def _plateau(
    platform: Platform, state: State, classifier: EventClassifier, out: Outcome, s: Sample
) -> None:
    """Add a usable reading to the plateaus."""
    pending, last = state.pending, state.last
    gap = state.ended
    if last is not None:
        if not gap and not _silent(platform, last, s):
            out.cover(last.t, s.t)
        gap = gap or _unseen(platform, last, s, state)
    evidence = s.evidence
    if not pending:
        pending.append(Plateau(evidence, evidence))
        classifier.open(pending[0])
    elif gap:
        book_all(platform, pending, classifier)
        pending.append(Plateau(evidence, evidence, gap))
    elif state.moved and (s.q is None or s.grams != last.grams):  # type: ignore[union-attr]
        # Also where a rest in between was too short or too small to be reported.
        pending.append(Plateau(evidence, evidence))
        settle(pending, platform)
    else:
        # In motion as before: another motion, or another channel's reading within this one.
        top = pending[-1]
        if d := evidence.grams - top.last.grams:
            add(top.slow, local_day(s.t), d)
        top.last = evidence
    top = pending[-1]
    if s.fill is not None and s.t - top.first.t >= FILL_S:
        top.fill = s.fill
    state.moved, state.last, state.ended = s.q is not None, s, ""


def _silent(platform: Platform, a: Sample, b: Sample) -> bool:
    """Whether too much time lies between two readings."""
    seconds = b.t - a.t
    return seconds > GAP_S and seconds > platform.silences.longest(b.life, b.t)


def _unseen(platform: Platform, a: Sample, b: Sample, state: State) -> str:
    """Why the change of weight from a to b has no known cause; "" where it has one."""
    assert a.grams is not None and b.grams is not None
    change = abs(b.grams - a.grams)
    if _silent(platform, a, b):
        return f"no reading for {(b.t - a.t) // 60} min"
    if (a.life, a.boot) != (b.life, b.boot):
        if change < platform.limits.report_g:
            return ""
        return "two boards speak under one name" if state.two else "the board was restarted"
    return "" if state.moved or change < platform.limits.jump_g else "no motion was told"
