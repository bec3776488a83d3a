"""清运量（投放点实测） next to 清运量（进厂计量）, by 街镇 and stream: never added.

Also matches papers to loads: manifests to weigh-outs, tickets of a site to collections."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..common.local_days import LOCAL, date_of, local_day
from ..events import Kind
from ..hazard.entry import TAKEN, Entry
from ..hazard.matching import Matched, Paper, Step, Tolerance, match
from ..hazard.papers import Manifest, Ticket
from ..hazard.register import Register
from ..registry import STORED_HAZARDOUS
from ..rollup import DailyRow, packing
from ..rollup.day_figures import update_figures
from ..rollup.days import days_of
from ..rollup.period import days
from ..store import Store
from .summary import DISTRICT, HAULED, SHOWN, part

SITE_LABEL = "清运量（投放点实测）"
FACILITY_LABEL = "清运量（进厂计量）"
UNSAID = "（未注明街镇）"


@dataclass(frozen=True)
class Beside:
    """One 街镇 and stream; None: not measured, or a stream without a ticket."""

    town: str
    stream: str
    site_t: Decimal | None
    coverage: Decimal | None
    facility_t: Decimal | None
    tickets: int

    @property
    def ratio(self) -> Decimal | None:
        """Mass at the sites over mass at the facility; None without either."""
        return (
            self.site_t / self.facility_t if self.site_t is not None and self.facility_t else None
        )


def _row(
    town: str, name: str, streams: Sequence[str], days: list[DailyRow], brought: list[Ticket]
) -> Beside:
    mine = part(r for r in days if r.stream in streams and town in (DISTRICT, r.town))
    came = [x for x in brought if x.stream in streams and town in (DISTRICT, x.town or UNSAID)]
    every = {x.stream for x in came} == set(streams)  # 清运量 needs both streams
    weight = Decimal(sum(x.grams for x in came)).scaleb(-6) if every else None
    return Beside(town, name, mine.tonnes, mine.coverage, weight, len(came))


def beside(days: list[DailyRow], brought: list[Ticket]) -> list[Beside]:
    """The district first, with 清运量 as 干垃圾 + 湿垃圾 and nothing else."""
    towns = dict.fromkeys(r.town for r in days if r.stream in SHOWN)
    towns |= dict.fromkeys(x.town or UNSAID for x in brought if x.stream in SHOWN)
    rows = [_row(DISTRICT, "干垃圾+湿垃圾", HAULED, days, brought)]
    for town in (DISTRICT, *towns):
        for stream in SHOWN:
            row = _row(town, stream, (stream,), days, brought)
            if row.coverage is not None or row.tickets:
                rows.append(row)
    return rows


def manifests_matched(
    register: Register, manifests: Iterable[Manifest], live: Iterable[Entry], tolerance: Tolerance
) -> Matched:
    """Manifests matched to 出库 entries."""
    of_institution: dict[str, frozenset[str]] = {}
    for i in register.institutions:
        stores = (s.store for s in register.stores.values() if s.institution == i)
        of_institution[i] = frozenset(stores)
    papers = [
        Paper(
            m.number,
            frozenset((m.store,)) if m.store else of_institution.get(m.institution, frozenset()),
            m.code,
            m.grams,
            m.t,
        )
        for m in manifests
    ]
    steps = [
        Step(f"{e.id} {e.batch}", e.store, e.code, e.grams, e.t) for e in live if e.table == TAKEN
    ]
    return match(papers, steps, tolerance)


def hazardous_tickets_matched(
    register: Register, tickets: Iterable[Ticket], live: Iterable[Entry], tolerance: Tolerance
) -> Matched:
    """Tickets of hazardous waste matched to 出库 entries, with or without a manifest. Entries
    without a ticket are not listed: a manifest is required, a ticket is not."""
    papers = [
        Paper(
            x.number,
            frozenset(s.store for s in register.stores.values() if x.site in ("", s.site)),
            x.code,
            x.grams,
            x.t,
        )
        for x in tickets
        if x.stream == STORED_HAZARDOUS
    ]
    steps = [
        Step(f"{e.id} {e.batch}", e.store, e.code, e.grams, e.t) for e in live if e.table == TAKEN
    ]
    matches = match(papers, steps, tolerance)
    matches.steps = []
    return matches


def collections(store: Store, register: Register, t0: int, t1: int) -> list[Step]:
    """The collections at collection points from t0 on and before t1 (Unix seconds), from the
    revisions of the days."""
    last = min(date_of(local_day(t1 - 1)), dt.datetime.now(LOCAL).date())
    span = days(date_of(local_day(t0)), last)
    if not span:
        return []
    update_figures(store, register.known, last)
    steps_of: dict[str, list[Step]] = {b.bin: [] for b in register.known.platforms()}
    for day in days_of(store, register.known, span):
        booked = [p.booked for p in day.platforms if p.booked]
        events = packing.events(store.database, booked)
        for p in day.platforms:
            bin_ = p.bin
            if p.booked is None or bin_.stream == STORED_HAZARDOUS:
                continue
            for e in events.get(p.booked.id, ()):
                if e.kind is Kind.COLLECTION and t0 <= e.t < t1:
                    name = f"{bin_.device}/{bin_.channel}/{e.before.life}/{e.before.seq}"
                    step = Step(name, bin_.site, bin_.stream, e.grams, e.t)
                    steps_of.setdefault(bin_.bin, []).append(step)
    return [step for steps in steps_of.values() for step in steps]


def tickets_matched(
    tickets: Iterable[Ticket], taken: Iterable[Step], tolerance: Tolerance
) -> Matched:
    """Tickets that name a site, matched to the collections there."""
    papers = [
        Paper(x.number, frozenset((x.site,)), x.stream, x.grams, x.t)
        for x in tickets
        if x.site and x.stream != STORED_HAZARDOUS
    ]
    places = frozenset(p for paper in papers for p in paper.places)
    return match(papers, (s for s in taken if s.place in places), tolerance)
