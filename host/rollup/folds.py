"""Computes days from readings: of a platform by the event engine, of a bin without a scale by
its fill sensor (see fold)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import msgspec

from ..common.local_days import bounds
from ..common.two_boards import TWO_BOARDS
from ..events import (
    Event,
    Kind,
    Outcome,
    Platform,
    Sample,
    Series,
    State,
    Sums,
    advance,
    finish,
    fresh,
)
from ..events import load as load_state
from ..events import save as save_state
from ..events.balance import Balance, day_balance
from ..events.fillonly import FILLED_S, Fillings, FillSample, FillState, provisional, watch
from ..events.silences import DEFAULT, Silences
from ..store.revision_writer import Facts, Step
from .fold import Figure
from .packing import pack, unpack

_LEARNED = 4  # further emptyings have the same weight: see events.bins.learn
_pack = msgspec.msgpack.Encoder().encode
# The outcome of a step without its events, the largest fill of its readings, and the events as
# packing has them: as a rule those are the events of the day, and are packed once for both.
_outcome = msgspec.msgpack.Decoder(tuple[Outcome, int | None, bytes]).decode
_fillings = msgspec.msgpack.Decoder(Fillings).decode
_fill = msgspec.msgpack.Decoder(FillState).decode


class Scale:
    """Of a platform. Values decoded last are kept: the next day needs them again."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._states: dict[bytes, State] = {}
        self._founds: dict[bytes, tuple[Outcome, int | None]] = {}
        self._happened: tuple[list[Event], bytes] = [], b""  # packed last
        self._ends: dict[bytes, Outcome] = {}

    def step(self, before: Step | None, day: int, readings: Sequence[Sample]) -> Step:
        state = self._state(before.state) if before else fresh(self._platform)
        state, outcome = advance(self._platform, state, readings, transitions=False)
        # Drop what later days do not depend on, so that equivalent states are equal: sums are
        # those of a day, and only the first _LEARNED emptyings count.
        state.sums = Sums(opening=state.net_g)
        for bin_ in (state.bin, *state.others):
            bin_.emptied = min(bin_.emptied, _LEARNED)
        fullest = _fullest(_fills(readings))
        rest = Outcome([], outcome.sums, outcome.covered, outcome.slow, [], outcome.flags)
        found = _pack((rest, fullest, self._events(outcome.events)))
        step = Step(day, opens(state), _packed(save_state(state)), found)
        self._states = {step.state: state}
        self._founds[step.found] = outcome, fullest
        return step

    def figure(self, day: int, before: Step | None, steps: Sequence[Step], end: bool) -> Figure:
        t0, t1 = bounds(day)
        whole = Outcome()
        for step in steps:
            whole.extend(self._found(step.found)[0])
        last = steps[-1] if steps else before
        if end and last:
            whole.extend(self._end(last.state))
        if steps and steps[0].day == day:
            of_day, fullest = self._found(steps[0].found)
            opening = of_day.sums.opening
        else:
            opening, fullest = self._state(before.state).net_g if before else 0, None
        whole.sums = Sums(opening=opening)
        events = [e for e in whole.events if t0 <= e.t < t1]
        n = sum(e.kind is Kind.COLLECTION for e in events)
        facts = _facts(day_balance(self._platform, whole, t0, t1), n, fullest)
        late = max((e.t_end for e in events), default=0)
        return Figure(facts, self._events(events), late)

    def silent(self, day: int, before: int) -> Facts:
        nothing = Outcome(sums=Sums(opening=before))
        return _facts(day_balance(self._platform, nothing, *bounds(day)), 0)

    def _state(self, saved: bytes) -> State:
        if saved not in self._states:
            self._states[saved] = load_state(zlib.decompress(saved))
        return self._states[saved]

    def _found(self, saved: bytes) -> tuple[Outcome, int | None]:
        if saved not in self._founds:
            outcome, fullest, happened = _outcome(saved)
            outcome.events = unpack(happened)
            self._founds[saved] = outcome, fullest
        return self._founds[saved]

    def _events(self, events: list[Event]) -> bytes:
        if events != self._happened[0]:
            self._happened = events, pack(events)
        return self._happened[1]

    def _end(self, saved: bytes) -> Outcome:
        if saved not in self._ends:
            self._ends = {saved: finish(self._platform, self._state(saved))}
        return self._ends[saved]


