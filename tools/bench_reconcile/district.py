"""A simulated month of a district: what was true, what three witnesses said, what is wrong.

The figures of its physics: platforms with e = 50 g, gain off by 0.1 % (standard deviation), read
within 20 s of the lift; lift scales of trucks in divisions of 500 g, 350 g of noise in motion,
0.2 % of gain; weighbridges with e = 20 kg and a gain of half of their limit in service. Of wet
waste a district loses 0.3 to 5 % on the way, in each another share; from day to day (heat, rain) it
differs by 0.3 % (standard deviation), from truck to truck by 0.15 %, from load to load by a third
of itself (a gamma distribution). The other loses 0 to 0.5 %. One lift of fifty takes two bins, one
of two hundred is not written down, one platform of two hundred is not measured for a day. The plan
is that each truck visits its sites on each day. In one district of five no truck loses anything of
its own, and a stream loses 2 to 5 % more than may be."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field

from host.common.local_days import DAY_S, local_day
from host.metrology import r76
from host.reconcile.losses import ASSUMED
from host.reconcile.model import Collection, Kind, Lift, Load
from host.reconcile.planned import Route

START = 1_772_294_400  # 2026-03-01 00:00 in Shanghai
STREAMS = ("湿垃圾", "干垃圾")
SITES_OF_TRUCK = 24
CAPACITY_G = 2_400_000
EMPTY_TRUCK_G = 9_000_000
E_BRIDGE_G = 20_000
_WET = "湿垃圾"
_OF_TICKET = (Kind.EXCESS, Kind.SHORT, Kind.OTHER_TOWN)
_LOSS = {_WET: (0.003, 0.05), "干垃圾": (0.0, 0.005)}  # of a district
_OF_DAY, _OF_TRUCK, _OF_LOAD = 0.003, 0.0015, 9.0  # the last: shape of a gamma distribution
_TOO_MUCH = (0.02, 0.05)  # more than may be lost
_DISTRICTS_WITH_IT = 0.2


@dataclass(frozen=True)
class Planted:
    """subject: as in a finding; None: any. truck: "" where it does not matter."""

    kind: Kind
    subject: str | None
    truck: str
    t: int


@dataclass
class District:
    collections: list[Collection] = field(default_factory=list)
    lifts: list[Lift] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)  # as planned; one for each truck and day
    planted: list[Planted] = field(default_factory=list)
    town_of: dict[str, str] = field(default_factory=dict)
    gaps: dict[tuple[str, str], list[tuple[int, int]]] = field(default_factory=dict)
    truth: dict[str, int] = field(default_factory=dict)  # name → true g, of each weighing
    end: int = 0

    def measured(self, site: str, stream: str, start: int, end: int) -> bool:
        return not any(a < end and start < b for a, b in self.gaps.get((site, stream), ()))


@dataclass
class _Truck:
    name: str
    stream: str
    town: str
    sites: list[str]
    gain: float
    clock_s: int = 0
    loss: float = 0.0
    habit: float = 0.0  # loses so much more than others, by its build


class _Maker:
    def __init__(self, trucks: int, days: int, each: int, seed: int) -> None:
        self.luck = random.Random(seed)  # noqa: S311
        self.days = days
        self.made = District(end=START + days * DAY_S)
        self.n = 0
        self.dry = random.Random(seed + 1_000_000)  # noqa: S311  the water has its own luck
        self.loss = {s: self.dry.uniform(*between) for s, between in _LOSS.items()}
        self.plan = random.Random(seed + 2_000_000)  # noqa: S311  of plans, and what is not as may be
        self.too_much = self.plan.random() < _DISTRICTS_WITH_IT
        if self.too_much:
            stream = self.plan.choice(STREAMS)
            self.loss[stream] = ASSUMED[stream].high + self.plan.uniform(*_TOO_MUCH)
            self.made.planted.append(Planted(Kind.STREAM_LOSS, stream, "", START))
        self.of_day = [self.dry.gauss(0, _OF_DAY) for _ in range(days + 1)]
        self.bridge = {s: self.luck.gauss(0, 0.5 * self._limit()) for s in STREAMS}
        self.bins: dict[str, list[tuple[str, float]]] = {}  # site/stream → (bin, gain)
        self.trucks = [self._truck(i) for i in range(trucks)]
        self.when: dict[tuple[str, int], Kind] = {}  # (truck, day) → what happens on it
        self._plant(each)

    @staticmethod
    def _limit() -> float:
        gross = EMPTY_TRUCK_G + CAPACITY_G
        return r76.in_service_g(gross, E_BRIDGE_G) / gross

    def _truck(self, i: int) -> _Truck:
        group, stream = i // len(STREAMS), STREAMS[i % len(STREAMS)]
        town, sites = f"town-{group}", [f"p{group}-{k}" for k in range(SITES_OF_TRUCK)]
        for site in sites:
            self.made.town_of[site] = town
            n = self.luck.randint(1, 3)
            self.bins[f"{site}/{stream}"] = [
                (f"{site}/{stream}{b}", self.luck.gauss(0, 0.001)) for b in range(n)
            ]
        habit = self.dry.gauss(0, _OF_TRUCK) if stream == _WET else 0.0
        gain = self.luck.gauss(0, 0.002)
        return _Truck(f"truck-{i}", stream, town, sites, gain, habit=habit)

    # What is wrong

    def _plant(self, each: int) -> None:
        wrong = self.luck.sample(self.trucks, min(3, len(self.trucks)))
        clock, drift, loss = (wrong * 3)[:3]
        clock.clock_s = self.luck.choice((-180, 180))
        drift.gain += self.luck.choice((-0.02, 0.02))
        standing = [(Kind.CLOCK, clock), (Kind.TRUCK_DRIFT, drift)]
        if not self.too_much:
            loss.loss = 0.02
            standing.append((Kind.TRUCK_LOSS, loss))
        for kind, truck in standing:
            self.made.planted.append(Planted(kind, truck.name, truck.name, START))
        places = [(place, k) for place, bins in self.bins.items() for k in range(len(bins))]
        for place, k in self.luck.sample(places, 2 * each):
            bin_, gain = self.bins[place][k]
            self.bins[place][k] = bin_, gain + self.luck.choice((-0.01, 0.01))
            self.made.planted.append(Planted(Kind.PLATFORM, bin_, "", START))
        days = [(t.name, d) for t in self.trucks for d in range(1, self.days - 2)]
        kinds = (
            *(Kind.NO_TICKET, Kind.NO_LOAD, Kind.EXCESS, Kind.OTHER_TOWN),
            *(Kind.NOT_EMPTIED, Kind.NOT_WEIGHED, Kind.MIXED),
        )
        chosen = self.luck.sample(days, len(kinds) * each)
        for n, kind in enumerate(kinds):
            self.when |= dict.fromkeys(chosen[n * each : (n + 1) * each], kind)
        free = [d for d in days if d not in self.when]
        for kind in (Kind.SHORT, Kind.NOT_LIFTED, Kind.NOT_DRIVEN, Kind.OFF_PLAN):
            for day in self.plan.sample(free, each):
                free.remove(day)
                self.when[day] = kind

    # Days

    def run(self) -> District:
        gone = self.luck.sample(sorted(self.bins), max(1, len(self.bins) // 200))
        for place in gone:
            start = START + self.luck.randrange(self.days) * DAY_S
            site, stream = place.split("/")
            self.made.gaps[site, stream] = [(start, start + DAY_S)]
        for truck in self.trucks:
            on_board = 0
            for day in range(self.days):
                on_board = self._day(truck, day, on_board)
        return self.made

    def _day(self, truck: _Truck, day: int, on_board: int) -> int:
        kind = self.when.get((truck.name, day))
        at = START + day * DAY_S + 5 * 3600 + self.luck.randrange(3600)
        pick = self.luck.randrange(6, len(truck.sites) - 3)
        planned = [x for x in truck.sites if kind is not Kind.OFF_PLAN or x != truck.sites[pick]]
        self.made.routes.append(Route(local_day(at), truck.name, tuple(planned)))
        if kind is Kind.NOT_DRIVEN:
            self._note(kind, truck.name, truck, at)
            return on_board
        ticketless = kind is Kind.NO_TICKET
        for k, site in enumerate(truck.sites):
            at += self.luck.randint(240, 600)
            mixes = kind is Kind.MIXED and pick < k <= pick + 3
            special = kind if mixes or (k == pick and kind is not Kind.MIXED) else None
            on_board += self._stop(truck, site, at, special, is_last_day=day == self.days - 1)
            at += 60
            if on_board > CAPACITY_G or (k == len(truck.sites) - 1 and on_board > 300_000):
                at += self.luck.randint(1_500, 3_000)
                self._unload(
                    truck, at, on_board, None if ticketless else kind, ticketless=ticketless
                )
                ticketless = False
                kind = None if kind in _OF_TICKET else kind
                on_board = 0
                at += self.luck.randint(1_200, 2_400)
        if kind is Kind.NO_LOAD:
            at += self.luck.randint(3_000, 5_000)
            grams = self.luck.randint(800_000, 2_000_000)
            name = self._ticket(truck, at, grams, truck.town)
            # With something on board it is a ticket above what was lifted.
            self._note(Kind.EXCESS if on_board else Kind.NO_LOAD, name, truck, at)
            on_board = 0
        return on_board

    def _stop(
        self, truck: _Truck, site: str, at: int, kind: Kind | None, *, is_last_day: bool
    ) -> int:
        """What a visit puts on the truck. A plan knows only of visits that were written down."""
        before = len(self.made.lifts)
        mass = 0 if kind is Kind.NOT_LIFTED else self._visit(truck, site, at, kind)
        is_written = len(self.made.lifts) > before
        if is_written and kind is Kind.OFF_PLAN:
            self._note(kind, site, truck, at)
        elif not is_written and kind is not Kind.OFF_PLAN and not is_last_day:
            self._note(Kind.NOT_LIFTED, site, truck, at)
        return mass

    def _visit(self, truck: _Truck, site: str, at: int, kind: Kind | None) -> int:
        luck, made = self.luck, self.made
        stream = truck.stream
        if kind is Kind.MIXED:
            stream = STREAMS[1 - STREAMS.index(stream)]
        bins = self.bins.get(f"{site}/{stream}", [])
        if kind in (Kind.NOT_EMPTIED, Kind.NOT_WEIGHED) and len(bins) < 2:
            bins = [*bins, (f"{site}/{stream}9", 0.0)]
        total, pending = 0, []
        hidden = not made.measured(site, stream, at - 900, at + 900)
        names = []
        for bin_, gain in bins:
            at += luck.randint(20, 50)
            true = max(9_000, round(luck.gauss(48_000, 16_000)))
            self.n += 1
            if kind is not Kind.NOT_EMPTIED and not hidden:
                seen = round((true * (1 + gain) + luck.gauss(0, 20)) / 50) * 50
                t = at + round(luck.gauss(0, 8))
                name = f"c{self.n}"
                made.collections.append(Collection(t, seen, site, bin_, stream, name, 50))
                made.truth[name] = true
            total += true
            pending.append(true)
            if luck.random() < 0.02 and len(pending) < 2 and bin_ != bins[-1][0]:
                continue  # two bins on one lifter
            if kind is not Kind.NOT_WEIGHED and luck.random() > 0.005:
                names.append(self._lift(truck, site, at, sum(pending)))
            pending = []
        if pending and kind is not Kind.NOT_WEIGHED:
            names.append(self._lift(truck, site, at, sum(pending)))
        if kind in (Kind.NOT_EMPTIED, Kind.NOT_WEIGHED) and not hidden:
            self._note(kind, site, truck, at)
        elif not names and len(bins) > 1 and not hidden:  # none of them was written down
            self._note(Kind.NOT_WEIGHED, site, truck, at)
        elif stream != truck.stream and names:
            self._note(Kind.MIXED, None, truck, at)
        return 0 if kind is Kind.NOT_EMPTIED else total

    def _lift(self, truck: _Truck, site: str, at: int, true: int) -> str:
        shown = round((true * (1 + truck.gain) + self.luck.gauss(0, 350)) / 500) * 500
        t = at + truck.clock_s + round(self.luck.gauss(0, 5))
        name = f"l{len(self.made.lifts)}"
        self.made.lifts.append(Lift(t, shown, truck.name, site, truck.stream, "", name))
        self.made.truth[name] = true
        return name

    def _unload(
        self, truck: _Truck, at: int, on_board: int, kind: Kind | None, *, ticketless: bool
    ) -> None:
        true = on_board * (1 - self._lost(truck, at)) * (1 - truck.loss)
        if ticketless:
            self._note(Kind.NO_TICKET, None, truck, at)
            return
        town = truck.town
        if kind is Kind.EXCESS:
            true += self.luck.randint(700_000, 1_500_000)
        if kind is Kind.SHORT:
            true -= min(true / 2, self.plan.randint(700_000, 1_500_000))
        if kind is Kind.OTHER_TOWN:
            town = "town-elsewhere"
        name = self._ticket(truck, at, true, town)
        if kind in _OF_TICKET:
            self._note(kind, name, truck, at)

    def _lost(self, truck: _Truck, at: int) -> float:
        """Share of a load that runs off or dries."""
        usual = self.loss[truck.stream]
        if truck.stream != _WET:
            return usual * self.dry.uniform(0, 2)
        day = min((at - START) // DAY_S, self.days)
        mean = max(0.0005, usual + self.of_day[day] + truck.habit)
        return mean * self.dry.gammavariate(_OF_LOAD, 1 / _OF_LOAD)

    def _ticket(self, truck: _Truck, at: int, true: float, town: str) -> str:
        gain = 1 + self.bridge[truck.stream]
        empty = EMPTY_TRUCK_G + self.luck.randint(-100_000, 100_000)
        gross = round((empty + true) * gain / E_BRIDGE_G) * E_BRIDGE_G
        net = gross - round(empty * gain / E_BRIDGE_G) * E_BRIDGE_G
        name = f"w{len(self.made.loads)}"
        self.made.loads.append(
            Load(at, net, gross, truck.name, truck.stream, town, truck.stream, name)
        )
        self.made.truth[name] = round(true)
        return name

    def _note(self, kind: Kind, subject: str | None, truck: _Truck, t: int) -> None:
        planted = self.made.planted
        if kind is Kind.MIXED and any(
            p.kind is kind and p.truck == truck.name and abs(p.t - t) < DAY_S / 2 for p in planted
        ):
            return
        planted.append(Planted(kind, subject, truck.name, t))


def make(trucks: int, days: int, each: int, seed: int) -> District:
    """each: how often what concerns a single load or visit is planted; platforms twice so often.
    A truck's clock, scale and loss are each wrong at one truck."""
    return _Maker(trucks, days, each, seed).run()


def by_kind(planted: list[Planted]) -> dict[Kind, list[Planted]]:
    found: dict[Kind, list[Planted]] = defaultdict(list)
    for p in planted:
        found[p.kind].append(p)
    return found
