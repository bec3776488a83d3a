"""The part of a month that concerns some trucks: what an office sends to a contractor."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from .evidence import Evidence
from .matching import Matched
from .month import Reconciled
from .trips import Trips


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
    )
    return part, mine