def opens(state: State) -> int:
    """The Unix second before which no later event, covered interval or flag begins."""
    times = [p.last.t for p in state.pending[:1]]
    times += [x.t for x in (state.lifted, state.last, state.negative) if x is not None]
    if state.still is not None:
        times.append(state.still.first.t)
    if state.fault is not None:
        times.append(state.fault[1])
    if state.two is not None:
        times.append(state.two[0])
    return min(times, default=0)


class Filled:
    """Of a bin without a scale: emptyings, and no masses. silences: of its board."""

    def __init__(self, silences: Silences = DEFAULT) -> None:
        self._silences = silences

    def step(self, before: Step | None, day: int, readings: Sequence[FillSample]) -> Step:
        state = _fill(before.state) if before else FillState()
        fillings = watch(readings, state, self._silences)
        if state.full is None:
            state.before = 0
        open_ones = state.full, *state.last, state.seen, state.emptied, state.part
        times = [x.t for x in open_ones if x is not None]
        return Step(day, min(times, default=0), _pack(state), _pack(fillings))

    def figure(self, day: int, before: Step | None, steps: Sequence[Step], end: bool) -> Figure:
        t0, t1 = bounds(day)
        results = [_fillings(step.found) for step in steps]
        found = [e for result in results for e in result.emptyings]
        last = steps[-1] if steps else before
        if end and last:
            found += provisional(_fill(last.state))
        found = sorted((e for e in found if t0 <= e.t < t1), key=lambda e: e.t)
        late = max((e.t_end for e in found), default=0)
        fullest = results[0].fullest if steps and steps[0].day == day else None
        covered = [span for result in results for span in result.covered]
        flags = "doubt" if any(e.doubt or e.unsure for e in found) else ""
        doubled = [span for result in results for span in result.doubled]
        if any(start < t1 and finish >= t0 for start, finish in doubled):
            flags = f"{flags} {TWO_BOARDS}".strip()
        if fullest is not None and _longest_unknown(covered, t0, t1) > FILLED_S:
            flags = f"{flags} fill".strip()
        facts: Facts = (*[0] * 10, sum(not e.doubt for e in found), flags, fullest)
        return Figure(facts, pack(found), late)

    def silent(self, _day: int, _before: int) -> Facts:
        return (*[0] * 11, "", None)


def _longest_unknown(covered: Sequence[tuple[int, int]], t0: int, t1: int) -> int:
    """Seconds of the longest part of [t0, t1) that no interval covers; they rise."""
    longest, known = 0, t0
    for start, end in covered:
        longest = max(longest, min(start, t1) - known)
        known = max(known, end)
    return max(longest, t1 - known)


def _fills(readings: Sequence[Sample]) -> Sequence[int | None]:
    if isinstance(readings, Series):
        return readings.fill or ()
    return [s.fill for s in readings]


def _fullest(fills: Sequence[int | None]) -> int | None:
    try:
        return max(fills, default=None)  # type: ignore[type-var]
    except TypeError:  # some reading has none
        return max((f for f in fills if f is not None), default=None)


def _facts(b: Balance, collections: int, fullest: int | None = None) -> Facts:
    """The columns of the table."""
    return (
        *(b.opening, b.deposited, b.collected, b.removed, b.unattributed, b.closing),
        *(b.limit, b.weighings, b.doubt, b.covered_s, collections, " ".join(b.flags)),
        fullest,
    )


def _packed(raw: bytes) -> bytes:
    """zlib.compress(raw, 1) with less memory, which so few bytes do not need."""
    made = zlib.compressobj(1, wbits=12, memLevel=4)
    return made.compress(raw) + made.flush()
