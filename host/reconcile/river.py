"""The river of a month: what trucks lifted, from 街镇 by stream to facilities, with its gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .groups import streams_of, towns
from .model import Load
from .month import Reconciled

NO_TICKET, NO_LIFT, NOWHERE = "无磅单", "未经车载称重", "无点位"
ELSEWHERE, SHARED = "其他街镇", "与其他街镇同车"
_LEAST_G = 100_000  # less than this above what was lifted is no flow of its own


@dataclass
class River:
    """first: (街镇, stream) → g as trucks weighed it; second: (stream, facility) → g as tickets
    say, or as trucks weighed it where there is none."""

    first: Counter[tuple[str, str]] = field(default_factory=Counter)
    second: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def ranks(self) -> tuple[list[str], list[str], list[str]]:
        """The nodes of each rank, the largest first and the gaps last."""
        return (
            _ordered(self.first, 0),
            list(dict.fromkeys([*_ordered(self.first, 1), *_ordered(self.second, 0)])),
            _ordered(self.second, 1),
        )

    def mass(self, node: str, rank: int) -> int:
        """What goes through a node, in g."""
        out = sum(g for (a, _), g in self.second.items() if a == node)
        into = sum(g for (_, b), g in self.first.items() if b == node)
        if rank == 1:
            return max(out, into)
        of, end = (self.first, 0) if rank == 0 else (self.second, 1)
        return sum(g for key, g in of.items() if key[end] == node)


def _ordered(flows: Counter[tuple[str, str]], end: int) -> list[str]:
    sums: Counter[str] = Counter()
    for key, grams in flows.items():
        sums[key[end]] += grams
    gaps = {NO_TICKET, NO_LIFT, NOWHERE}
    return sorted(sums, key=lambda name: (name in gaps, -sums[name], name))


def river(
    done: Reconciled,
    loads: list[Load],
    town_of: Mapping[str, str],
    is_within: Callable[[int], bool],
    town: str = "",
) -> River:
    """Of the trips whose ticket is of the period; of what has none, each lift that is, by the
    truck's clock. town: what is of one 街镇 alone; what the ticket of another one has of it stands
    as trucks weighed it, and where it went is not told."""
    made = River()
    streams = streams_of(loads)
    told = towns(done.trips.all, town_of) if town else {}
    for trip in done.trips.all:
        load = trip.load
        if load is None:
            lifts = [x for x in trip.lifts if is_within(done.own_times[x.name])]
        elif is_within(load.t):
            lifts = list(trip.lifts)
        else:
            continue
        stream = load.stream if load else streams.get(trip.truck, "（未注明）")
        is_own = not town or (load and (load.town or told.get(load.name, "")) == town)
        for x in lifts:
            source = town_of.get(x.site, NOWHERE)
            if town and source != town:
                if not is_own:
                    continue
                source = NOWHERE if source == NOWHERE else ELSEWHERE
            made.first[source, x.stream or stream] += x.grams
            if load is None or not is_own:
                made.second[x.stream or stream, SHARED if load else NO_TICKET] += x.grams
        if load is None or not is_own:
            continue
        made.second[stream, load.facility] += load.grams
        more = load.grams - trip.grams
        if more > _LEAST_G:
            made.first[NO_LIFT, stream] += more
    return made
