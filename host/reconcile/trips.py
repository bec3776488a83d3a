"""Which weighings of a truck went over which weighbridge ticket."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ..common.local_days import local_day
from .model import Lift, Load, Trip
from .robust import median, spread

PAUSE_S = 900  # the shortest way to a facility and back
SHIFT_S = 4 * 3600  # a truck that lifts nothing for so long has unloaded
_LEAST_G = 300_000  # less than this is no load that one drives to a facility
_NOT_WRITTEN_G = 120_000  # two or three bins that the truck's scale did not write down
_LEAST_SPREAD = 0.008  # of ln(ticket / lifted), however regular they are
_FAR = 5.0  # spreads
_ABOVE = 1.25  # times its largest ticket: more than a truck carries
_LEAST_TRIPS = 8  # before something can be called usual


@dataclass
class Usual:
    """What share of the lifted mass arrives, by stream: median of ln(ticket / lifted), spread."""

    middle: Mapping[str, float]
    spread: Mapping[str, float]

    def expects(self, stream: str, lifted: int) -> tuple[float, float]:
        """(mass at the weighbridge, its standard uncertainty), both in g."""
        arrives = lifted * math.exp(self.middle.get(stream, 0.0))
        return arrives, arrives * self.spread.get(stream, 0.02)

    def is_far(self, load: Load, lifted: int) -> bool:
        """Whether a ticket is not what was lifted."""
        arrives, error = self.expects(load.stream, lifted)
        off = abs(load.grams - arrives)
        return off > max(_FAR * error, _LEAST_G)


@dataclass
class Trips:
    """Every trip by truck and time. usual: over trips that close."""

    all: list[Trip] = field(default_factory=list)
    usual: Usual = field(default_factory=lambda: Usual({}, {}))


def trips(lifts: Iterable[Lift], loads: Iterable[Load]) -> Trips:
    """Lifts between two tickets of a truck are of the later one; times of lifts are corrected. A
    ticket far below them, of which the last lifts before it are the load, leaves the others as a
    trip without a ticket."""
    by_truck: dict[str, tuple[list[Lift], list[Load]]] = defaultdict(lambda: ([], []))
    for lift in lifts:
        by_truck[lift.truck][0].append(lift)
    for load in loads:
        by_truck[load.truck][1].append(load)
    plain: list[Trip] = []
    for truck in sorted(by_truck):
        mine, tickets = by_truck[truck]
        plain += _between(truck, sorted(mine), sorted(tickets))
    usual = _usual(plain)
    most: dict[str, int] = defaultdict(int)
    for trip in plain:
        if trip.load is not None:
            most[trip.truck] = max(most[trip.truck], trip.load.grams)
    made = Trips(usual=usual)
    for trip in plain:
        for part in _split(trip, usual):
            made.all += [part] if part.load else _loads_of(part, most[trip.truck])
    return made


def _between(truck: str, lifts: list[Lift], loads: list[Load]) -> list[Trip]:
    times = [x.t for x in lifts]
    found, first = [], 0
    for load in loads:
        last = bisect_right(times, load.t)
        found.append(Trip(truck, tuple(lifts[first:last]), load))
        first = max(first, last)
    if first < len(lifts):
        found.append(Trip(truck, tuple(lifts[first:]), None))
    return found


def _usual(found: Sequence[Trip]) -> Usual:
    ratios: dict[str, list[float]] = defaultdict(list)
    for trip in found:
        if trip.load is not None and trip.grams > 0:
            ratios[trip.load.stream].append(math.log(trip.load.grams / trip.grams))
    known = {s: each for s, each in ratios.items() if len(each) >= _LEAST_TRIPS}
    return Usual(
        {s: median(each) for s, each in known.items()},
        {s: spread(each, _LEAST_SPREAD) for s, each in known.items()},
    )


def _loads_of(trip: Trip, most_g: int) -> list[Trip]:
    """A trip without a ticket as loads. most_g: the truck's largest ticket, 0: not known. What
    stays on a truck overnight is of the load of the next day, as far as it can carry both."""
    loads = _carried(trip.lifts, most_g) if most_g else _of_shifts(trip.lifts)
    return [Trip(trip.truck, load, None) for load in loads]


def _of_shifts(lifts: tuple[Lift, ...]) -> list[tuple[Lift, ...]]:
    """Where it is not known what a truck can carry: by days, and where a shift ends."""
    ends = [
        n
        for n, (a, b) in enumerate(pairwise(lifts), 1)
        if b.t - a.t >= SHIFT_S or local_day(a.t) != local_day(b.t)
    ]
    return [lifts[a:b] for a, b in pairwise([0, *ends, len(lifts)])]


def _carried(lifts: tuple[Lift, ...], most_g: int) -> list[tuple[Lift, ...]]:
    """Divided at the longest pauses into what the truck can carry."""
    loads, left = [], [lifts]
    while left:
        part = left.pop()
        pauses = [b.t - a.t for a, b in pairwise(part)]
        n = max(range(len(pauses)), key=pauses.__getitem__, default=0)
        if pauses and pauses[n] >= PAUSE_S and sum(x.grams for x in part) > _ABOVE * most_g:
            left += part[n + 1 :], part[: n + 1]
        else:
            loads.append(part)
    return loads


def _split(trip: Trip, usual: Usual) -> list[Trip]:
    """Trips without a ticket out of one whose ticket is far below what was lifted."""
    load = trip.load
    if load is None or not trip.lifts or load.grams >= trip.grams:
        return [trip]
    if not usual.is_far(load, trip.grams):
        return [trip]
    best: tuple[float, int] | None = None
    suffix = 0
    for n in range(len(trip.lifts) - 1, 0, -1):
        suffix += trip.lifts[n].grams
        pause = trip.lifts[n].t - trip.lifts[n - 1].t
        if pause < PAUSE_S or trip.grams - suffix < _LEAST_G:
            continue
        arrives, error = usual.expects(load.stream, suffix)
        off = abs(load.grams - arrives)
        if off <= max(_FAR * error, _NOT_WRITTEN_G) and (best is None or off < best[0]):
            best = off, n
    if best is None:
        return [trip]
    n = best[1]
    return [Trip(trip.truck, trip.lifts[:n], None), Trip(trip.truck, trip.lifts[n:], load)]
