"""The district today, or on another day: masses by 街镇 and stream, coverage, alarms, boards."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..reports.summary import HAULED, SHOWN, Part
from . import formatting
from .context import Context, context_of
from .day_cache import DayFigures, today
from .web import allowed, asked_day, narrow, page

TREND_DAYS = 30
MOST_REFUSED = 10


@dataclass(frozen=True)
class Line:
    """One 街镇, or "" for the district, with the same weekday a week ago."""

    town: str
    hauled: Part
    before: Part | None
    streams: dict[str, Part]


def lines(now: DayFigures, before: DayFigures | None) -> list[Line]:
    """The district first, then each 街镇."""
    return [
        Line(
            town,
            now.of(HAULED, town or None),
            before.of(HAULED, town or None) if before else None,
            {s: now.of((s,), town or None) for s in SHOWN},
        )
        for town in ["", *now.towns]
    ]


@dataclass(frozen=True)
class Refused:
    """A board of which more came than is taken or kept; site: "" where it is not registered."""

    device: str
    site: str
    counts: dict[str, int]


def refused_lines(context: Context) -> list[Refused]:
    """Those with the most first, MOST_REFUSED at most."""
    known = context.registry.devices
    found = [
        Refused(device, known[device].site if device in known else "", counts)
        for device, counts in context.refused.items()
    ]
    return sorted(found, key=lambda r: -sum(r.counts.values()))[:MOST_REFUSED]


@narrow
@allowed("viewer")
async def show(request: Request) -> Response:
    """The first page: the district today or on ?date=."""
    context, asked = context_of(request), asked_day(request)
    date = asked or context.figures.last or today()
    now = context.figures.day(date)
    week = context.figures.day(date - dt.timedelta(7))
    first = date - dt.timedelta(TREND_DAYS)
    span = [first + dt.timedelta(n) for n in range(TREND_DAYS + 1)]
    parts = {d.date: d.of(HAULED) for d in context.figures.span(first, date)}
    masses = [(d, parts.get(d)) for d in span]
    trend = [(str(d), float(p.tonnes) if p and p.tonnes is not None else None) for d, p in masses]
    rows = lines(now, week) if now else []
    return page(
        request,
        "district.html",
        date=date,
        today=today(),
        coming=now is None and (date == today() or not context.figures.read),
        instead=asked is None and date != today(),
        now=now,
        week=date - dt.timedelta(7),
        rows=rows,
        changes=[formatting.change(r.hauled, r.before) for r in rows],
        streams=SHOWN,
        trend=trend,
        masses=masses,
        live=context.hub.district(),
        alarms=list(context.open_alarms.values())[:8],
        problem=context.figures.problem,
        refused=refused_lines(context),
    )


ROUTES = [Route("/", show)]
