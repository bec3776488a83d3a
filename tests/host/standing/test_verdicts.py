"""Whether a platform can be believed, from loads that are known anyway."""

from __future__ import annotations

import math
import random

from host.common.local_days import DAY_S
from host.standing import effect, span, temperature, zero
from host.standing.model import (
    Cause,
    Finding,
    Kind,
    Known,
    Quantity,
    Quiet,
    Standing,
    Verdict,
    Weighing,
)
from host.standing.proposal import propose
from host.standing.temperature import Air
from host.standing.verdict import evidence, standing

T = 1_772_294_400  # 2026-03-01 00:00 in Shanghai
E_G, TARE = 50, 12_500
DAYS = 40


def bare(day: float, grams: float) -> Weighing:
    return Weighing(T + round(day * DAY_S), Kind.BARE, 0, round(grams), 0.0, f"b/w1/a/{day}")


def known(*weighings: Weighing, quiet: Quiet | None = None) -> Known:
    return Known(E_G, TARE, sorted(weighings), quiet=quiet or Quiet())


def bares(off: dict[int, float], *, from_day: int = 0, until: int = DAYS) -> list[Weighing]:
    """Twice a day, with a noise of some grams."""
    luck = random.Random(7)  # noqa: S311
    return [
        bare(d + half, off.get(d, 0.0) + luck.gauss(0, 6))
        for d in range(from_day, until) for half in (0.4, 0.9)
    ]  # fmt: skip


def at_rest(rises: dict[int, float]) -> Quiet:
    """What each day adds at rest, at four in the morning."""
    t, total, sum_ = [], [], 0.0
    for d in range(DAYS):
        for hour in range(24):
            if hour == 4:
                sum_ += rises.get(d, 0.0)
            t.append(T + d * DAY_S + hour * 3600)
            total.append(round(sum_))
    return Quiet(t, total, total)


def judged(k: Known, day: float = DAYS) -> Finding:
    return zero.judge(k, T + round(day * DAY_S))


def test_a_zero_that_stays_is_within() -> None:
    found = judged(known(*bares({})))
    assert (found.verdict, found.limit, found.n) == (Verdict.WITHIN, E_G, 80)
    assert abs(found.value) < 10 < E_G


def test_a_zero_that_moved_is_named_with_the_day() -> None:
    k = known(*bares(dict.fromkeys(range(30, DAYS), -100.0)))
    found = judged(k, 32)
    assert (found.verdict, found.cause) == (Verdict.BEYOND, Cause.CELL)
    assert abs(found.value + 100) < 3 * found.error < 50
    assert T + 29 * DAY_S < found.since < T + 30.5 * DAY_S
    assert judged(k, 31).verdict is not Verdict.BEYOND  # two weighings are an accident


def test_a_foot_on_the_platform_is_no_zero() -> None:
    k = known(*bares({}), bare(33.1, 4_000), bare(35.2, 900))
    assert judged(k).verdict is Verdict.WITHIN


def test_dirt_grows_where_people_come_and_water_dries() -> None:
    """The same bare platform: the weight at rest says who brought it."""
    grows = {d: 60.0 * (d - 29) for d in range(30, DAYS)}
    assert judged(known(*bares(grows)), 34).cause is Cause.DIRTY
    crept = known(*bares(grows), quiet=at_rest(dict.fromkeys(grows, 60.0)))
    assert judged(crept, 34).cause is Cause.CELL
    wet = {30: 400.0, 31: 150.0}
    k = known(*bares(wet), quiet=at_rest({30: 400.0, 31: -250.0, 32: -150.0}))
    over = zero.over(k, T + 35 * DAY_S, T)
    assert [cause for _, cause in over] == [Cause.WET]
    assert judged(k, 35).verdict is Verdict.WITHIN
    brought = known(*bares(wet))
    assert [cause for _, cause in zero.over(brought, T + 35 * DAY_S, T)] == [Cause.DIRTY]


