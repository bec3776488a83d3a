"""A month of three witnesses as it is kept for the page: computed once, at night, for each scope
that may ask, so that who looks waits for nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping

import msgspec

from ..hazard import papers
from ..hazard.register import Register
from ..store import Store, day_revisions
from ..store import reconciled as rows
from . import evidence, part
from .evidence import Evidence
from .groups import Group, Key, Keys, by_day, by_route, by_stream, by_town, groups, streams_of
from .month import Reconciled
from .open_items import OpenItem, items, what
from .river import River, river
from .sums import Sum
from .tables import findings_of

DISTRICT = "district"
MOST_NAMED = 40  # of what a finding rests on; the others are counted


class Mass(msgspec.Struct, frozen=True, array_like=True):
    """g ± half (95 %); half None: not known."""

    grams: int
    half: int | None


class Line(msgspec.Struct, frozen=True, array_like=True):
    """A line of a comparison, as groups.Group; key: as of its Keys. is_closed: points and trucks,
    trucks and weighbridges."""

    key: tuple[str, ...]
    points: Mass | None
    trucks: Mass | None
    bridge: Mass | None
    arrives: Mass | None
    unmeasured: int
    unmeasured_g: int
    ticketless_g: int
    is_closed: tuple[bool | None, bool | None]


class Weighing(msgspec.Struct, frozen=True, array_like=True):
    """What a finding rests on. what: of open_items; t: Unix seconds."""

    what: str
    name: str
    site: str
    t: int
    grams: int


class Item(msgspec.Struct, frozen=True):
    """What does not close: as model.Finding and open_items.OpenItem. more: how many weighings are
    left out."""

    kind: str
    subject: str
    truck: str
    t: int
    value: float
    error: float
    mass: Mass | None
    site: str
    rests_on: tuple[Weighing, ...]
    more: int


class Lost(msgspec.Struct, frozen=True, array_like=True):
    """What a stream usually loses on the way: shares, as losses.Loss, and the bounds."""

    stream: str
    share: float
    error: float
    trips: int
    low: float
    high: float


class Month(msgspec.Struct, frozen=True):
    """What a scope sees of a month. counts: emptyings, lifts, tickets, matches. reach: of the sites
    of a 街镇 or the trucks of a contractor as they were then, "" of the district. figures: the
    newest revision of a platform's day in it; None: kept by a build that did not note it."""

    counts: tuple[int, int, int, int]
    streams: list[Line]
    towns: list[Line]
    routes: list[Line]
    days: list[Line]
    items: list[Item]
    first: list[tuple[str, str, int]]
    second: list[tuple[str, str, int]]
    lost: list[Lost]
    without_truck: tuple[int, int]
    broken_pins: list[str]
    reach: str = ""
    figures: int | None = None

    @property
    def river(self) -> River:
        """From 街镇 by streams to facilities."""
        made = River()
        for flows, of in ((self.first, made.first), (self.second, made.second)):
            of.update({(a, b): grams for a, b, grams in flows})
        return made


class Kept(msgspec.Struct, frozen=True):
    """made: Unix seconds; after: how many rows of transfers there were."""

    month: str
    made: int
    after: int
    of: Month


def reach(names: Iterable[str]) -> str:
    """One word for sites or trucks: another one when one of them comes or goes."""
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Month).decode


def scopes(register: Register, trucks: Mapping[str, str]) -> list[tuple[str, str]]:
    """(kind, name) of every scope that has a part of its own."""
    contractors = sorted(set(trucks.values()))
    return [*(("town", t) for t in register.known.towns), *(("contractor", c) for c in contractors)]


def keep(
    store: Store,
    register: Register,
    trucks: Mapping[str, str],
    month: str,
    *,
    span: tuple[int, int],
    now: int,
) -> Month:
    """Compute a month and keep it for every scope; the district's is given back. trucks: plate →
    contractor. span: its first second and the next month's; now: Unix seconds."""
    after = papers.last(store)
    found = evidence.read(store, register, *span)
    done = evidence.reconciled(store, found)
    whole = document(found, done, span)
    bodies = {DISTRICT: _encode(whole).decode()}
    for kind, name in scopes(register, trucks):
        if kind == "town":
            mine = part.of_town(found, done, name)
            flows = _river(found, done, span, town=name)
            own = {s.site for s in register.known.sites.values() if s.town == name}
        else:
            own = {t for t, contractor in trucks.items() if contractor == name}
            mine = part.of_trucks(found, done, own)
            flows = _river(*mine, span)
        of = msgspec.structs.replace(document(*mine, span, flows), reach=reach(own))
        bodies[f"{kind}:{name}"] = _encode(of).decode()
    rows.replace(store, month, now, after, bodies)
    return whole


