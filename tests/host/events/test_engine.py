"""Deposits, lifts, returns, swaps, leaning people, gaps: series written by hand."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from series import T0, Series

from host.events import Event, Kind, Outcome, Platform, Sample, derive

BIN = Platform(13_000, wheelie=True, spares=(14_600, 11_300))
DRUMS = Platform(0, wheelie=False)
FILLED = replace(BIN, has_fill=True)


def found(series: Series, platform: Platform = BIN) -> Outcome:
    outcome = derive(platform, series.rest(400).silence(100).samples)
    assert outcome.sums.imbalance() == 0
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


def test_two_people_lean_one_after_the_other() -> None:
    s = Series(20_000).step(15_500).step(14_500, after=9).step(-30_007, after=23)
    assert told(s) == []


def test_somebody_leans_and_then_lifts_the_bin_a_little() -> None:
    assert told(Series(40_000).step(1_580).step(-3_689, after=36).step(2_108, after=59)) == []


def test_who_pulls_and_then_leans_is_forgotten_however_long_both_took_together() -> None:
    s = Series(34_602).step(-8_000, takes=7).step(21_093, after=49, takes=24)
    assert told(s.step(-13_091, after=8, takes=7)) == []


def test_somebody_leans_while_another_puts_something_in() -> None:
    s = Series(31_440).step(28_224).step(1_197, after=9).step(-28_222, after=2)
    assert told(s) == [(Kind.DEPOSIT, 1_199)]
    s = Series(138_200).step(1_592).step(-138_227, after=2).step(-1_591, after=11)
    assert told(s, DRUMS) == [(Kind.COLLECTION, 138_226)]


def test_bags_that_stay_are_no_chain_of_leans() -> None:
    s = Series(20_000).step(2_000).step(3_000, after=30).step(-5_000, after=120)
    assert [x for x in told(s) if x[0] is Kind.DEPOSIT] == [
        (Kind.DEPOSIT, 2_000),
        (Kind.DEPOSIT, 3_000),
    ]


def test_of_two_stays_the_shorter_one_was_the_passing_one() -> None:
    """A deposit stays for 26 min, then somebody lifts the bin a little for half a minute."""
    s = Series(50_360).step(2_645).rest(1_560).step(-2_649, after=60).step(2_622, after=33)
    assert told(s) == [(Kind.DEPOSIT, 2_645)]
    s = Series(27_240).step(1_727).rest(300).step(-2_013, after=48).step(2_013, after=16)
    assert told(s) == [(Kind.DEPOSIT, 1_727)]


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


@settings(max_examples=100, deadline=None)
@given(_ACTIONS)
def test_mass_balances_and_nothing_is_negative(actions: list[tuple[str, int, int]]) -> None:
    for platform in (BIN, DRUMS):
        outcome = derive(platform, _played(actions))
        assert outcome.sums.imbalance() == 0
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


def test_a_small_weight_that_is_gone_again_within_the_half_hour_is_not_booked() -> None:
    for grams in (2_000, -2_000, 4_000):
        s = Series(20_000).step(grams).step(-grams + 100, after=1_700).rest(3_000)
        assert told(s) == []
        assert told(s, DRUMS) == []
    s = Series(20_000).step(4_000).step(-4_000, after=2_400).rest(3_000)
    assert [k for k, _ in told(s)] == [Kind.DEPOSIT, Kind.REMOVAL]


def test_hands_that_take_bags_out_are_no_truck() -> None:
    """The bin never away: half of it may have been taken by hand; about all of it was emptied."""
    (bags,) = found(Series(40_000).step(-6_000).rest(3_000)).events
    assert (bags.kind, bags.grams, bags.doubt_g) == (Kind.REMOVAL, 6_000, 6_000)
    (small,) = found(Series(40_000).step(-1_500).rest(3_000)).events
    assert (small.kind, small.doubt_g) == (Kind.REMOVAL, 0)
    (all_of_it,) = found(Series(40_000).step(-26_800).rest(3_000)).events
    assert (all_of_it.kind, all_of_it.doubt_g) == (Kind.COLLECTION, 0)
    (last,) = found(Series(17_000).step(-3_500).rest(3_000)).events
    assert (last.kind, last.doubt_g) == (Kind.COLLECTION, 3_500)


def test_little_taken_from_a_full_bin_may_be_water_poured_out() -> None:
    (poured,) = found(Series(43_000).to(0).to(37_000, after=20)).events
    assert (poured.kind, poured.grams, poured.doubt_g) == (Kind.COLLECTION, 6_000, 6_000)
    wet = found(Series(20_000).drift(6_000).to(0).to(20_500, after=20)).events
    assert [(e.kind, e.grams, e.doubt_g) for e in wet] == [(Kind.COLLECTION, 5_500, 5_500)]
    dry = found(Series(14_000).step(6_000).drift(600).to(0).to(13_400, after=20)).events
    assert [(e.kind, e.doubt_g) for e in dry] == [(Kind.DEPOSIT, 0), (Kind.COLLECTION, 0)]
    (half,) = found(Series(43_000).to(0).to(28_000, after=20)).events
    assert (half.kind, half.grams, half.doubt_g) == (Kind.COLLECTION, 15_000, 0)


def test_something_small_taken_out_is_no_collection() -> None:
    s = Series(40_000).step(-1_500).rest(3_000)
    assert told(s) == [(Kind.REMOVAL, 1_500)]
    assert told(Series(40_000).step(-600).rest(3_000), DRUMS) == [(Kind.REMOVAL, 600)]


def test_hands_on_the_bin_before_it_goes_up_are_no_deposit() -> None:
    s = Series(60_000).step(22_000).to(0, after=15).to(13_300, after=40)
    assert told(s) == [(Kind.COLLECTION, 46_700)]
    s = Series(60_000).step(-30_000).to(0, after=15).to(13_300, after=40)
    assert told(s) == [(Kind.COLLECTION, 46_700)]


def test_a_deposit_just_before_the_lift_is_one() -> None:
    s = Series(60_000).step(1_200).to(0, after=15).to(13_300, after=40)
    assert told(s) == [(Kind.DEPOSIT, 1_200), (Kind.COLLECTION, 47_900)]


def test_what_came_right_before_a_lift_is_in_doubt() -> None:
    """A bag, or hands on the bin that went up with it: nobody can see that they let go."""
    s = Series(60_000).step(3_300).to(0, after=20).to(13_300, after=40)
    assert [e.doubt_g for e in found(s).events] == [0, 3_300]
    s = Series(60_000).step(3_300).to(0, after=200).to(13_300, after=40)
    assert [e.doubt_g for e in found(s).events] == [0, 0]
    s = Series(60_000).step(3_300).to(0, after=20).to(11_300, after=40)
    assert [e.doubt_g for e in found(s).events] == [0, 3_300], "another bin came back"


def test_a_platform_that_was_not_bare_saw_perhaps_no_lift() -> None:
    event = found(Series(13_100).step(1_160, after=300).to(4_700, after=300).to(13_100)).events[-1]
    assert (event.grams, event.doubt_g) == (1_160, 1_160)


def test_somebody_holds_on_to_the_bin_that_came_back() -> None:
    s = Series(60_000).to(0).to(38_000, after=40).to(13_300, after=20)
    assert told(s) == [(Kind.COLLECTION, 46_700)]


def test_what_is_lighter_than_any_bin_is_none() -> None:
    """Somebody on the bare platform, or a bin half set down."""
    s = Series(60_000).to(9_000).to(0, after=15).to(8_000, after=30).to(13_300, after=20)
    assert told(s) == [(Kind.COLLECTION, 46_700)]


def test_the_bare_platform_shows_how_far_zero_is_off() -> None:
    s = Series(60_140).to(140).to(14_750, after=40)
    event = found(s).events[0]
    assert (event.kind, event.grams) == (Kind.COLLECTION, 47_000)
    assert event.bare is not None
    assert event.bare.grams == 140


def test_a_clean_spare_to_the_e_is_a_swap_even_where_a_residue_may_be_as_large() -> None:
    s = Series(101_800).to(0).to(14_610, after=40)
    event = found(s).events[0]
    assert (event.grams, event.note) == (88_800, "swapped for another bin")
    assert event.doubt_g == 1_610


def test_bins_changed_places() -> None:
    """The bin of the next platform came back: lighter than the own one can be."""
    neighbour = Platform(13_000, True, siblings=(11_200,))
    outcome = found(Series(60_000).to(0).to(11_230, after=40).step(900), neighbour)
    assert [(e.kind, e.grams) for e in outcome.events] == [
        (Kind.COLLECTION, 47_000),
        (Kind.DEPOSIT, 900),
    ]
    assert outcome.sums.closing == 930


def test_what_came_back_too_heavy_is_in_doubt() -> None:
    event = found(Series(60_000).to(0).to(15_500, after=40)).events[0]
    assert (event.grams, event.doubt_g) == (44_500, 2_500)
    event = found(Series(60_000).to(0).to(13_400, after=40)).events[0]
    assert event.doubt_g == 0


def _gap_with_fill(fill_after: int | None) -> list[tuple[Kind, int]]:
    s = Series(60_000)
    s.fill = 800
    s.rest(400)
    s.grams, s.fill = 13_200, fill_after
    return told(s.silence(7_200), FILLED)


def test_a_collection_in_a_gap_needs_weight_and_fill_to_agree() -> None:
    assert _gap_with_fill(10) == [(Kind.COLLECTION, 46_800)]
    assert _gap_with_fill(700) == [(Kind.UNATTRIBUTED, -46_800)]
    assert _gap_with_fill(None) == [(Kind.UNATTRIBUTED, -46_800)]


def test_a_rise_in_a_gap_is_never_a_deposit() -> None:
    s = Series(20_000)
    s.fill = 200
    s.rest(400)
    s.grams, s.fill = 50_000, 700
    assert told(s.silence(7_200), FILLED) == [(Kind.UNATTRIBUTED, 30_000)]


def test_a_scale_that_stands_still_to_the_gram_is_frozen() -> None:
    s = Series(20_000).rest(7 * 3_600).step(3_000).rest(600)
    outcome = found(s)
    flag = outcome.flags[0]
    assert (flag.kind, flag.t_end - flag.t) == ("frozen", 7 * 3_600 + 60)
    assert [(e.kind, e.doubt_g) for e in outcome.events] == [(Kind.DEPOSIT, 3_000)]
    assert "stood still" in outcome.events[0].note


def test_what_a_frozen_scale_says_next_is_unattributed_when_the_fill_knew_better() -> None:
    s = Series(20_000)
    for fill in (200, 300, 450):
        s.fill = fill
        s.rest(3 * 3_600)
    assert told(s.step(9_000).rest(600), FILLED) == [(Kind.UNATTRIBUTED, 9_000)]


def test_a_scale_that_moves_is_not_frozen() -> None:
    s = Series(20_000)
    for i in range(100):
        s.grams += 1 - 2 * (i % 2)
        s.rest(300).silence(1)
    assert found(s).flags == []


def test_a_bin_lighter_than_it_can_be_is_flagged() -> None:
    flags = found(Series(13_100).drift(-600).rest(900).drift(500)).flags
    assert [f.kind for f in flags] == ["negative"]


def test_beyond_what_the_scale_can_show_is_a_fault() -> None:
    s = Series(20_000).rest(600)
    s.grams = 151_000
    s.silence(60)
    s.grams = 21_000
    platform = Platform(13_000, True, max_g=150_000)
    assert told(s.silence(60), platform) == [(Kind.UNATTRIBUTED, 1_000)]
    assert found(s, platform).flags[0].kind == "range"


def test_a_rest_too_short_to_be_told_is_seen_at_the_next_motion() -> None:
    s = Series(20_000).step(150)
    del s.samples[-1]  # 150 g are less than a board tells at once
    s.step(1_200, after=40)
    assert [g for k, g in told(s)] == [150, 1_200]


def test_a_coarse_scale_has_coarse_steps() -> None:
    coarse = Platform(0, wheelie=False, e_g=500)
    s = Series(0).step(1_400).step(200_000, after=4_000).rest(4_000)
    assert told(s, coarse) == [(Kind.DEPOSIT, 200_000)]


def _emptied_to(exact: int, net: int, bare: int = 40) -> Event:
    """A bin of this net was away, with the bare platform seen, and exact grams came back."""
    return found(Series(13_000 + net + bare).to(bare).to(exact + bare, after=40)).events[0]


def test_the_less_usual_a_residue_is_the_less_exactly_a_spare_must_fit() -> None:
    heavier = Platform(13_000, True, spares=(13_800, 12_830, 13_300))

    def note(exact: int, net: int) -> tuple[str, int]:
        s = Series(13_000 + net + 40).to(40).to(exact + 40, after=40)
        e = found(s, heavier).events[0]
        return e.note, e.doubt_g

    swapped = "swapped for another bin"
    assert note(13_810, 30_000) == (swapped, 810)  # 2.7 % of the load, and 10 g off
    assert note(13_830, 30_000) == ("", 830)  # 30 g off: the own bin, in doubt
    assert note(13_810, 60_000) == ("", 810)  # 1.4 % of the load is usual
    assert note(13_400, 30_000) == ("", 0)
    assert note(13_310, 30_000) == ("", 310)  # as usual as can be, but a spare to e/3
    assert note(12_840, 30_000) == (swapped, 0)  # lighter than the own bin ever was
    assert note(12_950, 30_000) == ("", 0)


def test_a_residue_of_two_percent_is_no_doubt() -> None:
    assert _emptied_to(14_900, 100_000).doubt_g == 0
    assert _emptied_to(15_100, 100_000).doubt_g == 2_100