def test_too_little_says_so() -> None:
    found = judged(known(*bares({}, until=2)))
    assert found.verdict is Verdict.UNKNOWN and "4 bare weighings" in found.because
    assert span.judge(known(), T).verdict is Verdict.UNKNOWN
    assert span.judge(known(), T).limit > 0
    open_platform = span.judge(Known(E_G, 0, [], quiet=Quiet()), T)
    assert (open_platform.verdict, open_platform.limit) == (Verdict.UNKNOWN, 0)


def lifts(gain: dict[int, float], noise: float = 100, each: int = 2) -> list[Weighing]:
    luck = random.Random(3)  # noqa: S311
    made = []
    for d in range(DAYS):
        for n in range(each):
            load = luck.randint(25_000, 55_000)
            off = round(load * gain.get(d, 0.0) + luck.gauss(0, noise))
            t = T + d * DAY_S + n * 3600
            made.append(Weighing(t, Kind.LIFT, load, off, 0.0, f"b/w1/a/{t} L1-{t}"))
    return made


def test_a_gain_that_changed_is_named_with_the_day() -> None:
    k = known(*lifts(dict.fromkeys(range(30, DAYS), 0.005)))
    found = span.judge(k, T + DAYS * DAY_S)
    assert (found.verdict, found.cause) == (Verdict.BEYOND, Cause.CELL)
    assert abs(found.value - 0.005) < 3 * found.error < 0.005
    assert abs(found.since - (T + 30 * DAY_S)) < 2 * DAY_S
    assert span.judge(k, T + 30 * DAY_S).verdict is Verdict.WITHIN


def test_a_gain_that_was_always_off_needs_the_trucks() -> None:
    """Empty bins alone have what stayed in them: only a change of that shows."""
    k = known(*lifts(dict.fromkeys(range(DAYS), -0.006)))
    found = span.judge(k, T + DAYS * DAY_S)
    assert found.verdict is Verdict.BEYOND and found.since == 0
    returned = [w._replace(kind=Kind.RETURN, load_g=TARE) for w in lifts({}, 60)]
    alone = span.judge(known(*returned), T + DAYS * DAY_S)
    assert alone.verdict is Verdict.UNKNOWN and "0 lifts" in alone.because


def test_another_crew_leaves_more_and_that_is_no_gain() -> None:
    """Empty bins 1 % heavier, while lifts say nothing of it."""
    heavier = lifts(dict.fromkeys(range(25, DAYS), 0.01), 60)
    returned = [w._replace(kind=Kind.RETURN, t=w.t + 60, load_g=TARE) for w in heavier]
    k = known(*lifts({}, 300), *returned)
    assert span.judge(k, T + DAYS * DAY_S).verdict is not Verdict.BEYOND
    both = known(*lifts(dict.fromkeys(range(25, DAYS), 0.01), 300), *returned)
    assert span.judge(both, T + DAYS * DAY_S).verdict is Verdict.BEYOND


def test_noise_of_trucks_hides_a_gain() -> None:
    k = known(*lifts(dict.fromkeys(range(38, DAYS), 0.005), noise=1500))
    assert span.judge(k, T + DAYS * DAY_S).verdict is not Verdict.BEYOND


def test_each_weighing_has_its_uncertainty() -> None:
    k = known(*bares({}), *lifts({}, noise=200))
    told = evidence(k, T + DAYS * DAY_S)
    assert len(told) == len(k.weighings)
    assert {w.kind for w in told} == {Kind.BARE, Kind.LIFT} and all(w.error_g > 0 for w in told)
    of_lifts = [w.error_g for w in told if w.kind is Kind.LIFT]
    assert 150 < sum(of_lifts) / len(of_lifts) < 250


def follower(lag_s: float, per_c: float) -> Known:
    """A cell that follows a warm day late, while nobody comes; waste dries."""
    air, t, grams = [], [], []
    cell = None
    luck = random.Random(11)  # noqa: S311
    for i in range(DAYS * 144):
        at = T + i * 600
        weather = 3 * math.sin(i / 400)
        c = 15 + weather + 6 * math.sin(2 * math.pi * (at % DAY_S) / DAY_S)
        cell = c if cell is None else cell + (c - cell) * (1 - math.exp(-600 / lag_s))
        air.append((at, c))
        t.append(at)
        grams.append(round(20_000 - i / 5 + per_c * cell + luck.gauss(0, 2)))
    busy = sorted(T + d * DAY_S + h * 3600 for d in range(DAYS) for h in (7, 8, 19))
    return Known(E_G, TARE, activity=busy, quiet=Quiet(t, grams, grams), air=Air(air))


