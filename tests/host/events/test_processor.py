"""Whatever the batches, the order and the repetitions: the same readings, the same answer."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from series import BIN, PLATFORMS, T0, Series, any_series

from host.events import (
    Kind,
    LateError,
    Outcome,
    Sample,
    Status,
    advance,
    derive,
    finish,
    fresh,
    load,
    replay,
    save,
)
from host.events.state import StateError


@settings(max_examples=150, deadline=None)
@given(any_series, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(samples: list[Sample], draw: random.Random) -> None:
    shuffled = samples + [replace(x) for x in draw.choices(samples, k=len(samples) // 3)]
    draw.shuffle(shuffled)
    for platform in PLATFORMS:
        assert derive(platform, shuffled) == derive(platform, samples)


@settings(max_examples=150, deadline=None)
@given(any_series, st.lists(st.integers(0, 200), max_size=6))
def test_any_split_and_any_restart_from_a_saved_state(
    samples: list[Sample], cuts: list[int]
) -> None:
    at = sorted({min(c, len(samples)) for c in cuts} | {0, len(samples)})
    for platform in PLATFORMS:
        state, whole = fresh(platform), Outcome()
        for a, b in itertools.pairwise(at):
            kept = save(state)
            state, out = advance(platform, load(kept), samples[a:b])
            whole.extend(out)
        whole.extend(finish(platform, state))
        assert whole == derive(platform, samples)


@settings(max_examples=100, deadline=None)
@given(any_series, st.randoms(use_true_random=False), st.integers(1, 9))
def test_late_readings_are_as_if_they_had_come_in_time(
    samples: list[Sample], draw: random.Random, batches: int
) -> None:
    arriving = samples + draw.choices(samples, k=len(samples) // 4)
    draw.shuffle(arriving)
    size = len(arriving) // batches + 1
    for platform in PLATFORMS:
        track, stored = replay.begin(platform), list[Sample]()
        for i in range(0, len(arriving), size):
            stored += arriving[i : i + size]
            now = list(stored)
            replay.absorb(
                platform,
                track,
                arriving[i : i + size],
                lambda t, now=now: [s for s in now if s.t >= t],  # type: ignore[misc]
            )
        assert track.outcome(platform) == derive(platform, samples)


@settings(max_examples=150, deadline=None)
@given(any_series, st.sets(st.integers(0, 200)))
def test_more_readings_never_lower_coverage(samples: list[Sample], lost: set[int]) -> None:
    """More of those that weigh; a reading that says "fault" is one less for good reason."""
    fewer = [s for i, s in enumerate(samples) if i not in lost or not s.usable]
    for platform in PLATFORMS:
        all_ = derive(platform, samples).covered
        for start, end in derive(platform, fewer).covered:
            assert any(a <= start and end <= b for a, b in all_)


@settings(max_examples=150, deadline=None)
@given(any_series)
def test_mass_balances_and_nothing_is_negative(samples: list[Sample]) -> None:
    for platform in PLATFORMS:
        o = derive(platform, samples)
        assert o.sums.imbalance() == 0
        total = dict.fromkeys(Kind, 0)
        for e in o.events:
            assert e.grams >= 0 or e.kind is Kind.UNATTRIBUTED
            assert e.doubt_g >= 0
            assert e.t <= e.t_end
            assert e.why
            total[e.kind] += e.grams
        assert total[Kind.COLLECTION] == o.sums.collected
        assert total[Kind.DEPOSIT] == o.sums.deposited
        assert total[Kind.REMOVAL] == o.sums.removed
        assert total[Kind.UNATTRIBUTED] == o.sums.unattributed
        assert sum(o.slow.values()) == o.sums.drift
        assert all(x[1] < y[0] for x, y in itertools.pairwise(o.covered))


@settings(max_examples=150, deadline=None)
@given(any_series)
def test_every_transition_has_its_reading(samples: list[Sample]) -> None:
    names = {(s.life, s.seq): s.t for s in samples}
    for platform in PLATFORMS:
        status = Status.UNSEEN
        for x in derive(platform, samples).transitions:
            assert x.before is status is not x.after
            assert x.because
            assert names[x.life, x.seq] == x.t
            status = x.after


def test_a_reading_that_is_late_is_said_so() -> None:
    samples = Series(13_000).rest(3_000).samples
    state, _ = advance(BIN, fresh(BIN), samples[1:])
    with pytest.raises(LateError, match="aaaaaaaa/0 is not later"):
        advance(BIN, state, samples[:1])


def test_a_late_reading_asks_only_for_what_follows_it() -> None:
    samples = Series(13_000).rest(5 * 86_400).samples
    track = replay.begin(BIN)
    late = samples.pop(-100)
    replay.absorb(BIN, track, samples, lambda t: [])
    asked: list[int] = []

    def read(t: int) -> list[Sample]:
        asked.append(t)
        return [s for s in [*samples, late] if s.t >= t]

    replay.absorb(BIN, track, [late], read)
    assert asked
    assert late.t - replay.EVERY_S - 300 <= asked[0] <= late.t
    assert track.outcome(BIN) == derive(BIN, [*samples, late])


def test_a_saved_state_of_another_version_is_refused() -> None:
    saved = save(fresh(BIN))
    with pytest.raises(StateError, match="expected version 3, found 7"):
        load(save(replace(fresh(BIN), version=7)))
    with pytest.raises(StateError):
        load(saved[:-5])


def test_the_states_of_an_emptying() -> None:
    s = Series(60_000).to(20, after=600).to(13_400, after=40).rest(300).silence(300)
    told = [x.after for x in derive(BIN, s.samples).transitions]
    expected = [Status.PRESENT, Status.FILLING, Status.LIFTED, Status.FILLING, Status.PRESENT]
    assert told == expected


def test_the_states_of_a_swap_a_fault_and_an_empty_platform() -> None:
    s = Series(60_000).to(20).to(14_620, after=40).rest(600)
    s.fault("saturated").silence(60).to(10).rest(7_200).silence(300)
    told = [x.after for x in derive(BIN, s.samples).transitions if x.after is not Status.FILLING]
    assert told == [
        *(Status.PRESENT, Status.LIFTED, Status.SWAPPED),
        *(Status.FAULTED, Status.SWAPPED, Status.LIFTED, Status.EMPTY),
    ]
    assert derive(BIN, s.samples).flags[0].kind == "saturated"
    assert derive(BIN, s.samples).flags[0].t > T0
