"""The origin of a figure of a report, line by line, down to files and readings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

from ..common import periods
from ..hazard import ledger, papers
from ..indicators import hazardous, report
from ..indicators.catalog import Figure
from ..indicators.compute import Used
from ..rollup import day_bounds
from ..rollup.period import days
from ..store.figures import history
from . import lift_trace, standing_trace
from .trace import DISTRICT, Line, Trace, TraceError, kg

FORMS = (
    "daily:2026-03-03/SITE/STREAM",
    "month:2026-03/街镇/STREAM",
    "indicator:8/2026",
    "entry:12",
    "batch:HWRK20260303001",
    "alarm:3",
    "manifest:NUMBER",
    "ticket:FACILITY/NUMBER",
    "lift:L3-7",
    "route:2026-03-03/TRUCK",
    "standing:BIN",
)


def _daily(trace: Trace, rest: str) -> Iterator[Line]:
    date, site, stream = _parts(rest, 3)
    try:
        day = dt.date.fromisoformat(date)
    except ValueError:
        raise TraceError(f"daily: expected YYYY-MM-DD, found {date!r}") from None
    bins = [b for b in trace.registry.platforms() if (b.site, b.stream) == (site, stream)]
    if not bins:
        raise TraceError(f"daily: expected a site and stream of bins.csv, found {site}/{stream}")
    yield from trace.collected(bins, [day], f"{day} {site} {stream} collected")
    yield from lift_trace.at_site(trace, day, site, stream)


def _month(trace: Trace, rest: str) -> Iterator[Line]:
    text, town, stream = _parts(rest, 3)
    try:
        when = periods.parse(text)
    except ValueError as error:
        raise TraceError(f"month: {error}") from None
    if town not in (DISTRICT, *trace.registry.towns):
        raise TraceError(f"month: expected {DISTRICT} or a town of towns.csv, found {town!r}")
    bins = [
        b
        for b in trace.registry.platforms()
        if b.stream == stream and town in (DISTRICT, trace.registry.sites[b.site].town)
    ]
    if not bins:
        raise TraceError(f"month: expected a stream that {town} has, found {stream!r}")
    span = days(when.first, when.last)
    return trace.collected(bins, span, f"{when} {town} {stream} collected")


def _parts(rest: str, n: int) -> list[str]:
    parts = rest.split("/", n - 1)
    if len(parts) != n or not all(parts):
        raise TraceError(f"trace: expected one of {' '.join(FORMS)}, found {rest!r}")
    return parts


def _number(rest: str, kind: str) -> int:
    if not rest.isdigit():
        raise TraceError(f"{kind}: expected a number, found {rest!r}")
    return int(rest)


def _entry(trace: Trace, rest: str) -> Iterator[Line]:
    wanted = _number(rest, "entry")
    entry = next((e for e in ledger.read(trace.store) if e.id == wanted), None)
    if entry is None:
        raise TraceError(f"entry: expected the id of an entry, found {wanted}")
    return trace.entry(entry, 0)


def _indicator(trace: Trace, rest: str) -> Iterator[Line]:
    number, text = _parts(rest, 2)
    try:
        when = periods.parse(text)
    except ValueError as error:
        raise TraceError(f"indicator: {error}") from None
    made = report.build(trace.store, trace.registry, when, register=trace.register)
    results = [r for r in made.results if r.definition.number == number]
    if not results:
        raise TraceError(f"indicator: expected the number of one, found {number!r}")
    for top in results:
        for result in (top, *top.beside):
            name = result.definition.name
            value = f"{result.shown} {result.unit}" if result.shown else "—"
            yield 0, f"{result.definition.number} {name} {when}: {value}"
            for line in report.explanation(result):
                yield 1, line
            for used in result.inputs:
                yield from _input(trace, used, when)


def _input(trace: Trace, used: Used, when: periods.Period) -> Iterator[Line]:
    """The months of a figure; for each, the row of a file or the command that shows more."""
    series = used.series
    figure = series.figure
    yield 1, f"{figure.figure} {figure.name}（{series.origin or '无'}）"
    for m in when.months:
        if m not in series.months:
            continue
        month = periods.Period(series.year, m)
        yield 2, f"{month}: {series.months[m]:f} {figure.unit}"
        yield from _source(trace, figure, month, series.origin)
    year = periods.Period(series.year)
    if series.whole is not None:
        yield 2, f"{year}: {series.whole:f} {figure.unit}"
        yield from _source(trace, figure, year, series.origin)


def _source(trace: Trace, figure: Figure, period: periods.Period, origin: str) -> Iterator[Line]:
    if origin == "投放点实测":
        stream = figure.stream or "STREAM"
        yield 3, f"qingyun trace month:{period}/{DISTRICT}/{stream}"
        return
    if origin == "磅单":
        t0, t1 = day_bounds(period.first)[0], day_bounds(period.last)[1]
        for x in papers.tickets(trace.store):
            if x.stream == figure.stream and t0 <= x.t < t1:
                yield 3, f"ticket {x.number}: {kg(x.grams)}, {x.source.file}:{x.source.row}"
        return
    if origin == "台账" and trace.register is not None:
        t1 = day_bounds(period.last)[1]
        t0 = 0 if figure.kind == "stock" else day_bounds(period.first)[0]
        for e in hazardous.rests_on(trace.store, trace.register, figure.figure):
            if t0 <= e.t < t1:
                yield 3, f"entry {e.id} {e.table} {e.batch} {kg(e.grams)}"
        return
    for h in history(trace.store, figure.figure, str(period)):
        yield (
            3,
            f"imported {h.value} {h.unit}: {h.source}, {h.entered_by}, {h.entered_on}, {h.file}",
        )


def _ticket(trace: Trace, rest: str) -> Iterator[Line]:
    yield from trace.paper("ticket", rest)
    for ticket in papers.tickets(trace.store):
        if ticket.number == rest:
            yield from lift_trace.of_ticket(trace, ticket)


def lines(trace: Trace, figure: str) -> Iterator[Line]:
    """Everything a figure is derived from; TraceError when there is no such figure."""
    kind, _, rest = figure.partition(":")
    if kind not in _KINDS:
        raise TraceError(f"trace: expected one of {' '.join(FORMS)}, found {figure!r}")
    return _KINDS[kind](trace, rest)


_KINDS: dict[str, Callable[[Trace, str], Iterator[Line]]] = {
    "daily": _daily,
    "month": _month,
    "indicator": _indicator,
    "entry": _entry,
    "batch": lambda trace, rest: trace.batch(rest),
    "alarm": lambda trace, rest: trace.alarm(_number(rest, "alarm")),
    "manifest": lambda trace, rest: trace.paper("manifest", rest),
    "ticket": _ticket,
    "lift": lift_trace.lift,
    "standing": standing_trace.standing,
    "route": lambda trace, rest: lift_trace.route(trace, *_parts(rest, 2)),
}
