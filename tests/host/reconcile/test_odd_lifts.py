"""Lifts as clumsy hands bring them, and what must never be wrong in silence."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hauls import Board, Haul
from sim_board import ROOT
from tampering import let_change

from host.common.local_days import bounds, day_of
from host.hazard import HazardError, anchors, papers, register
from host.hazard.register import Register
from host.hazard.transfers import Imported
from host.reconcile import clocks, decisions, evidence, groups, lifts, river
from host.reconcile.decisions import CUT, PIN, Decision
from host.reconcile.matching import Pinned
from host.reconcile.model import Collection, Kind, Lift, Load
from host.reconcile.month import Reconciled, reconcile
from host.reconcile.plates import plate
from host.reconcile.trips import trips
from host.rollup import closing
from host.store import Store, day_revisions

NOW = 1_780_000_000
HEAD = "车牌号,称重时间,净重,单位,点位,品类"
ROW = "沪A12345,2026-03-02 10:03:20,41.5,kg,fs-01,湿垃圾"
WET = "湿垃圾"
DAY = day_of(dt.date(2026, 3, 31))


@dataclass
class Office:
    folder: Path
    store: Store
    register: Register

    def brings(self, *rows: str, head: str = HEAD, now: int = NOW, name: str = "a.csv") -> Imported:
        path = self.folder / name
        path.write_text("\n".join([head, *rows]) + "\n")
        return lifts.run(self.store, self.register.known, {}, path, by="李", now=now)

    def is_told(self, *rows: str, head: str = HEAD) -> str:
        with pytest.raises(HazardError) as error:
            self.brings(*rows, head=head)
        said = str(error.value)
        assert "nothing was imported" in said and "\n" not in said
        assert not papers.imports(self.store)
        return said


@pytest.fixture
def office(tmp_path: Path, store: Store) -> Office:
    return Office(tmp_path, store, register.load(ROOT / "registry"))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (ROW.replace("沪A12345", "···"), "车牌号: expected a plate"),
        (ROW.replace("2026-03-02 10:03:20", "2026-03-02"), "称重时间: expected a date and time"),
        (ROW.replace("2026-03-02 10:03:20", "20260302"), "称重时间: expected a date and time"),
        (ROW.replace("2026-03-02", "2000-01-01"), "称重时间: expected a time from 2015 on"),
        (ROW.replace(WET, "危险废物"), "品类: expected one of"),
        (ROW.replace("41.5", "-41.5"), "净重: expected a number from 0"),
        (ROW.replace("41.5", "1e300"), "净重: expected a number from 0"),
    ],
)
def test_a_row_that_says_too_little(office: Office, row: str, said: str) -> None:
    assert said in office.is_told(row)


@pytest.mark.parametrize("time", ["2026-03-02 00:00:00", "2026-03-02 0:00", "46083.5"])
def test_midnight_and_noon_are_times(office: Office, time: str) -> None:
    assert office.brings(ROW.replace("2026-03-02 10:03:20", time)).count == 1


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("sNaN,31", "经度: expected degrees"),
        ("1e400,31", "经度: expected degrees"),
        ("121.2,Infinity", "纬度: expected degrees"),
        ("121.2,", "纬度: expected both"),
        (",31.0", "经度: expected both"),
    ],
)
def test_a_position_that_is_none(office: Office, place: str, said: str) -> None:
    head = "车牌号,称重时间,净重,单位,经度,纬度"
    assert said in office.is_told(f"沪A12345,2026-03-02 10:03:20,41.5,kg,{place}", head=head)


def test_a_plate_in_any_spelling() -> None:
    between = ["", " ", "\u3000", "\u00a0", "·", "・", "‧", "•", "—", "‐", "－", "."]
    spellings = [f"{a}{b}12345" for a in ("沪A", "沪a", "沪Ａ") for b in between]
    assert {plate(s) for s in [*spellings, " 沪A1234５ "]} == {"沪A12345"}


def test_with_and_without_a_number_it_is_one_weighing(office: Office) -> None:
    """The same weighings, once exported with 序号 and once without, must not count twice."""
    office.brings(ROW)
    with pytest.raises(HazardError, match=r"序号: .* 沪A12345 .* without a 序号"):
        office.brings(ROW + ",1", head=HEAD + ",序号", name="b.csv")
    later = ROW.replace("10:03:20", "11:03:20")
    numbered = (f"{later},1", f"{later},2")
    assert office.brings(*numbered, head=HEAD + ",序号", name="b.csv").count == 2
    with pytest.raises(HazardError, match=r"序号: .* 沪A12345 .* with a 序号"):
        office.brings(later, name="c.csv")


def test_the_same_row_twice_in_a_file(office: Office) -> None:
    """By a clock without seconds it may be two bins: it counts once, and that is told."""
    row = ROW.replace("10:03:20", "10:03")
    done = office.brings(row, row)
    assert (done.count, done.again) == (1, 1)
    file = office.folder / "a.csv"
    text = f"the same weighing as {file}:2: left out (序号 tells two apart)"
    assert f"{file}:3: 称重时间: {text}" in done.notes
    done = office.brings(row)
    assert (done.again, [n for n in done.notes if "left out" in n]) == (1, [])


def test_a_closed_month_has_the_towns_of_its_closing(office: Office) -> None:
    board, date = Board("qy-fs01", "fs-01"), dt.date(2026, 3, 2)
    board.day(date, [Haul("w2", 13_100, 41_000)])
    board.store(office.store)
    closing.close(office.store, closing.RegistrySnapshot(office.register.known), "2026-03", "李")
    known = office.register.known
    moved = replace(known.sites["fs-01"], town="九亭镇")
    later = replace(known, sites=known.sites | {"fs-01": moved})
    after = replace(office.register, known=later)
    towns = {}
    for month in ("2026-03", "2026-04"):
        start, end = (bounds(d) for d in day_revisions.month_days(month))
        towns[month] = evidence.read(office.store, after, start[0], end[1]).town_of["fs-01"]
    assert towns == {"2026-03": "方松街道", "2026-04": "九亭镇"}


@pytest.mark.each_engine
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE lift SET grams=grams-1000 WHERE line=2",
        "UPDATE lift SET site='jt-01' WHERE line=2",
        "DELETE FROM lift WHERE line=3",
        "INSERT INTO lift SELECT import, 99, t, grams, truck, site, stream, bin, number FROM lift"
        " WHERE line=2",
        "INSERT INTO lift SELECT 77, line, t, grams, truck, site, stream, bin, number FROM lift",
    ],
)
def test_a_weighing_that_was_changed_is_found(office: Office, change: str) -> None:
    office.brings(ROW, ROW.replace("10:03", "11:03"))
    assert anchors.verify(office.store) == []
    let_change(office.store, "lift")
    office.store.database.script(change)
    faults = anchors.verify(office.store)
    assert len(faults) == 1
    assert faults[0].startswith("transfers: ") and "weighings" in faults[0]


def alone(*given: Lift, loads: tuple[Load, ...] = (), day: int = DAY) -> Reconciled:
    """Lifts that no platform saw, of a month that ends with a day, and the day after."""
    end = bounds(day + 1)[1]
    return reconcile([], given, loads, measured=lambda *_: False, town_of={}, start=0, end=end)


def a_lift(name: str, t: int, truck: str = "A1", kg: int = 40) -> Lift:
    return Lift(t, 1000 * kg, truck, "fs-01", WET, "", name)


def test_a_truck_where_no_platform_is() -> None:
    """As before there is any board at its sites, or where the sites are none of the registry."""
    done = alone(a_lift("L1-2", bounds(DAY)[0] + 36_000))
    assert done.clocks == {("A1", DAY): 0} and len(done.matched.lifts) == 1


@pytest.mark.parametrize("zone_s", [-8 * 3600, 8 * 3600])
def test_a_clock_in_another_zone(zone_s: int) -> None:
    """One set to UTC, or with Shanghai's hours twice: it is told as a clock, and nobody is said to
    have left bins as they were. Lifts that fit nothing at any hour stay where they are."""
    gone, lifted, strays = [], [], []
    for d in range(DAY - 4, DAY):
        for n in range(4):
            t, kg = bounds(d)[0] + 36_000 + 40 * n, 30 + 5 * n
            gone.append(Collection(t, 1000 * kg, "fs-01", f"b{n}", WET, f"c{d}-{n}", 50))
            lifted.append(a_lift(f"K{d}-{n}", t + zone_s + 70 + n, kg=kg))
            strays.append(a_lift(f"S{d}-{n}", t + 7000 * n + zone_s, "A2", kg=60 + n))
    span = bounds(DAY - 5)[0], bounds(DAY)[1]

    def made(lifts: list[Lift]) -> Reconciled:
        whole = {"measured": lambda *_: True, "town_of": {}, "start": span[0], "end": span[1]}
        return reconcile(gone, lifts, [], **whole)  # type: ignore[arg-type]

    done = made([*lifted, *strays])
    assert [m.lifts[0].truck for m in done.matched.matches] == ["A1"] * 16
    (clock,) = (f for f in done.findings if f.kind is Kind.CLOCK)
    assert clock.truck == "A1" and abs(clock.value - zone_s - 71) <= 2
    assert {f.truck for f in done.findings if f.kind is Kind.NOT_EMPTIED} <= {"A2"}
    assert {offset for (truck, _), offset in done.clocks.items() if truck == "A2"} == {0}
    assert sum(x.grams for trip in done.trips.all for x in trip.lifts) == sum(
        x.grams for x in [*lifted, *strays]
    )


def test_a_truck_without_any_ticket_is_in_the_river_and_named() -> None:
    """It works on the last day of the month and on the next one too: its lifts are of the month
    that they are in, and its loads are named day by day."""
    days = [DAY - 2, DAY - 1, DAY, DAY + 1]
    mine = [
        a_lift(f"L1-{d}-{n}", bounds(d)[0] + 8 * 3600 + 600 * n) for d in days for n in range(5)
    ]
    done = alone(*mine)
    first, end = bounds(DAY - 30)[0], bounds(DAY)[1]
    flows = river.river(done, [], {}, lambda t: first <= t < end)
    assert sum(flows.second.values()) == sum(flows.first.values()) == 15 * 40_000
    assert [f.value for f in done.findings] == [200_000] * 3


def test_a_truck_that_never_rests_and_has_no_ticket() -> None:
    mine = [a_lift(f"L1-{n}", bounds(DAY - 3)[0] + 600 * n) for n in range(5 * 144)]
    done = alone(*mine)
    assert len(done.trips.all) == 5


def test_many_loads_of_a_truck_whose_only_ticket_is_small() -> None:
    """Each lift is a load of its own then; how many there are does not matter."""
    t = bounds(DAY - 10)[0]
    mine = [a_lift(f"L1-{n}", t + 1000 * n) for n in range(1200)]
    load = Load(t - 1, 10_000, 8_010_000, "A1", WET, "", "F", "T1@1")
    found = trips(mine, [load]).all
    assert len(found) == 1201 and sum(x.grams for x in found) == sum(x.grams for x in mine)


def test_each_lift_is_of_one_month_whatever_is_known_of_the_clock() -> None:
    """The clock was set right at midnight, and on both days too few platforms were there to tell:
    March takes the clock for fast, April for right."""
    midnight = bounds(DAY)[1]
    edge = [a_lift(f"E{n}", midnight + n) for n in (-200, -60, 60, 200)]

    def told(ahead: int, days: range) -> tuple[Reconciled, list[Collection]]:
        known, gone = [], []
        for d in days:
            for n in range(12):
                t = bounds(d)[0] + 36_000 + 300 * n
                kg = 30 + 3 * n
                gone.append(Collection(t, 1000 * kg, "fs-01", "b", WET, f"c{d}-{n}", 50))
                known.append(a_lift(f"K{d}-{n}", t + ahead, kg=kg))
        start, end = bounds(days[0])[0], bounds(days[-1])[1]
        return reconcile(
            gone, [*known, *edge], [], measured=lambda *_: False, town_of={}, start=start, end=end
        ), gone

    march, gone = told(180, range(DAY - 5, DAY))
    assert march.clocks["A1", DAY] == 180
    april, later = told(0, range(DAY + 2, DAY + 7))
    assert april.clocks["A1", DAY + 1] == 0

    def lifted(done: Reconciled, seen: list[Collection], within: range) -> tuple[int, int]:
        found = [
            groups.groups(done, seen, [], keys, lambda t: t in within)
            for keys in (
                groups.by_stream({}), groups.by_day(done, {}), groups.by_route(done),
                groups.by_town(done, {}, {}),
            )
        ]  # fmt: skip
        sums = {sum(g.trucks.n for g in each.values() if g.trucks) for each in found}
        flows = river.river(done, [], {}, lambda t: t in within)
        assert len(sums) == 1  # by stream, day, route and town alike
        return sums.pop(), sum(flows.first.values())

    n, grams = lifted(march, gone, range(midnight - 30 * 86_400, midnight))
    more, rest = lifted(april, later, range(midnight, midnight + 30 * 86_400))
    assert (n, more) == (5 * 12 + 2, 5 * 12 + 2)
    assert grams + rest == 2 * 5 * sum(30 + 3 * n for n in range(12)) * 1000 + 4 * 40_000


def test_an_interval_is_known_from_several_scales_or_not_at_all() -> None:
    """Of one truck that no platform can be compared with, nothing says how far it is off: the
    ticket beside it neither closes nor does not."""
    mine = [a_lift(f"L1-{n}", 1000 + n) for n in range(5)]
    load = Load(2000, 300_000, 8_300_000, "A1", WET, "", "F", "T1@1")
    done = alone(*mine, loads=(load,))
    (group,) = groups.groups(done, [], [load], groups.by_stream({}), lambda _: True).values()
    assert group.trucks is not None and group.trucks.half is None
    assert group.bridge is not None and group.bridge.half
    assert groups.Group.closes(group.trucks, group.bridge) is None


def test_a_scale_that_shows_nothing() -> None:
    """Lifts of 0 kg at bins of 1 kg tell nothing of a truck's scale."""
    gone = [Collection(1000 * n, 1_000, "p", "b", WET, f"c{n}", 50) for n in range(10)]
    lifted = [Lift(1000 * n, 0, "A1", "p", WET, "", f"L{n}") for n in range(10)]
    assert clocks.rough_gains(lifted, {"p": gone}) == {}
    reconcile(gone, lifted, [], measured=lambda *_: True, town_of={}, start=0, end=20_000)


