"""What a store holds of a period: emptyings of platforms, weighings of trucks, tickets."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..common.local_days import DAY_S, date_of, local_day
from ..events import Kind
from ..hazard import papers
from ..hazard.papers import Ticket
from ..hazard.register import Register
from ..registry import STORED_HAZARDOUS
from ..rollup import packing
from ..rollup.closing import RegistrySnapshot
from ..rollup.day_figures import update_figures
from ..rollup.days import days_of
from ..rollup.period import days
from ..store import Store, day_revisions
from ..store import lifts as rows
from ..store.lifts import LiftRow
from . import decisions, losses, plans
from .losses import ASSUMED, Bounds
from .model import Collection, Lift, Load
from .month import Reconciled, reconcile
from .planned import Route
from .plans import Plan
from .plates import plate

# A load may be on its way over midnight: what is a day beside the period is looked at too.
MARGIN_S = DAY_S
_NAME = re.compile(r"L([0-9]{1,9})-([0-9]{1,9})")
MEASURED = 0.97  # share of a day in which a platform was seen: a lift cannot have been missed


@dataclass
class Evidence:
    """start, end: of what was read, Unix seconds. town_of: site → 街镇. pins_taken_back: lifts
    that were pinned, and whose file was taken back. bounds: stream → what may be lost.
    routes: as planned, of the period alone. figures: the newest revision of a day that there was
    when emptyings were read."""

    start: int
    end: int
    collections: list[Collection] = field(default_factory=list)
    lifts: list[Lift] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    without_truck: list[Ticket] = field(default_factory=list)
    seen: dict[tuple[str, str, int], bool] = field(default_factory=dict)
    town_of: dict[str, str] = field(default_factory=dict)
    pins_taken_back: list[str] = field(default_factory=list)
    bounds: Mapping[str, Bounds] = field(default_factory=lambda: ASSUMED)
    routes: list[Route] = field(default_factory=list)
    figures: int = 0

    def measured(self, site: str, stream: str, start: int, end: int) -> bool:
        """Whether every platform of the stream there was seen on the days of [start, end)."""
        span = range(local_day(start), local_day(end) + 1)
        return all(self.seen.get((site, stream, day), False) for day in span)


def read(store: Store, register: Register, t0: int, t1: int) -> Evidence:
    """What concerns [t0, t1), in Unix seconds; days of platforms are brought up to date."""
    found = Evidence(t0 - MARGIN_S, t1 + MARGIN_S)
    found.town_of = _towns(store, register, f"{date_of(local_day(t0)):%Y-%m}")
    if register.folder is not None:
        found.bounds = losses.load(register.folder, date_of(local_day(t1 - 1)))
    found.routes = _routes(plans.between(store, t0, t1))
    _platforms(store, register, found)
    gone = papers.gone_lift_files(store)
    for row in rows.between(store, found.start, found.end, gone):
        name = f"L{row.file}-{row.line}"
        found.lifts.append(Lift(row.t, row.grams, row.truck, row.site, row.stream, row.bin, name))
    found.pins_taken_back = [x for x in decisions.pinned(store).pins if _file_of(x) in gone]
    for ticket in papers.tickets(store):
        if found.start <= ticket.t < found.end and ticket.stream != STORED_HAZARDOUS:
            _take(found, ticket)
    return found


def _towns(store: Store, register: Register, month: str) -> dict[str, str]:
    """Site → 街镇: in a closed month (YYYY-MM) that of its closing, as in its reports."""
    towns = {site: s.town for site, s in register.known.sites.items()}
    if closed := day_revisions.closings(store.database).get(month):
        then = RegistrySnapshot.of(closed).known.sites
        towns |= {site: s.town for site, s in then.items()}
    return towns


def lift_named(store: Store, name: str) -> LiftRow | None:
    """The row behind a name as L3-7: file 3, row 7; None where there is none."""
    if not (match := _NAME.fullmatch(name)):
        return None
    file, line = int(match[1]), int(match[2])
    return None if file in papers.gone_lift_files(store) else rows.find(store, file, line)


def _file_of(name: str) -> int:
    """The file of a lift that was there when it was pinned."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else 0


def _routes(held: Iterable[Plan]) -> list[Route]:
    """Of each truck and day, all shifts together."""
    sites: dict[tuple[int, str], list[str]] = defaultdict(list)
    for p in held:
        sites[p.day, p.truck] += p.sites
    return [Route(*key, tuple(each)) for key, each in sorted(sites.items())]


def _take(found: Evidence, ticket: Ticket) -> None:
    truck = plate(ticket.plate)
    if not truck:
        found.without_truck.append(ticket)
        return
    name = f"{ticket.number}@{ticket.t}"
    masses = ticket.grams, ticket.gross_g
    place = ticket.stream, ticket.town, ticket.facility
    found.loads.append(Load(ticket.t, *masses, truck, *place, name))


def _platforms(store: Store, register: Register, found: Evidence) -> None:
    first, last = (date_of(local_day(t)) for t in (found.start, found.end - 1))
    span = days(first, last)
    update_figures(store, register.known, last)
    found.figures = day_revisions.newest(store.database)
    on_scales: dict[tuple[str, str], bool] = defaultdict(lambda: True)
    for b in register.known.bins:
        on_scales[b.site, b.stream] &= bool(b.channel)
    for date, day in zip(span, days_of(store, register.known, span), strict=True):
        n = local_day(found.start) + (date - first).days
        booked = [p.booked for p in day.platforms if p.booked]
        happened = packing.events(store.database, booked)
        seen: dict[tuple[str, str], bool] = {}
        for p in day.platforms:
            key = p.bin.site, p.bin.stream
            covered = p.balance.covered_s >= MEASURED * DAY_S
            seen[key] = seen.get(key, on_scales[key]) and covered
            if p.booked is None or p.bin.stream == STORED_HAZARDOUS:
                continue
            for e in happened.get(p.booked.id, ()):
                if e.kind is Kind.COLLECTION:
                    at = f"{p.bin.device}/{p.bin.channel}/{e.before.life}/{e.before.seq}"
                    where = p.bin.site, p.bin.bin, p.bin.stream
                    found.collections.append(Collection(e.t, e.grams, *where, at, p.bin.e_g))
        found.seen |= {(*key, n): value for key, value in seen.items()}


def reconciled(store: Store, found: Evidence) -> Reconciled:
    """All of it, with what persons have decided."""
    return reconcile(
        found.collections,
        found.lifts,
        found.loads,
        measured=found.measured,
        town_of=found.town_of,
        start=found.start,
        end=found.end,
        pinned=decisions.pinned(store),
        bounds=found.bounds,
        routes=found.routes,
    )
