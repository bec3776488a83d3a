"""Deposits, lifts, returns, swaps, leaning people, gaps: series written by hand."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from series import T0, Series

from host.events import Event, Kind, Outcome, Platform, Sample, derive

BIN = Platform(13_000, wheelie=True, spares=(14_600, 11_300))
DRUMS = Platform(0, wheelie=False)


def found(series: Series, platform: Platform = BIN) -> Outcome:
    outcome = derive(platform, series.rest(400).silence(100).samples)
    assert outcome.sums.residual() == 0
    return outcome


def told(series: Series, platform: Platform = BIN) -> list[tuple[Kind, int]]:
    return [(e.kind, e.grams) for e in found(series, platform).events]


def test_deposits() -> None:
    s = Series(13_000).step(2_000).step(350).step(1_200, after=20)
    assert told(s) == [(Kind.DEPOSIT, 2_000), (Kind.DEPOSIT, 350), (Kind.DEPOSIT, 1_200)]


def test_rain_and_drain_are_neither_deposit_nor_removal() -> None:
    outcome = found(Series(20_000).drift(1_500).drift(-900))
    assert outcome.events == []
    assert outcome.sums.drift == 600


def test_lift_and_return_emptied() -> None:
    s = Series(83_000).to(20).to(13_400, after=40)
    assert told(s) == [(Kind.COLLECTION, 69_600)]
    event = found(Series(83_000).to(20).to(13_400, after=40)).events[0]
    assert (event.before.grams, event.after.grams) == (83_000, 13_400)
    assert event.t == event.before.t == T0 + 60


def test_lifted_and_put_back_unemptied() -> None:
    assert told(Series(40_000).to(0).to(40_090, after=30)) == [(Kind.RETURNED, 0)]


def test_half_emptied() -> None:
    assert told(Series(83_000).to(0).to(40_000, after=30)) == [(Kind.COLLECTION, 43_000)]


def test_quick_lift_never_seen_empty() -> None:
    assert told(Series(60_000).to(13_200)) == [(Kind.COLLECTION, 46_800)]


def test_swap_for_a_heavier_and_for_a_lighter_bin() -> None:
    for tare in (14_600, 11_300):
        s = Series(60_000).to(0).to(tare + 60, after=40).step(2_000)
        outcome = found(s)
        assert [(e.kind, e.grams) for e in outcome.events] == [
            (Kind.COLLECTION, 47_000),
            (Kind.DEPOSIT, 2_000),
        ]
        assert outcome.events[0].note == "swapped for another bin"
        assert outcome.sums.closing == 2_060


def test_a_wet_residue_is_not_mistaken_for_a_heavier_bin() -> None:
    assert told(Series(101_800).to(0).to(14_500, after=40)) == [(Kind.COLLECTION, 87_300)]


def test_the_swapped_bin_can_come_back() -> None:
    s = Series(60_000).to(0).to(14_600, after=40).step(9_000).to(0).to(13_050, after=30)
    assert [g for k, g in told(s) if k is Kind.COLLECTION] == [47_000, 9_000]


def test_somebody_leans_and_leaves() -> None:
    assert told(Series(20_000).step(30_000).step(-30_040, after=12)) == []


def test_somebody_leans_while_putting_something_in() -> None:
    assert told(Series(20_000).step(15_000).step(-13_000, after=8)) == [(Kind.DEPOSIT, 2_000)]


def test_a_bag_taken_out_and_put_back() -> None:
    assert told(Series(20_000).step(-3_000).step(3_020, after=20)) == []


def test_somebody_on_the_bare_platform_is_no_return() -> None:
    s = Series(60_000).to(0).step(70_000, after=10).to(0, after=5).to(13_100, after=20)
    assert told(s) == [(Kind.COLLECTION, 46_900)]


def test_motion_without_a_change_is_nothing() -> None:
    s = Series(20_000)
    for _ in range(20):
        s.step(3)
    assert told(s) == []


def test_a_gap_is_never_a_collection() -> None:
    s = Series(60_000).rest(100)
    s.grams = 13_100
    assert told(s.silence(7_200)) == [(Kind.UNATTRIBUTED, -46_900)]


def test_lifted_before_a_gap_and_back_after_it() -> None:
    s = Series(60_000).to(0)
    s.grams = 13_100
    assert told(s.silence(3_000)) == [(Kind.UNATTRIBUTED, -46_900)]


def test_gap_while_lifted() -> None:
    s = Series(60_000).to(0).silence(2_000).to(13_100)
    assert told(s) == [(Kind.UNATTRIBUTED, -46_900)]


def test_a_fault_hides_what_happened() -> None:
    s = Series(60_000).rest(100).fault("saturated")
    s.grams = 30_000
    assert told(s.silence(60)) == [(Kind.UNATTRIBUTED, -30_000)]


def test_a_restart_with_another_weight_is_unattributed() -> None:
    s = Series(20_000).rest(60)
    s.boot, s.grams = 1, 25_000
    assert told(s.silence(30)) == [(Kind.UNATTRIBUTED, 5_000)]


def test_a_restart_alone_is_nothing() -> None:
    s = Series(20_000).rest(60)
    s.boot, s.grams = 1, 20_030
    outcome = found(s.silence(30))
    assert outcome.events == []
    assert len(outcome.covered) == 1


def test_drums_in_and_out() -> None:
    s = Series(0).step(84_000).step(61_000).step(-84_050, after=600)
    assert told(s, DRUMS) == [
        (Kind.DEPOSIT, 84_000),
        (Kind.DEPOSIT, 61_000),
        (Kind.COLLECTION, 84_050),
    ]


def test_coverage_stops_at_gaps_and_faults() -> None:
    s = Series(20_000).rest(300).silence(300)
    whole = found(s).covered
    assert len(whole) == 1
    s = Series(20_000).silence(600).silence(661).silence(600)
    assert [b - a for a, b in derive(BIN, s.samples).covered] == [600, 600]
    s = Series(20_000).silence(300).fault("not_ready").silence(60).silence(240)
    assert [b - a for a, b in derive(BIN, s.samples).covered] == [300, 240]


_ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["step", "lift", "drift", "gap", "fault", "restart"]),
        st.integers(-20_000, 30_000),
        st.integers(20, 2_000),
    ),
    max_size=25,
)


def _played(actions: list[tuple[str, int, int]]) -> list[Sample]:
    s = Series(30_000)
    for what, grams, after in actions:
        if what == "step":
            s.step(max(grams, 11_000 - s.grams), after)
        elif what == "lift":
            s.to(0, after).to(max(11_000, 13_000 + grams // 4), after=30)
        elif what == "drift":
            s.drift(grams // 20)
        else:
            if what == "fault":
                s.fault("not_ready")
            s.grams = max(0, s.grams + grams)
            s.boot += what == "restart"
            s.silence(after + (660 if what == "gap" else 0))
    return s.samples


@settings(max_examples=300)
@given(_ACTIONS)
def test_mass_balances_and_nothing_is_negative(actions: list[tuple[str, int, int]]) -> None:
    for platform in (BIN, DRUMS):
        outcome = derive(platform, _played(actions))
        assert outcome.sums.residual() == 0
        for e in outcome.events:
            assert e.grams >= 0 or e.kind is Kind.UNATTRIBUTED
            assert e.t <= e.t_end
        assert _sum(outcome.events, Kind.COLLECTION) == outcome.sums.collected
        assert _sum(outcome.events, Kind.DEPOSIT) == outcome.sums.deposited
        intervals = outcome.covered
        assert all(a < b for a, b in intervals)
        assert all(x[1] <= y[0] for x, y in itertools.pairwise(intervals))


def _sum(events: list[Event], kind: Kind) -> int:
    return sum(e.grams for e in events if e.kind is kind)
