"""The part of a month that concerns some trucks, as a contractor is told, or one 街镇."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from .evidence import Evidence
from .groups import towns
from .matching import Matched
from .model import STANDING, Finding, Kind, Trip
from .month import Reconciled
from .trips import Trips

_OF_SITE = {Kind.NOT_EMPTIED, Kind.NOT_WEIGHED, Kind.NOT_LIFTED, Kind.OFF_PLAN}
_OF_TICKET = {Kind.NO_LOAD, Kind.EXCESS, Kind.SHORT, Kind.OTHER_TOWN}


def of_trucks(
    found: Evidence, done: Reconciled, trucks: Collection[str]
) -> tuple[Evidence, Reconciled]:
    """What they lifted, what platforms saw of it, their tickets, and what does not close with
    them. How much scales differ is known from all of them."""
    matches = [m for m in done.matched.matches if m.lifts[0].truck in trucks]
    mixed = [m for m in done.matched.mixed if m.lifts[0].truck in trucks]
    collections = [c for m in [*matches, *mixed] for c in m.collections]
    mine = replace(
        done,
        matched=Matched(matches, mixed, [x for x in done.matched.lifts if x.truck in trucks], []),
        trips=Trips([t for t in done.trips.all if t.truck in trucks], done.trips.usual),
        clocks={key: s for key, s in done.clocks.items() if key[0] in trucks},
        findings=[f for f in done.findings if f.truck in trucks],
        broken_pins=[
            x.name for x in found.lifts if x.truck in trucks and x.name in done.broken_pins
        ],
    )
    part = replace(
        found,
        collections=sorted(collections),
        lifts=[x for x in found.lifts if x.truck in trucks],
        loads=[w for w in found.loads if w.truck in trucks],
        without_truck=[],
        pins_taken_back=[],
    )
    return part, mine


def of_town(found: Evidence, done: Reconciled, town: str) -> tuple[Evidence, Reconciled]:
    """What was lifted and emptied at its sites, tickets that name it or whose load is mostly of it,
    and what does not close there. What is wrong with a truck is of no 街镇."""
    here = {site for site, t in found.town_of.items() if t == town}
    told = towns(done.trips.all, found.town_of)
    loads = [w for w in found.loads if (w.town or told.get(w.name, "")) == town]
    own = {w.name for w in loads}
    trips = [
        Trip(t.truck, there, t.load, t.grams - sum(x.grams for x in there))
        for t in done.trips.all
        if (there := tuple([x for x in t.lifts if x.site in here]))
        or (t.load is not None and t.load.name in own)
    ]
    lifts = [x for x in found.lifts if x.site in here]
    names = {x.name for x in lifts}
    collections = [c for c in found.collections if c.site in here]
    bins = {c.bin for c in collections}

    def is_own(f: Finding) -> bool:
        if f.kind is Kind.PLATFORM:
            return f.subject in bins
        if f.kind in _OF_SITE:
            return f.subject in here
        if f.kind in _OF_TICKET:
            return f.subject in own
        return f.kind not in STANDING and bool(f.names) and set(f.names) <= names

    mine = replace(
        done,
        matched=Matched(
            [m for m in done.matched.matches if m.lifts[0].site in here],
            [m for m in done.matched.mixed if m.lifts[0].site in here],
            [x for x in done.matched.lifts if x.site in here],
            [c for c in done.matched.collections if c.site in here],
        ),
        trips=Trips(trips, done.trips.usual),
        clocks={},
        findings=[f for f in done.findings if is_own(f)],
        broken_pins=[x for x in done.broken_pins if x in names],
    )
    part = replace(
        found,
        collections=collections,
        lifts=lifts,
        loads=loads,
        without_truck=[t for t in found.without_truck if t.town == town],
        pins_taken_back=[],
    )
    return part, mine
