"""What one 街镇 is told of a month in which a truck lifts in two of them for one ticket."""

from __future__ import annotations

from bench_reconcile import district

from host.common.local_days import bounds
from host.reconcile import kept, part, river
from host.reconcile.evidence import Evidence
from host.reconcile.model import Collection, Lift, Load
from host.reconcile.month import Reconciled, reconcile

T0, T1 = bounds(20_500)[0], bounds(20_531)[0]
TOWN_OF = {"a1": "甲镇", "b1": "乙镇"}
TOWNS = tuple(TOWN_OF.values())
DRY = "干垃圾"


def month() -> tuple[Evidence, Reconciled]:
    """Ten trips: 3 t of 甲镇 and 1 t of 乙镇 lifted, 4 t on a ticket without a 街镇."""
    found = Evidence(T0, T1)
    found.town_of = TOWN_OF
    for n in range(10):
        t = T0 + 86_400 * (n + 1) + 6 * 3600
        for i in range(40):
            site = "b1" if i % 4 == 3 else "a1"
            at = t + 60 * i
            found.lifts.append(Lift(at, 100_000, "T1", site, DRY, "", f"L1-{n * 100 + i}"))
            name = f"d/w1/l/{n * 100 + i}"
            found.collections.append(Collection(at, 100_000, site, f"{site}-{i}", DRY, name, 50))
        found.loads.append(Load(t + 7200, 4_000_000, 13_000_000, "T1", DRY, "", "厂", f"w{n}@1"))
    done = reconcile(
        found.collections, found.lifts, found.loads, measured=lambda *_: True,
        town_of=TOWN_OF, start=T0, end=T1,
    )  # fmt: skip
    return found, done


def told(town: str) -> kept.Month:
    found, done = month()
    flows = river.river(done, found.loads, TOWN_OF, lambda t: T0 <= t < T1, town)
    return kept.document(*part.of_town(found, done, town), (T0, T1), flows)


def test_the_ticket_is_of_the_town_of_most_of_the_load() -> None:
    most, least = told("甲镇"), told("乙镇")
    assert most.counts == (300, 300, 10, 300) and least.counts == (100, 100, 0, 100)
    (a,), (b,) = most.streams, least.streams
    assert a.points and a.trucks and a.bridge and b.points and b.trucks
    assert (a.points.grams, a.trucks.grams, a.bridge.grams) == (30_000_000, 30_000_000, 40_000_000)
    assert (b.points.grams, b.trucks.grams, b.bridge) == (10_000_000, 10_000_000, None)
    # What has a ticket, of whatever town, is not without one.
    assert a.ticketless_g == b.ticketless_g == 0


def test_what_one_truck_lifts_in_two_towns_is_not_said_to_be_open() -> None:
    """Its tickets are for more than was lifted in the one and less than in the other."""
    made = district.make(4, 10, 0, 7_008)
    found = Evidence(district.START, made.end)
    found.collections, found.lifts = made.collections, made.lifts
    found.loads = [w._replace(town="") for w in made.loads]
    found.town_of = {site: TOWNS[n % 4 == 3] for n, site in enumerate(made.town_of)}
    done = reconcile(
        found.collections, found.lifts, found.loads, measured=made.measured,
        town_of=found.town_of, start=district.START, end=made.end,
    )  # fmt: skip
    span = district.START, made.end
    whole = kept.document(found, done, span)
    assert {x.is_closed[1] for x in whole.streams} == {True}
    assert {x.is_closed[1] for x in whole.towns} == {None}
    for town in TOWNS:
        one = kept.document(*part.of_town(found, done, town), span)
        for line in (*one.streams, *one.towns, *one.routes):
            assert line.trucks is not None and line.is_closed[1] is None


def test_where_it_went_is_told_as_far_as_it_is_ones_own() -> None:
    most, least = told("甲镇"), told("乙镇")
    assert most.first == [("甲镇", DRY, 30_000_000), (river.ELSEWHERE, DRY, 10_000_000)]
    assert most.second == [(DRY, "厂", 40_000_000)]
    assert least.first == [("乙镇", DRY, 10_000_000)]
    assert least.second == [(DRY, river.SHARED, 10_000_000)]
    assert "甲镇" not in str(least) and "厂" not in str(least) and "w1@1" not in str(least)


def test_a_lift_without_a_site_is_of_no_other_town() -> None:
    found, done = month()
    lift = Lift(found.loads[0].t - 60, 50_000, "T1", "", DRY, "", "L9-9")
    done = reconcile(
        found.collections, [*found.lifts, lift], found.loads, measured=lambda *_: True,
        town_of=TOWN_OF, start=T0, end=T1,
    )  # fmt: skip
    flows = river.river(done, found.loads, TOWN_OF, lambda t: T0 <= t < T1, "甲镇")
    assert flows.first[river.NOWHERE, DRY] == 50_000
    assert flows.first[river.ELSEWHERE, DRY] == 10_000_000


def test_what_has_no_ticket_stays_in_the_stream_that_the_truck_says() -> None:
    """Also of a truck of which no ticket tells the stream."""
    lift = Lift(T0 + 90_000, 100_000, "T2", "a1", DRY, "", "L9-1")
    done = reconcile([], [lift], [], measured=lambda *_: True, town_of=TOWN_OF, start=T0, end=T1)
    flows = river.river(done, [], TOWN_OF, lambda _: True)
    assert dict(flows.first) == {("甲镇", DRY): 100_000}
    assert dict(flows.second) == {(DRY, river.NO_TICKET): 100_000}


def test_a_town_without_sites_is_told_nothing() -> None:
    nobody = told("丙镇")
    assert nobody.counts == (0, 0, 0, 0)
    assert not (nobody.streams or nobody.routes or nobody.items or nobody.first or nobody.lost)
