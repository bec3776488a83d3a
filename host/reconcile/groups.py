"""The witnesses beside each other, by stream, 街镇, route and day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..common.local_days import local_day
from . import sums
from .model import Collection, Lift, Load, Match, Trip
from .month import Reconciled
from .sums import Sum

Key = tuple[str, ...]


@dataclass
class Group:
    """One line of a comparison. Sums are of what each witness weighed; None: it weighed nothing.
    They are never added. arrives: what of the trucks' mass should come over weighbridges, less what
    is usually lost. unmeasured: lifts of bins that no platform saw, with their mass by the truck;
    ticketless_g: lifted, and over no weighbridge. apart_g: by how much the tickets here are for
    more than the lifts here, as trucks weighed it: what was lifted for them in another line, less
    what was lifted here for tickets of another."""

    points: Sum | None = None
    trucks: Sum | None = None
    bridge: Sum | None = None
    arrives: Sum | None = None
    unmeasured: int = 0
    unmeasured_g: int = 0
    ticketless_g: int = 0
    apart_g: int = 0

    @staticmethod
    def gap(first: Sum | None, second: Sum | None) -> float | None:
        """Share by which the second is more than the first; None without either."""
        return second.grams / first.grams - 1 if first and second and first.grams else None

    @property
    def verdicts(self) -> tuple[bool | None, bool | None]:
        """Whether points and trucks close, and trucks and weighbridges: None where the tickets are
        for other lifts than these, by more than both intervals together."""
        bridge = self.closes(self.arrives, self.bridge, self.apart_g)
        return self.closes(self.points, self.trucks), bridge

    @staticmethod
    def closes(first: Sum | None, second: Sum | None, apart_g: int = 0) -> bool | None:
        """Whether the difference lies within both intervals together; None where one of them is
        not known. apart_g: by how much the second is of more; None where that is beyond both."""
        if first is None or second is None or first.half is None or second.half is None:
            return None
        most = first.half**2 + second.half**2
        if apart_g**2 > most:
            return None
        return (first.grams + apart_g - second.grams) ** 2 <= most


@dataclass
class _Members:
    collections: list[Collection] = field(default_factory=list)
    lifts: list[Lift] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    unmeasured: list[Lift] = field(default_factory=list)
    ticketless: list[Lift] = field(default_factory=list)
    carried: Counter[sums.Carried] = field(default_factory=Counter)
    apart_g: int = 0


@dataclass(frozen=True)
class Keys:
    """How members are grouped; None: in no group."""

    collection: Callable[[Collection], Key | None]
    lift: Callable[[Lift], Key | None]
    load: Callable[[Load], Key | None]


def by_stream(streams: Mapping[str, str]) -> Keys:
    """streams: truck → the stream of most of its tickets, for lifts that name none."""
    return Keys(
        lambda c: (c.stream,),
        lambda x: (x.stream or streams.get(x.truck, ""),),
        lambda w: (w.stream,),
    )


def by_town(done: Reconciled, streams: Mapping[str, str], town_of: Mapping[str, str]) -> Keys:
    """A ticket without a 街镇 has that of most of what was lifted for it."""
    told = towns(done.trips.all, town_of)
    return Keys(
        lambda c: (town_of.get(c.site, ""), c.stream),
        lambda x: (town_of.get(x.site, ""), x.stream or streams.get(x.truck, "")),
        lambda w: (w.town or told.get(w.name, ""), w.stream),
    )


def by_route(done: Reconciled) -> Keys:
    """A truck on a local day of its clock; platforms as far as it lifted there."""
    truck_of = {c.name: m.lifts[0].truck for m in _all(done) for c in m.collections}
    return Keys(
        lambda c: (str(local_day(c.t)), truck_of[c.name]) if c.name in truck_of else None,
        lambda x: (str(local_day(done.own_times[x.name])), x.truck),
        lambda w: (str(local_day(w.t)), w.truck),
    )


def by_truck(done: Reconciled) -> Keys:
    """A truck over the whole period; platforms as far as it lifted there."""
    truck_of = {c.name: m.lifts[0].truck for m in _all(done) for c in m.collections}
    return Keys(
        lambda c: (truck_of[c.name],) if c.name in truck_of else None,
        lambda x: (x.truck,),
        lambda w: (w.truck,),
    )


def by_day(done: Reconciled, streams: Mapping[str, str]) -> Keys:
    """A local day (of lifts: of the truck's clock) and stream."""
    return Keys(
        lambda c: (str(local_day(c.t)), c.stream),
        lambda x: (str(local_day(done.own_times[x.name])), x.stream or streams.get(x.truck, "")),
        lambda w: (str(local_day(w.t)), w.stream),
    )


def _all(done: Reconciled) -> list[Match]:
    return [*done.matched.matches, *done.matched.mixed]


def streams_of(loads: Iterable[Load]) -> dict[str, str]:
    """truck → the stream of most of its tickets."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for load in loads:
        counts[load.truck][load.stream] += 1
    return {t: min(c, key=lambda s: (-c[s], s)) for t, c in sorted(counts.items())}


def towns(trips: Iterable[Trip], town_of: Mapping[str, str]) -> dict[str, str]:
    """ticket → the 街镇 of most of what was lifted for it."""
    found = {}
    for trip in trips:
        grams: Counter[str] = Counter()
        for x in trip.lifts:
            grams[town_of.get(x.site, "")] += x.grams
        if trip.load is not None and grams:
            found[trip.load.name] = min(grams, key=lambda t: (-grams[t], t))
    return found


def groups(
    done: Reconciled,
    collections: Iterable[Collection],
    loads: Sequence[Load],
    keys: Keys,
    is_within: Callable[[int], bool],
) -> dict[Key, Group]:
    """Every group by key; is_within: whether a Unix second is of the period. A lift is of the
    period that its truck's clock says: how far that is off is known otherwise from one month than
    from the next, and each lift must count in one of them."""
    members: dict[Key, _Members] = defaultdict(_Members)
    for c in collections:
        if is_within(c.t) and (key := keys.collection(c)) is not None:
            members[key].collections.append(c)
    alone = {x.name for x in done.matched.lifts}
    streams, own = streams_of(loads), {w.name for w in loads}
    for n, trip in enumerate(done.trips.all):
        of = trip.load.stream if trip.load else streams.get(trip.truck, "")
        lines = [keys.lift(x) if is_within(done.own_times[x.name]) else None for x in trip.lifts]
        if (load := trip.load) is not None:
            is_here = load.name in own and is_within(load.t)
            _set_apart(members, trip, lines, keys.load(load) if is_here else None)
        for x, key in zip(trip.lifts, lines, strict=True):
            if key is None:
                continue
            members[key].lifts.append(x)
            members[key].carried[n, local_day(x.t), x.truck, of or x.stream] += x.grams
            if x.name in alone:
                members[key].unmeasured.append(x)
            if load is None:
                members[key].ticketless.append(x)
    for load in loads:
        if is_within(load.t) and (key := keys.load(load)) is not None:
            members[key].loads.append(load)
    return {key: _group(members[key], done) for key in sorted(members)}


def _set_apart(
    members: Mapping[Key, _Members], trip: Trip, lines: Sequence[Key | None], at: Key | None
) -> None:
    """Of a load with a ticket: what stands in other lines than its ticket. lines: of its lifts; at:
    of the ticket; None: in none."""
    if at is not None:
        members[at].apart_g += trip.elsewhere_g
    for x, line in zip(trip.lifts, lines, strict=True):
        if line == at:
            continue
        if at is not None:
            members[at].apart_g += x.grams
        if line is not None:
            members[line].apart_g -= x.grams


def _group(m: _Members, done: Reconciled) -> Group:
    trucks = sums.of_lifts(m.lifts, done.gains) if m.lifts else None
    return Group(
        sums.of_collections(m.collections, done.gains) if m.collections else None,
        trucks,
        sums.of_loads(m.loads) if m.loads else None,
        sums.of_arriving(m.carried, done.losses, trucks) if m.carried else None,
        len(m.unmeasured),
        sum(x.grams for x in m.unmeasured),
        sum(x.grams for x in m.ticketless),
        m.apart_g,
    )
