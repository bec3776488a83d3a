"""What a request may see: registry, boards, figures, ledger, alarms, papers and audit trail of the
scope of who asks, and nothing beside them.

A page that asks here for what it shows cannot show what is outside of the scope. What works on the
store itself (readings of a board, an entry to be added) takes its names from here first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from jinja2 import Environment
from starlette.requests import HTTPConnection

from ..alarms import alarm_log, alarm_pages
from ..alarms.rules import Rule
from ..hazard import obligations, papers
from ..hazard.entry import Entry
from ..hazard.register import Register
from ..points.positions import Position
from ..reconcile import evidence, kept
from ..reconcile.plates import plate
from ..registry import Registry, Site
from ..reports.explain import BinStory
from ..reports.limits import Limits
from ..reports.summary import HAULED
from ..rollup import DailyRow
from ..standing import kept as held
from ..standing.statement import Body
from ..store import Store
from ..store.lifts import LiftRow
from . import accounts, site_days
from .day_cache import DayFigures, Days, today
from .live import Part
from .scope import CONTRACTOR, NOTHING, TOWN, Scope, Seen
from .sessions import Failures, Sessions
from .settings import Settings
from .uploads import Uploads

if TYPE_CHECKING:
    from .shared import Shared

Alarms = dict[int, tuple[alarm_log.Row, alarm_log.Row | None]]
T = TypeVar("T")


def counts(alarms: Alarms) -> dict[str, int]:
    """Of open alarms: all, and those that nobody has acknowledged."""
    unseen = sum(1 for _, seen in alarms.values() if seen is None)
    return {"open": len(alarms), "unseen": unseen}


def masses(day: DayFigures) -> dict[str, Any]:
    """What a live page is told of a day; masses in t."""
    hauled = day.of(HAULED)
    return {
        "date": str(day.date),
        "at": round(day.at),
        "hauled_t": None if hauled.tonnes is None else float(hauled.tonnes),
        "collections": hauled.collections,
        "coverage": None if hauled.coverage is None else float(hauled.coverage),
    }


@dataclass
class Context:
    """What one scope sees of an app, with the registry of that moment."""

    shared: Shared
    seen: Seen
    hub: Part
    figures: Days
    rules: list[Rule]

    def __post_init__(self) -> None:
        self.hub.told = self.told

    def told(self) -> dict[str, Any]:
        """What viewers of the first page are told beside the boards."""
        if self.scope.whole:
            return self.shared.hub.extra
        day = self.figures.day(today())
        told: dict[str, Any] = {"alarms": counts(self.open_alarms)}
        return told | ({"today": masses(day)} if day else {})

    # Who asks, and what the app has for everybody

    @property
    def scope(self) -> Scope:
        return self.seen.scope

    @property
    def settings(self) -> Settings:
        return self.shared.settings

    @property
    def templates(self) -> dict[str, Environment]:
        return self.shared.templates

    @property
    def sessions(self) -> Sessions:
        return self.shared.sessions

    @property
    def failures(self) -> Failures:
        return self.shared.failures

    @property
    def uploads(self) -> Uploads:
        return self.shared.uploads

    def forget(self, name: str) -> None:
        """As Shared.forget()."""
        self.shared.forget(name)

    def store(self) -> AbstractContextManager[Store]:
        """As Shared.store()."""
        return self.shared.store()

    async def ask(self, work: Callable[[Store], T]) -> T:
        """As Shared.ask()."""
        return await self.shared.ask(work)

    # What the scope sees

    @property
    def registry(self) -> Registry:
        return self.seen.registry

    @property
    def register(self) -> Register | None:
        return self.seen.register

    @property
    def open_alarms(self) -> Alarms:
        """alarm → (row that raised it, its acknowledgement or None)."""
        held = self.shared.open_alarms
        if self.scope.whole:
            return held
        return {n: rows for n, rows in held.items() if self.seen.alarm(rows[0].body)}

    @property
    def refused(self) -> dict[str, dict[str, int]]:
        """As Shared.read_refused(); boards that are not registered are the district's."""
        known = self.registry.devices
        return {d: n for d, n in self.shared.refused.items() if self.scope.whole or d in known}

    @cached_property
    def places(self) -> dict[str, tuple[float, float]]:
        """Where sites are: longitude and latitude, as the map has them."""
        every = self.shared.known.places
        return {site: every[site] for site in self.registry.sites if site in every}

    @cached_property
    def positions(self) -> dict[str, Position]:
        """Where sites are, in WGS 84."""
        every = self.shared.known.positions
        return {site: every[site] for site in self.registry.sites if site in every}

    def alarms(
        self, store: Store, limit: int, before: int | None = None, skip: int = 0, *, only_open: bool
    ) -> alarm_pages.Page:
        """A page of alarms, as alarm_pages.read()."""
        read = alarm_pages.read_open if only_open else alarm_pages.read
        return read(store, limit, before, skip, self.seen.alarms)

    def trails(self, store: Store) -> list[alarm_pages.Changes]:
        """Every alarm that is open, the latest first."""
        return alarm_pages.every_open(store, self.seen.alarms)

    def alarm(self, store: Store, number: int) -> alarm_pages.Changes | None:
        """An alarm, open or over; None where the scope sees none of this number."""
        return alarm_pages.one(store, number, self.seen.alarms)

    def entries(self, store: Store) -> list[Entry]:
        """Every entry of the ledger, reversals included, in the order of adding."""
        every = self.shared.ledger.read(store)
        return every if self.scope.whole else [e for e in every if self.seen.entry(e)]

    @cached_property
    def trucks(self) -> frozenset[str]:
        """The plates of a contractor's own trucks; nobody else has any."""
        if self.scope.kind != CONTRACTOR:
            return frozenset()
        whose = self.shared.known.trucks
        return frozenset(truck for truck, owner in whose.items() if owner == self.scope.name)

    def weighing(self, row: LiftRow | papers.Ticket) -> bool:
        """Whether a weighing of a truck or a ticket is of the scope: a contractor's by the truck,
        that of a 街镇 by the site or what the ticket names."""
        if self.scope.whole:
            return True
        if isinstance(row, LiftRow):
            own = self.scope.kind == TOWN and row.site in self.registry.sites
            return own or row.truck in self.trucks
        return self.seen.paper(row) or plate(row.plate) in self.trucks

    def imports(self, store: Store) -> list[papers.Import]:
        """The imports of papers that are wholly of the scope, by time."""
        found = papers.imports(store)
        if self.scope.whole:
            return found
        own: dict[tuple[str, int], bool] = {}  # files of lifts, which have no papers, are in none
        for _, record in papers.every(store):
            key = record.source.key
            own[key] = own.get(key, True) and self.seen.paper(record)
        return [i for i in found if own.get(i.source.key)]

    def reconciled(self, store: Store, month: str) -> kept.Kept | None:
        """The month (YYYY-MM) as it was last kept for the scope; None where it was not, or where
        sites or trucks have come to the scope or left it since: it would tell of what is not its
        own."""
        found = kept.of_scope(store, month, str(self.scope))
        own = self.trucks if self.scope.kind == CONTRACTOR else self.registry.sites
        if found is None or self.scope.whole or found.of.reach == kept.reach(own):
            return found
        return None

    @cached_property
    def site_of(self) -> dict[str, Site]:
        """Bin → its site."""
        return {b.bin: self.registry.sites[b.site] for b in self.registry.bins}

    def standings(self, store: Store) -> list[held.Kept]:
        """Of the platforms of the scope as they were last kept, the worst first."""
        return held.heads(store, self.registry)

    def standing_of(self, store: Store, bin_: str) -> tuple[held.Kept, Body] | None:
        """One with its evidence; lifts and tickets of others have no name in it."""
        found = held.of_bin(store, self.registry, bin_)
        if found is None or self.scope.whole:
            return found
        return found[0], found[1].of_names(lambda name: self._sees(store, name))

    def _sees(self, store: Store, name: str) -> bool:
        """Whether the lift (L3-7) or ticket (number@t) is of the scope."""
        row: LiftRow | papers.Ticket | None = evidence.lift_named(store, name)
        number, _, t = name.rpartition("@")
        if row is None and number and t.isdigit():
            row = papers.ticket_named(store, number, int(t))
        return row is not None and self.weighing(row)

    def brought(self, store: Store, row: LiftRow | papers.Ticket) -> papers.Source | None:
        """Who brought what the scope sees (weighing()), and when."""
        return papers.lift_source(store, row.file) if isinstance(row, LiftRow) else row.source

    def trail(self, store: Store, before: int | None = None, limit: int = 100) -> list[Any]:
        """As accounts.trail(), of accounts of this scope."""
        only = None if self.scope.whole else self.scope
        return list(accounts.trail(store, before, limit, only))

    def site_day(self, store: Store, site: str, date: dt.date | None) -> tuple[dt.date, Any]:
        """(day, what its bins tell) of a site of the scope, by default of its last day with
        readings. KeyError for another site."""
        whole = self._whole_of(site)
        date = date or site_days.latest_day(store, whole, site)
        stories: list[BinStory] = site_days.site_day(store, whole, site, date)
        return date, stories

    def _whole_of(self, site: str) -> Registry:
        """The registry of the district, once a site was found to be of the scope: a board may have
        come from outside, and the figures of its bins must not depend on who looks."""
        self.registry.sites[site]
        return self.shared.known.registry

    @property
    def limits(self) -> Limits | None:
        """To what a report is limited; None: to nothing."""
        return None if self.scope.whole else self.seen

    def computing(self) -> tuple[Registry, Register | None]:
        """Registry and register for what computes figures: always the district's. What it gives is
        limited to `seen` or `limits` before it is shown."""
        return self.shared.known.registry, self.shared.known.register

    def mine(self, rows: Iterable[DailyRow]) -> list[DailyRow]:
        """The rows of a day of the scope."""
        return [r for r in rows if self.seen.site(r.site)]

    def dues(self, day: dt.date, ahead: int) -> list[obligations.Due]:
        """What is to be filed within so many days, and what is late as far as filed.csv tells, of
        the institutions of the scope. UserError where filings.csv or filed.csv has a mistake."""
        whole = self.shared.known.register
        if whole is None or whole.folder is None:
            return []
        found: Sequence[obligations.Due] = obligations.to_do(whole, whole.folder, day, ahead)
        return [d for d in found if d.institution in self.seen.institutions]


def context_of(request: HTTPConnection) -> Context:
    """What the account that sent a request sees; nothing where nobody has signed in."""
    context: Any = request.scope.get("qingyun.context")
    if context is None:
        context = request.app.state.shared.seen_by(NOTHING)
    assert isinstance(context, Context)
    return context
