"""Where what a truck weighed comes from and where it went: its file, the platform that saw the bin
emptied, the ticket of the load."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cached_property

from ..common.local_days import clock, date_of, day_of, local_day
from ..common.periods import parse
from ..hazard import papers
from ..hazard.register import load_any
from ..reconcile import decisions, evidence
from ..reconcile.model import Collection, Finding, Kind, Lift, Load, Match, Trip
from ..reconcile.plates import plate
from ..reconcile.tables import NAMES, said
from ..rollup import day_bounds
from ..store import lifts
from .trace import Line, Trace, TraceError, kg


class Hauled:
    """What was reconciled in the month of a moment (Unix seconds), as `reconcile show` has it."""

    def __init__(self, trace: Trace, t: int) -> None:
        self._trace = trace
        of = parse(f"{date_of(local_day(t)):%Y-%m}")
        assert of is not None
        span = day_bounds(of.first)[0], day_bounds(of.last)[1]
        self.found = evidence.read(trace.store, load_any(trace.folder), *span)
        self.done = evidence.reconciled(trace.store, self.found)

    @cached_property
    def _matches(self) -> dict[str, Match]:
        every = [*self.done.matched.matches, *self.done.matched.mixed]
        return {x.name: m for m in every for x in m.lifts}

    @cached_property
    def _imports(self) -> dict[int, papers.Import]:
        return {i.row: i for i in papers.imports(self._trace.store)}

    def trips(self, truck: str) -> list[Trip]:
        """Those of a truck, by time."""
        return [t for t in self.done.trips.all if t.truck == truck]

    def lift(self, x: Lift, depth: int) -> Iterator[Line]:
        """A lift, its file, the emptying that it is, and what persons decided about it."""
        t = self.done.own_times[x.name]
        where = " ".join(filter(None, (x.site, x.bin, x.stream)))
        yield depth, f"lift {x.name} {x.truck}: {kg(x.grams)}, {clock(t)} {where}".rstrip()
        offset = self.done.clocks.get((x.truck, local_day(t)), 0)
        if offset:
            yield depth + 1, f"the clock of the truck is {offset:+d} s off by the emptyings"
        file, _, line = x.name[1:].partition("-")
        if brought := self._imports.get(int(file)):
            s = brought.source
            place = f"import {brought.id}: {s.file}:{line}, SHA-256 {s.sha256}"
            yield depth + 1, f"{place}, brought {clock(s.imported)} by {s.by}"
        for d in decisions.all_of(self._trace.store):
            if d.lift == x.name:
                names = " ".join(d.collections)
                yield depth + 1, f"{d.what} {names} by {d.by}, {clock(d.at)}: {d.reason}"
        match = self._matches.get(x.name)
        if match is None:
            yield depth + 1, "no platform saw it"
            return
        for c in match.collections:
            yield from self.emptying(c, depth + 1)

    def emptying(self, c: Collection, depth: int) -> Iterator[Line]:
        """An emptying with the reading before it."""
        yield depth, f"emptied {kg(c.grams)} at {c.bin}, {clock(c.t)}"
        device, channel, life, seq = c.name.split("/")
        yield depth + 1, f"before: reading {self._trace.reading(device, channel, life, int(seq))}"
        day = date_of(local_day(c.t))
        yield depth + 1, f"qingyun trace daily:{day}/{c.site}/{c.stream}"

    def load(self, trip: Trip, depth: int) -> Iterator[Line]:
        """What was lifted for a ticket, or has none, and what does not close of it."""
        n, load = len(trip.lifts), trip.load
        if load is None:
            yield depth, f"no ticket: {kg(trip.grams)} in {n} lifts"
        else:
            lifted = f"{kg(trip.grams)} in {n} lifts"
            yield depth, f"ticket {load.name} {load.facility}: {kg(load.grams)}; lifted {lifted}"
        names = {x.name for x in trip.lifts} | ({load.name} if load else set())
        for f in self.done.findings:
            if names & {f.subject, *f.names}:
                yield depth + 1, self._named(f)

    @staticmethod
    def _named(f: Finding) -> str:
        value = "" if f.kind is Kind.NOT_LIFTED else f" {said(f)}"
        return f"{NAMES[f.kind]}{value}"


def lift(trace: Trace, name: str) -> Iterator[Line]:
    """A lift as `reconcile matches` names it: down to its file and readings, and on to its ticket;
    TraceError where there is none."""
    row = evidence.lift_named(trace.store, name)
    if row is None:
        raise TraceError(f"lift: expected one that `reconcile matches` names, found {name!r}")
    hauled = Hauled(trace, row.t)
    for trip in hauled.trips(row.truck):
        for x in trip.lifts:
            if x.name == name:
                yield from hauled.lift(x, 0)
                yield from hauled.load(trip, 1)


def route(trace: Trace, date: str, truck: str) -> Iterator[Line]:
    """A truck on a local day: each load with its lifts; TraceError where it lifted nothing."""
    try:
        when = dt.date.fromisoformat(date)
        parse(f"{when:%Y-%m}")
    except ValueError:
        raise TraceError(f"route: expected YYYY-MM-DD, found {date!r}") from None
    hauled, day = Hauled(trace, day_bounds(when)[0]), day_of(when)
    own, told = hauled.done.own_times, False
    for trip in hauled.trips(plate(truck)):
        lifts = [x for x in trip.lifts if local_day(own[x.name]) == day]
        if not lifts and not (trip.load and local_day(trip.load.t) == day):
            continue
        told = True
        yield from hauled.load(trip, 0)
        for x in lifts:
            yield from hauled.lift(x, 1)
    if not told:
        raise TraceError(
            f"route: expected a truck with lifts or tickets on {date}, found {truck!r}"
        )


def at_site(trace: Trace, day: dt.date, site: str, stream: str) -> Iterator[Line]:
    """What trucks lifted there on a day, where that was imported."""
    gone = papers.gone_lift_files(trace.store)
    for x in lifts.between(trace.store, *day_bounds(day), gone):
        if x.site == site and x.stream in ("", stream):
            what = f"{x.truck} lifted {kg(x.grams)}, {clock(x.t)} by its clock"
            yield 1, f"{what}: qingyun trace lift:L{x.file}-{x.line}"


def of_ticket(trace: Trace, ticket: papers.Ticket) -> Iterator[Line]:
    """The lifts of a ticket's load; nothing for one that names no truck."""
    truck = plate(ticket.plate)
    if not truck:
        return
    hauled = Hauled(trace, ticket.t)
    name = f"{ticket.number}@{ticket.t}"
    for trip in hauled.trips(truck):
        load: Load | None = trip.load
        if load is not None and load.name == name:
            yield from hauled.load(trip, 1)
            for x in trip.lifts:
                yield from hauled.lift(x, 2)