def decide(store: Store, what: str, lift: str, *names: str, at: int = NOW) -> None:
    decisions.decide(store, Decision(what, lift, names, "李", "现场核对", at))


def test_decisions_hold_as_they_were_added(store: Store) -> None:
    """Also when the host's clock went back between them, and for many in a second."""
    for n in range(12):
        decide(store, PIN, "L1-2", f"c{n}")
    assert [*decisions.pinned(store).pins["L1-2"]] == ["c11"]
    decide(store, PIN, "L1-2", "before", at=NOW - 60)
    assert [*decisions.pinned(store).pins["L1-2"]] == ["before"]


def test_a_cut_undoes_a_pin(store: Store) -> None:
    decide(store, PIN, "L1-2", "a", "b")
    decide(store, CUT, "L1-2", "a")
    held = decisions.pinned(store)
    assert [*held.pins["L1-2"]] == ["b"] and ("L1-2", "a") in held.cuts
    decide(store, CUT, "L1-2", "b")
    assert decisions.pinned(store).pins == {}


def test_a_pin_that_does_not_hold_is_told() -> None:
    c = Collection(1000, 40_000, "fs-01", "b", WET, "c", 50)
    mine = [a_lift("L1-2", 1000), a_lift("L1-3", 1001)]

    def broken(pins: dict[str, list[str]]) -> list[str]:
        return reconcile(
            [c], mine, [], measured=lambda *_: True, town_of={}, start=0, end=2000,
            pinned=Pinned(pins),
        ).broken_pins  # fmt: skip

    assert broken({"L1-2": ["c"]}) == []
    assert broken({"L1-2": ["c"], "L1-3": ["c"]}) == ["L1-3"]
    assert broken({"L1-3": ["gone"]}) == ["L1-3"]


@pytest.mark.each_engine
def test_pins_of_what_was_taken_back_are_told(office: Office) -> None:
    office.brings(ROW)
    decide(office.store, PIN, "L1-2", "c")
    t0, t1 = bounds(day_of(dt.date(2026, 3, 1)))[0], bounds(DAY)[1]
    assert evidence.read(office.store, office.register, t0, t1).pins_taken_back == []
    papers.take_back(office.store, 1, by="李", reason="wrong", now=NOW + 1)
    assert evidence.read(office.store, office.register, t0, t1).pins_taken_back == ["L1-2"]
    assert office.brings(ROW, now=NOW + 2).count == 1
    found = evidence.read(office.store, office.register, t0, t1)
    assert [x.name for x in found.lifts] == ["L4-2"]


def test_the_number_of_an_import_stays(office: Office) -> None:
    """Also when the host's clock is put back, and for several within a second: who takes back a
    number must not hit another file."""
    for n in range(6):
        office.brings(ROW.replace("10:03", f"1{n}:05"), name=f"{n}.csv", now=NOW - n // 2)
    assert [i.source.file for i in papers.imports(office.store)] == [f"{n}.csv" for n in range(6)]