def test_the_lag_of_the_cells_behind_the_air() -> None:
    k = follower(5_400, 8.0)
    found = list(temperature.stretches(k, T, T + 30 * DAY_S))
    assert k.air is not None
    late, at_once = temperature.follow(found, k.air), temperature.follow(found, k.air, (0,))
    assert late is not None and at_once is not None
    assert late.lag_s == 5_400 and abs(late.zero_per_c - 8.0) < 0.5
    assert late.left_g < 3 < 2 * at_once.left_g and late.drift_g > 5 * late.left_g


def test_a_zero_that_follows_the_air_is_no_fault() -> None:
    """At 10 g per °C the morning and the evening differ by more than e."""
    k = follower(5_400, 9.0)
    assert k.air is not None
    for d in range(DAYS):
        for half in (0.3, 0.8):
            at = T + round((d + half) * DAY_S)
            c = k.air.at(at, 5_400)
            assert c is not None
            k.weighings.append(bare(d + half, 9.0 * (c - 15))._replace(c=k.air.at(at)))
    found = standing(k, T + DAYS * DAY_S)
    assert found.of(Quantity.ZERO).cause in (Cause.NONE, Cause.TEMPERATURE)
    warm = found.of(Quantity.TEMPERATURE)
    assert abs(warm.value - 9.0) < 0.5 and warm.limit == 10


def test_coefficients_are_proposed_with_what_they_gain_later() -> None:
    k = follower(5_400, 8.0)
    k.weighings = bares({})
    made = propose(k, T + DAYS * DAY_S)
    assert made is not None and made.lag_s == 5_400
    assert made.lagged_g < made.at_once_g < made.drift_g and made.drift_g > 5 * made.lagged_g
    zero_counts, per_c = made.counts(21_000.0)
    assert per_c == 21 * made.g_per_c and zero_counts == round(21 * made.zero_g)
    steady = follower(5_400, 0.0)
    steady.weighings = bares({})
    assert propose(steady, T + DAYS * DAY_S) is None  # nothing to gain


def test_frozen_where_people_always_come() -> None:
    busy = [T + d * DAY_S + h * 3600 for d in range(30) for h in range(7, 21)]
    t = range(T, T + 31 * DAY_S, 600)
    luck = random.Random(5)  # noqa: S311
    total = [0 if at >= T + 30 * DAY_S else round(luck.gauss(0, 4)) for at in t]
    k = Known(E_G, TARE, activity=busy, quiet=Quiet(list(t), total, total))
    found = standing(k, T + 31 * DAY_S)
    assert [f.cause for f in found.named] == [Cause.FROZEN]
    assert effect.advice(found) is effect.Advice.LOOK
    trembles = Quiet(list(t), [round(luck.gauss(0, 4)) for _ in t], total)
    k = Known(E_G, TARE, activity=busy, quiet=trembles)
    assert not standing(k, T + 31 * DAY_S).named  # a holiday


def test_what_a_gain_means_for_what_was_reported() -> None:
    import datetime as dt  # noqa: PLC0415

    off = Finding(Quantity.SPAN, Verdict.BEYOND, 0.005, 0.001, 0.002, 30, T + 2 * DAY_S, Cause.CELL)
    at_zero = Finding(Quantity.ZERO, Verdict.BEYOND, 100.0, 5.0, 50, 9, T, Cause.CELL)
    days = {dt.date(2026, 3, n): 100_500 for n in range(1, 6)}
    found = effect.effects(Standing(T + 5 * DAY_S, (at_zero, off)), days)
    assert [(e.date.day, e.reported_g, e.off_g) for e in found] == [
        (3, 100_500, 500), (4, 100_500, 500), (5, 100_500, 500),
    ]  # fmt: skip
    within = Finding(Quantity.SPAN, Verdict.WITHIN)
    assert effect.effects(Standing(T, (at_zero, within)), days) == []