def of_scope(store: Store, month: str, scope: str) -> Kept | None:
    """What was last kept of a month for a scope; None where nothing was."""
    found = rows.find(store, month, scope)
    return Kept(month, found[0], found[1], _decode(found[2])) if found else None


def renewed(store: Store, found: Kept, bins: Iterable[str]) -> int:
    """How many days of these bins in the month have other figures since it was kept."""
    if found.of.figures is None:
        return 0
    span = day_revisions.month_days(found.month)
    days = day_revisions.renewed(store.database, found.of.figures, *span)
    return sum(days.get(b, 0) for b in set(bins))


def months(store: Store, scope: str) -> list[str]:
    """YYYY-MM that were kept, the latest first."""
    return rows.months(store, scope)


def _within(span: tuple[int, int]) -> Callable[[int], bool]:
    return lambda t: span[0] <= t < span[1]


def _river(found: Evidence, done: Reconciled, span: tuple[int, int], town: str = "") -> River:
    return river(done, found.loads, found.town_of, _within(span), town)


def document(
    found: Evidence, done: Reconciled, span: tuple[int, int], flows: River | None = None
) -> Month:
    """What is kept of the part of a month that is given. flows: of the part, where they are not
    those of all its trips."""
    within, streams = _within(span), streams_of(found.loads)

    def of(keys: Keys) -> list[Line]:
        every: Mapping[Key, Group] = groups(done, found.collections, found.loads, keys, within)
        return [_line(key, g) for key, g in every.items()]

    matches = [*done.matched.matches, *done.matched.mixed]
    counts = (
        sum(within(c.t) for c in found.collections),
        sum(within(x.t) for x in found.lifts),
        sum(within(w.t) for w in found.loads),
        sum(within(done.own_times[m.lifts[0].name]) for m in matches),
    )
    without = [t.grams for t in found.without_truck if within(t.t)]
    flows = flows or _river(found, done, span)
    return Month(
        counts,
        of(by_stream(streams)),
        of(by_town(done, streams, found.town_of)),
        of(by_route(done)),
        of(by_day(done, streams)),
        [_item(x) for x in items(found, done, findings_of(done, within), within)],
        _flows(flows.first.items()),
        _flows(flows.second.items()),
        [
            Lost(s, x.share, x.error, x.n, *found.bounds[s])
            for s, x in sorted(done.losses.items())
            if s in found.bounds and any(w.stream == s for w in found.loads)
        ],
        (len(without), sum(without)),
        [x for x in done.broken_pins if within(done.own_times[x])],
        figures=found.figures,
    )


def _flows(of: Iterable[tuple[tuple[str, str], int]]) -> list[tuple[str, str, int]]:
    return [(a, b, grams) for (a, b), grams in sorted(of, key=lambda f: (-f[1], f[0]))]


def _mass(value: Sum | None) -> Mass | None:
    return None if value is None else Mass(value.grams, value.half)


def _line(key: Key, g: Group) -> Line:
    witnesses = _mass(g.points), _mass(g.trucks), _mass(g.bridge), _mass(g.arrives)
    return Line(key, *witnesses, g.unmeasured, g.unmeasured_g, g.ticketless_g, g.verdicts)


def _item(x: OpenItem) -> Item:
    f = x.finding
    shown = tuple(
        Weighing(what(w), w.name, getattr(w, "site", ""), w.t, w.grams)
        for w in x.rests_on[:MOST_NAMED]
    )
    more = len(x.rests_on) - len(shown)
    facts = f.subject, f.truck, f.t, f.value, f.error
    return Item(f.kind.value, *facts, _mass(x.mass), x.site, shown, more)
