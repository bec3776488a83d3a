"""From the standing of a platform down to what it rests on: readings, lifts, registry rows."""

from __future__ import annotations

from collections.abc import Iterator

from ..common.local_days import bounds, clock, date_of, local_day
from ..hazard.register import load_any
from ..registry import Bin
from ..standing import kept, read, statement, tables
from ..standing.evidence import SETTLED_S
from ..standing.model import Finding, Kind, Weighing
from ..standing.statement import Body, Head, Statement
from ..standing.zero import WINDOW_S
from .trace import Line, Trace, TraceError, kg

_LATE_S = 600  # after the half hour of an emptied bin, a reading counts


def standing(trace: Trace, name: str) -> Iterator[Line]:
    """A platform as it was last kept for the page, else as its last day with readings left it;
    TraceError for a bin without a scale."""
    bin_ = next((b for b in trace.registry.platforms() if b.bin == name), None)
    if bin_ is None:
        raise TraceError(f"standing: expected a bin of bins.csv on a scale, found {name!r}")
    found = kept.of_bin(trace.store, trace.registry, name)
    made = _computed(trace, bin_) if found is None else Statement(found[0].head, found[1])
    head, body = made.head, made.body
    of = f"at the end of {date_of(local_day(head.until - 1))}"
    yield 0, f"{head.site} {head.bin} ({head.device} {head.channel}): {head.advice}, {of}"
    if found is None:
        yield 1, "computed now: nothing was kept (qingyun standing --keep)"
    else:
        since = kept.came_since(trace.store, [found[0]])[name]
        yield 1, f"kept at {clock(found[0].made)}; {_since(since)}"
    calibration = f", calibration {head.calibration}" if head.calibration else ""
    yield 1, f"evidence from {clock(head.begin)} on{calibration}"
    for f in head.findings:
        yield 1, _finding(f)
        if f.because:
            yield 2, f.because
    yield from _effect(head)
    yield from trace.platform(bin_, 1)
    yield from _evidence(trace, head, body)


def _computed(trace: Trace, bin_: Bin) -> Statement:
    span = trace.store.span()
    until = bounds(span[1] if span else 0)[1]
    first = date_of(local_day(until - WINDOW_S))
    register = load_any(trace.folder)
    every = read.each(trace.store, register, [bin_.site], first, until)
    return statement.of(next(f for f in every if f.bin.bin == bin_.bin), until)


def _since(since: kept.Since) -> str:
    came = []
    if since.readings:
        n = f"{since.readings} " if since.readings > 0 else "other "
        came.append(f"{n}readings of its board and that time")
    if since.recalibrated:
        came.append("another calibration")
    if since.imports:
        came.append(f"{since.imports} imports or decisions")
    return f"came since, and not in it: {', '.join(came)}" if came else "nothing came since"


def _finding(f: Finding) -> str:
    since = f", since {clock(f.since)}" if f.since else ""
    cause = f" ({f.cause})" if f.cause else ""
    limit = f"limit {tables.limit_of(f)}, {f.n} weighings"
    return f"{f.quantity}: {f.verdict}{cause}: {tables.value_of(f)}, {limit}{since}"


def _effect(head: Head) -> Iterator[Line]:
    e = head.effect
    if e is None:
        return
    off = f"{kg(e.off_g)} ± {kg(2 * e.error_g)}"
    yield 1, f"{e.first} to {e.last}: {kg(e.reported_g)} reported, {off} of it by the fault"
    if e.unknown_from:
        yield 1, f"from {e.unknown_from} on nobody can tell"


def _evidence(trace: Trace, head: Head, body: Body) -> Iterator[Line]:
    """By time, each with its readings."""
    lines = [(w.t, n, _weighing(trace, w, body)) for n, w in enumerate(body.weighings)]
    n = len(lines)
    for q in body.quiet:
        air = (
            "" if q.warmer is None else f", {q.warmer:.1f} degC of air, {q.moved_g:+.0f} g with it"
        )
        title = f"quiet hours {clock(q.t0)}–{clock(q.t1)}: {kg(q.load_g)} stood there{air}"
        lines.append((q.t0, n, _between(trace, head, title, (q.t0, q.t1 + 1))))
    for x in body.settled:
        title = f"emptied bin alone for half an hour from {clock(x.t)}: {x.change_g:+d} g"
        until = x.t + SETTLED_S + _LATE_S
        lines.append((x.t, n, _between(trace, head, title, (x.t, until))))
    for _, _, part in sorted(lines, key=lambda line: line[:2]):
        yield from part


_NAMES = {Kind.BARE: "bare platform", Kind.RETURN: "empty bin put back", Kind.LIFT: "lift"}


def _weighing(trace: Trace, w: Weighing, body: Body) -> Iterator[Line]:
    source, _, lift = w.source.partition(" ")
    off = f"{w.off_g:+d} g ± {2 * w.error_g:.0f} g"
    yield 1, f"{_NAMES[w.kind]} {clock(w.t)}: {kg(w.load_g)} known, {off}"
    device, channel, life, seq = source.split("/")
    yield 2, f"reading {trace.reading(device, channel, life, int(seq))}"
    if lift:
        yield 2, f"qingyun trace lift:{lift}"
    if ticket := body.tickets.get(lift):
        yield 2, f"ticket {ticket}: qingyun trace ticket:{ticket.rpartition('@')[0]}"


def _between(trace: Trace, head: Head, title: str, span: tuple[int, int]) -> Iterator[Line]:
    """The first and the last reading of a time."""
    yield 1, title
    columns = trace.store.columns(head.device, *span)
    n = len(columns)
    for part, i in (("first", 0), ("last", n - 1)):
        if n:
            place = head.device, head.channel, columns.life[i], columns.seq[i]
            yield 2, f"{part} of {n} readings: {trace.reading(*place)}"
