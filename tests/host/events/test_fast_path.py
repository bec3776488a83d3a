"""Passing over steady stretches changes nothing: beside a walk through every reading."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from series import PLATFORMS, T0, any_series

from host.events import Kind, Outcome, Platform, Sample, State, advance, finish, fresh, processor
from host.events.fast_path import FastPath
from host.events.sample_columns import series as columns

COARSE = Platform(12_000, True, (12_300,), (), 500, 0, False)
OPEN = Platform(0, False, (), (), 50, 20_000, True)
SHOWN = Platform(11_000, True, (), (14_600,), 100, 60_000, False, shown=True)
ALL = (*PLATFORMS, COARSE, OPEN, SHOWN)

# A run of readings: how many, seconds between them, grams of noise, grams it starts with
# more (None: the bin is gone), quality, fill, and whether it is another start or life.
_RUN = st.tuples(
    st.sampled_from([1, 1, 1, 2, 3, 5, 12, 60, 90]),
    st.sampled_from([0, 1, 9, 30, 60, 89, 90, 91, 299, 300, 300, 300, 660, 661, 2100]),
    st.sampled_from([0, 0, 3, 12, 90, 160, 550]),
    st.sampled_from([0, 0, 0, 40, -40, 149, 150, 499, 500, 900, 3000, -2900, -8000, 9000, None]),
    st.sampled_from([None, None, None, None, "moving", "moving", "fault", "no_data"]),
    st.sampled_from([None, None, 0, 40, 300, 349, 350, 900]),
    st.sampled_from(["", "", "", "", "", "", "boot", "life"]),
)


def _played(runs: list[tuple[Any, ...]], seed: int) -> list[Sample]:
    rng = random.Random(seed)  # noqa: S311
    out: list[Sample] = []
    t, load, boot, life, seq = T0, 30_000, 0, 0, 0
    for n, every, noise, more, q, fill, other in runs:
        load = 0 if more is None else (load or 12_100) + more
        boot, life = boot + (other == "boot"), life + (other == "life")
        seq = 0 if other == "life" else seq
        for i in range(n):
            t += every
            grams = None if q == "no_data" else load + rng.randint(-noise, noise)
            told = None if fill is None or rng.random() < 0.1 else fill + rng.randint(-30, 30)
            said = q if i == 0 or q not in (None, "moving") else None
            if said is None and grams is None:
                grams = load
            out.append(Sample(t, grams, said, f"{life:08x}", seq, boot, told))
            seq += 1
    return out


played = st.builds(_played, st.lists(_RUN, min_size=1, max_size=25), st.integers(0, 1 << 30))


def _walk(
    platform: Platform,
    samples: list[Sample],
    cuts: list[int],
    *,
    skipping: bool,
    transitions: bool = True,
) -> tuple[list[State], list[Outcome]]:
    """States and outcomes after each part, and the provisional end."""
    with pytest.MonkeyPatch.context() as patch:
        if not skipping:
            patch.setattr(FastPath, "skip", lambda _, i: i)
        states, found = [fresh(platform)], []
        for a, b in itertools.pairwise(cuts):
            state, out = advance(platform, states[-1], samples[a:b], transitions=transitions)
            states.append(state)
            found.append(out)
        found.append(finish(platform, states[-1]))
    return states, found


def _same(samples: list[Sample], cuts: list[int]) -> None:
    at = sorted({min(c, len(samples)) for c in cuts} | {0, len(samples)})
    for platform in ALL:
        plain = _walk(platform, samples, at, skipping=False)
        assert _walk(platform, samples, at, skipping=True) == plain
        for out in plain[1]:
            out.transitions = []
        assert _walk(platform, samples, at, skipping=True, transitions=False) == plain


@settings(max_examples=150, deadline=None)
@given(played, st.lists(st.integers(0, 600), max_size=5))
def test_a_rough_series_as_reading_by_reading(samples: list[Sample], cuts: list[int]) -> None:
    _same(samples, cuts)


@settings(max_examples=60, deadline=None)
@given(any_series, st.lists(st.integers(0, 200), max_size=5), st.integers(0, 1 << 30))
def test_what_boards_tell_as_reading_by_reading(
    samples: list[Sample], cuts: list[int], seed: int
) -> None:
    _same(samples, cuts)
    rng = random.Random(seed)  # noqa: S311
    noisy = [
        s if s.grams is None else replace(s, grams=s.grams + rng.randint(-20, 20)) for s in samples
    ]
    _same(noisy, cuts)


# How many readings, seconds between them, of which of two boards.
_TURN = st.tuples(
    st.sampled_from([1, 1, 2, 40]), st.sampled_from([60, 300, 600]), st.integers(0, 1)
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(_TURN, min_size=4, max_size=12),
    st.integers(60, 120),
    st.lists(st.integers(0, 300), max_size=4),
)
@example([(1, 300, 0), (1, 300, 1), (1, 300, 0), (1, 300, 1)], 90, [])
def test_two_boards_under_one_name_as_reading_by_reading(
    turns: list[tuple[int, int, int]], after: int, cuts: list[int]
) -> None:
    samples: list[Sample] = []
    t = T0
    for n, every, board in [*turns, (after, 300, 0)]:
        for _ in range(n):
            t += every
            grams = (30_000, 12_900)[board]
            samples.append(Sample(t, grams, None, "ab"[board] * 8, len(samples), 0, None))
    _same(samples, cuts)


@settings(max_examples=30, deadline=None)
@given(played, st.randoms(use_true_random=False))
def test_shuffled_and_repeated(samples: list[Sample], draw: random.Random) -> None:
    arriving = samples + draw.choices(samples, k=len(samples) // 3)
    draw.shuffle(arriving)
    for platform in ALL:
        whole = _walk(platform, arriving, [0, len(arriving)], skipping=True)
        assert whole == _walk(platform, samples, [0, len(samples)], skipping=False)


@settings(max_examples=30, deadline=None)
@given(played, st.integers(0, 40_000), st.integers(0, 40_000))
@example([], 0, 1)
def test_columns_are_the_samples(samples: list[Sample], a: int, b: int) -> None:
    rows = columns(samples)
    plain = sorted(samples, key=lambda s: (s.t, s.boot, s.life, s.seq))
    assert list(rows) == [replace(s, q=s.q) for s in plain]
    t0, t1 = T0 + min(a, b), T0 + max(a, b)
    part = rows.part(t0, t1)
    assert list(part) == [s for s in plain if t0 <= s.t < t1]
    assert part.breaks == columns(list(part)).breaks


# Waste that is put in and now and then taken out, or leaned on: after how many seconds (with a
# night), grams; how the bin is emptied after it; seconds between readings, fill, grams of noise.
_PUT = st.tuples(
    st.sampled_from([20, 60, 89, 91, 150, 300, 900, 2050, 2099, 2101, 2500, 9000]),
    st.sampled_from([0] * 9 + [22_000]),
    st.sampled_from([140, 151, 300, 301, 700, 2500, 2500, 5000, 5001, 9000, -400, -2500]),
    # The bin is lifted and comes back, or another one does, with this weight; None: it is not.
    st.sampled_from([None, None, None, 0, 8000, 11_310, 12_150, 13_050, 13_900, 14_630, 20_000]),
    st.sampled_from([30, 61, 300, 300, 660]),
    st.sampled_from([None, 200, 400, 400]),
    st.sampled_from([0, 4, 12, 12, 200]),
)


def _put_in(puts: list[tuple[Any, ...]], seed: int) -> list[Sample]:
    rng = random.Random(seed)  # noqa: S311
    out: list[Sample] = []
    t, load = T0, 14_000

    def told(q: str | None, fill: int | None, noise: int) -> None:
        out.append(
            Sample(t, load + rng.randint(-noise, noise), q, "aaaaaaaa", len(out), 0, fill),
        )

    steps: list[tuple[Any, ...]] = []  # after how long, grams put in, or weight then; and how
    for after, night, grams, back, *how in puts:
        steps.append((after + night, grams, None, how))
        if back is not None:
            away = rng.choice([0, 0, 40, 6000])
            steps += [(after, 0, away, how), (after // 9, 0, back, how)]
    for after, grams, then, (every, fill, noise) in steps:
        end = t + after
        while t + every < end:
            t += every
            told(None, None if rng.random() < 0.2 else fill and fill + rng.randint(-9, 9), noise)
        t = end
        told("moving", fill, noise)
        t += rng.randint(1, 15)
        load = max(0, load + grams) if then is None else then
        told(None, fill, noise)
    return out


puts = st.builds(_put_in, st.lists(_PUT, min_size=1, max_size=20), st.integers(0, 1 << 30))


@settings(max_examples=150, deadline=None)
@given(puts, st.lists(st.integers(0, 600), max_size=3))
def test_what_is_put_in_as_reading_by_reading(samples: list[Sample], cuts: list[int]) -> None:
    _same(samples, cuts)


def _at(steps: list[tuple[int, int]], end: int, grams: int = 14_000) -> list[Sample]:
    """A weight until a step: (second, grams from then on); a reading every 30 s and
    at each step, the last one in second `end`."""
    told: list[tuple[int, str | None, int]] = [(t, None, 0) for t in (*range(0, end, 30), end)]
    told += [x for t, g in steps for x in ((t, "moving", 0), (t + 2, None, g))]
    out: list[Sample] = []
    for t, q, then in sorted(told, key=lambda x: (x[0], x[1] is not None)):
        grams = then or grams
        out.append(Sample(T0 + t, grams, q, "aaaaaaaa", len(out), 0, 400 + t // 60))
    return out


UP, DOWN = [(600, 16_000)], [(600, 20), (660, 13_000)]
LONG_AWAY = [(600, 20), (5000, 14_000), (5200, 20)]
STOOD = [(23_000, 20), (23_060, 13_000)]  # for hours to the gram, as a scale that is frozen


@pytest.mark.parametrize(
    ("steps", "end"),
    [
        *((UP, 600 + s) for s in (2, 90, 91, 2099, 2100, 2101, 2102, 2130)),
        *(([(600, 20_000)], 600 + s) for s in (90, 91, 92, 120)),
        *((DOWN, 662 + s) for s in (0, 58, 89, 90, 91, 92, 120)),
        *((LONG_AWAY, 5202 + s) for s in (0, 30, 3500, 3700)),
        ([(600 + 25 * n, 14_150 + 150 * n) for n in range(4)], 4000),
        ([(600 + 25 * n, 14_301 + 301 * n) for n in range(4)], 4000),
        ([*UP, (1200, 13_990)], 4000),
        ([*UP, (650, 17_000), (700, 14_000)], 4000),
        ([*UP, (630, 20), (660, 13_000)], 4000),
        (STOOD, 30_000),
        ([(23_000, 16_000)], 30_000),
    ],
)
def test_steps_at_the_edge_of_being_certain(steps: list[tuple[int, int]], end: int) -> None:
    _same(_at(steps, end), [])


@pytest.mark.parametrize("end", [902, 932, 4600])
def test_a_bin_that_comes_and_goes(end: int) -> None:
    _same(_at([(600, 14_000), (900, 20)], end, grams=20), [])


def test_a_load_of_half_a_bin_with_noise() -> None:
    """It came as a bin, weighs less than one by its noise, and is too light for any."""
    grams = [14_000, 14_000, *[10] * 14, 6004, 6003, 6005, 5988, 5998, 5992, 6000, 5990]
    times = [0, 30, *range(40, 4240, 300), *range(4000, 4240, 30)]
    moving = {1, 15}
    samples = [
        Sample(T0 + t, g, "moving" if i in moving else None, "aaaaaaaa", i, 0)
        for i, (t, g) in enumerate(zip(times, grams, strict=True))
    ]
    _same(samples, [])


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The readings that the engine took one by one."""
    seen: list[Any] = []
    real = processor._take

    def counted(*args: Any) -> None:
        seen.append(args[-1])
        real(*args)

    monkeypatch.setattr(processor, "_take", counted)
    return seen


def test_a_still_day_is_passed_over_in_few_steps(taken: list[Any]) -> None:
    rng = random.Random(1)  # noqa: S311
    day = [
        Sample(T0 + 300 * i, 30_000 + rng.randint(-9, 9), None, "aaaaaaaa", i, 0)
        for i in range(288)
    ]
    advance(PLATFORMS[0], fresh(PLATFORMS[0]), day)
    assert len(taken) == 1


def test_deposits_are_taken_in_few_steps(taken: list[Any]) -> None:
    day = _put_in([(900, 0, 700, None, 300, None, 4)] * 20 + [(2500, 0, 0, None, 300, None, 4)], 1)
    _, out = advance(PLATFORMS[0], fresh(PLATFORMS[0]), day, transitions=False)
    assert [e.kind for e in out.events] == [Kind.DEPOSIT] * 20
    assert len(taken) <= 3
