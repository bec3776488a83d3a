"""What does not close, by name."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ..common.local_days import DAY_S, local_day
from .gains import Gain, Gains
from .losses import Loss
from .matching import WINDOW_S, Matched
from .model import Finding, Kind, Lift, Measured, Trip
from .robust import median
from .trips import Usual

CLOCK_S = 90  # a clock that is nearer is right
DRIFT = {Kind.PLATFORM: 0.005, Kind.TRUCK_DRIFT: 0.01, Kind.TRUCK_LOSS: 0.01}  # at least
# Standard deviations of a usual scale as it is known here; trucks are fewer than platforms.
SURE = {Kind.PLATFORM: 3.7, Kind.TRUCK_DRIFT: 3.7, Kind.TRUCK_LOSS: 3.0}
_LEAST_SPREAD = 0.001  # among scales, however alike the few are
_TOWN = 0.8  # share of a load from towns that its ticket does not name
_MIXED = 2  # bins of another stream in a load
_LEAST_G = 8_000  # a lift of nothing is no emptying
_VISIT_S = 1_200


def _is_off(kind: Kind, gain: Gain, among: float) -> bool:
    """among: standard deviation of gains of scales with which nothing is wrong."""
    usual = math.hypot(gain.error, max(among, _LEAST_SPREAD))
    return abs(gain.value) > max(DRIFT[kind], SURE[kind] * usual)


def clocks(offsets: Mapping[tuple[str, int], int]) -> list[Finding]:
    """Trucks whose clock is off on most days; by its median."""
    by_truck: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for (truck, day), offset in sorted(offsets.items()):
        by_truck[truck].append((day, offset))
    found = []
    for truck, each in by_truck.items():
        wrong = [(day, offset) for day, offset in each if abs(offset) > CLOCK_S]
        if 2 * len(wrong) > len(each):
            value = median([offset for _, offset in wrong])
            found.append(Finding(Kind.CLOCK, truck, truck, wrong[0][0] * DAY_S, value))
    return found


def scales(gains: Gains, first: int) -> list[Finding]:
    """Scales that are off, and trucks that lose on the way. first: Unix second of the period."""
    found = []
    for truck, gain in sorted(gains.trucks.items()):
        if _is_off(Kind.TRUCK_DRIFT, gain, gains.of_trucks):
            found.append(Finding(Kind.TRUCK_DRIFT, truck, truck, first, gain.value, gain.error))
    for truck, arriving in sorted(gains.arriving.items()):
        own = gains.trucks.get(truck, Gain(0.0, 0.0, 0))
        error = math.hypot(arriving.error, own.error)
        lost = Gain(arriving.value + own.value, error, arriving.n)
        if lost.value < 0 and _is_off(Kind.TRUCK_LOSS, lost, 0.0):
            found.append(Finding(Kind.TRUCK_LOSS, truck, truck, first, lost.value, lost.error))
    for bin_, gain in sorted(gains.platforms.items()):
        if _is_off(Kind.PLATFORM, gain, gains.of_platforms):
            found.append(Finding(Kind.PLATFORM, bin_, "", first, gain.value, gain.error))
    return found


def streams(lost: Mapping[str, Loss], first: int) -> list[Finding]:
    """Streams of which all trucks together lose more, or less, than may be. value: the share by
    which more arrives than was lifted."""
    return [
        Finding(Kind.STREAM_LOSS, stream, "", first, -(loss.share + loss.beyond), loss.error)
        for stream, loss in sorted(lost.items())
        if loss.beyond
    ]


def loads(
    trips: Sequence[Trip], usual: Usual, town_of: Mapping[str, str], end: int
) -> list[Finding]:
    """Tickets without lifts and lifts without tickets. end: of what is known, Unix seconds; what
    was lifted within the last day may still be on the truck."""
    found = []
    for trip in trips:
        load = trip.load
        if load is None:
            if trip.lifts[-1].t < end - DAY_S:
                names = tuple(x.name for x in trip.lifts)
                found.append(
                    Finding(Kind.NO_TICKET, names[0], trip.truck, trip.lifts[-1].t, trip.grams, 0,
                            names)
                )  # fmt: skip
            continue
        if not trip.lifts:
            found.append(
                Finding(Kind.NO_LOAD, load.name, trip.truck, load.t, load.grams, 0, (load.name,))
            )
            continue
        if usual.is_far(load, trip.grams):
            arrives, error = usual.expects(load.stream, trip.grams)
            kind = Kind.EXCESS if load.grams > arrives else Kind.SHORT
            off = load.grams - arrives
            found.append(Finding(kind, load.name, trip.truck, load.t, off, error, (load.name,)))
        found += _towns(trip, town_of)
    return found


def _towns(trip: Trip, town_of: Mapping[str, str]) -> list[Finding]:
    load = trip.load
    if load is None or not load.town:
        return []
    elsewhere = sum(x.grams for x in trip.lifts if town_of.get(x.site, load.town) != load.town)
    if elsewhere < _TOWN * trip.grams:
        return []
    return [Finding(Kind.OTHER_TOWN, load.name, trip.truck, load.t, load.grams, 0, (load.name,))]


def mixed(done: Matched, trips: Iterable[Trip]) -> list[Finding]:
    """Loads with bins of another stream."""
    other = {x.name: m for m in done.mixed for x in m.lifts}
    found = []
    for trip in trips:
        mine = [x for x in trip.lifts if x.name in other]
        if len(mine) >= _MIXED:
            names = tuple(x.name for x in mine)
            subject = trip.load.name if trip.load else names[0]
            grams = sum(x.grams for x in mine)
            found.append(Finding(Kind.MIXED, subject, trip.truck, mine[0].t, grams, 0, names))
    return found


def unseen(done: Matched, measured: Measured) -> list[Finding]:
    """Visits of a truck at which it weighed and no platform of the stream saw anything go, while
    all of them were measured."""
    matched = {(m.lifts[0].truck, m.lifts[0].site, m.lifts[0].stream, m.lifts[0].t)
               for m in done.matches}  # fmt: skip
    seen: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for truck, site, stream, t in sorted(matched):
        seen[truck, site, stream].append(t)
    visits: dict[tuple[str, str, str, int], list[Lift]] = defaultdict(list)
    for lift in done.lifts:
        if lift.grams >= _LEAST_G:
            visits[lift.truck, lift.site, lift.stream, local_day(lift.t)].append(lift)
    found = []
    for (truck, site, stream, _), lifts in sorted(visits.items()):
        known = seen.get((truck, site, stream), [])
        alone = [x for x in lifts if not any(abs(t - x.t) < _VISIT_S for t in known)]
        if len(alone) < 2 or len(alone) < len(lifts):
            continue
        if all(measured(site, stream, x.t - WINDOW_S, x.t + WINDOW_S) for x in alone):
            names = tuple(x.name for x in alone)
            grams = sum(x.grams for x in alone)
            found.append(Finding(Kind.NOT_EMPTIED, site, truck, alone[0].t, grams, 0, names))
    return found


def unweighed(done: Matched, weighed: Mapping[tuple[str, str], str]) -> list[Finding]:
    """Visits at which platforms saw bins go and no truck weighed one. weighed: (site, stream) →
    the truck that weighs there else; without one nobody is expected to weigh."""
    seen: dict[tuple[str, str], list[int]] = defaultdict(list)
    for m in done.matches:
        for c in m.collections:
            seen[c.site, c.stream].append(c.t)
    visits = defaultdict(list)
    for c in done.collections:
        if c.grams >= _LEAST_G and (c.site, c.stream) in weighed:
            visits[c.site, c.stream, local_day(c.t)].append(c)
    found = []
    for (site, stream, _), missed in sorted(visits.items()):
        known = seen.get((site, stream), [])
        alone = [c for c in missed if not any(abs(t - c.t) < _VISIT_S for t in known)]
        if len(alone) >= 2 and len(alone) == len(missed):
            names = tuple(c.name for c in alone)
            grams = sum(c.grams for c in alone)
            truck = weighed[site, stream]
            found.append(Finding(Kind.NOT_WEIGHED, site, truck, alone[0].t, grams, 0, names))
    return found
