"""The district today, or on another day: masses by 街镇 and stream, coverage, alarms, boards."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..common.local_days import LOCAL
from ..reports.summary import HAULED, SHOWN, Part, add
from . import formatting
from .context import Context, context_of
from .day_cache import DayFigures, today
from .day_hours import HOURS, Hours, added
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
class ByHour:
    """清运量 of the district by hour, in t. now: None from the hour on that has not begun. rest:
    what of the day (g) no event tells the hour of."""

    now: list[float | None]
    before: list[float]
    rest: int

    @property
    def rows(self) -> list[tuple[int, float | None, float]]:
        """(hour, now, before)."""
        return [(n, *both) for n, both in enumerate(zip(self.now, self.before, strict=True))]


def by_hour(now: DayFigures | None, before: DayFigures | None) -> ByHour | None:
    """None where the hours of a day are not known, or nothing was hauled on either."""
    if now is None or now.hours is None:
        return None
    begun = HOURS if now.over else dt.datetime.fromtimestamp(now.at, LOCAL).hour + 1
    mine = _tonnes(added(now.hours))
    theirs = _tonnes(added(before.hours if before and before.hours else {}))
    shown = [t if n < begun else None for n, t in enumerate(mine)]
    rest = now.of(HAULED).grams - sum(added(now.hours))
    return ByHour(shown, theirs, rest) if any(mine) or any(theirs) else None


def _tonnes(hours: Hours) -> list[float]:
    return [grams / 1e6 for grams in hours]


@dataclass(frozen=True)
class Town:
    """A 街镇 over some days: 清运量 in t, None where nothing was measured."""

    name: str
    masses: list[float | None]

    @property
    def last(self) -> float | None:
        return self.masses[-1]


def each_town(days: list[DayFigures | None]) -> list[Town]:
    """The 街镇 of the last day, each over all of these days."""
    last = days[-1]
    return [
        Town(name, [_mass(d.hauled_in.get(name)) if d else None for d in days])
        for name in (last.towns if last else [])
    ]


def _mass(part: Part | None) -> float | None:
    return None if part is None or part.collected is None else part.collected / 1e6


def top_sites(context: Context, day: DayFigures | None) -> list[tuple[str, str, str, float]]:
    """(site, name, 街镇, t) of the sites with the most 清运量."""
    known = context.registry.sites
    found = [(known[s], grams) for s, grams in (day.top if day else ()) if s in known]
    return [(site.site, site.name, site.town, grams / 1e6) for site, grams in found]


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
    days = {d.date: d for d in context.figures.span(first, date)}
    masses = [(d, add(days[d].hauled_in.values()) if d in days else None) for d in span]
    towns = each_town([days.get(d) for d in span])
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
        hours=by_hour(now, week),
        towns=towns,
        most=max((t for town in towns for t in town.masses if t), default=0.0),
        top=top_sites(context, now),
        week_streams={s: week.of((s,)) for s in SHOWN} if week else None,
        most_stream=max(
            (_mass(p) or 0.0 for r in rows[:1] for p in r.streams.values()), default=0.0
        ),
    )


ROUTES = [Route("/", show)]
