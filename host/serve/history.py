"""Any day, month or year: masses by 街镇 and stream, day by day, and what was restated."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..reports.summary import HAULED, SHOWN, Part, add
from ..rollup.period import days
from .context import Here, here
from .day_cache import DayFigures, Restated, today
from .web import allowed, page

_SAID = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
MOST_RESTATED = 200


@dataclass(frozen=True)
class Span:
    """A day, month or year as it was asked for."""

    said: str
    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def kind(self) -> str:
        return {4: "year", 7: "month"}.get(len(self.said), "day")

    @property
    def upto(self) -> dt.date:
        """The last day that counts: a month and a year are made of days that are over."""
        return min(self.last, today() - dt.timedelta(self.kind != "day"))

    def beside(self, step: int) -> str:
        """The one before or after, as it would be asked for."""
        date = self.first - dt.timedelta(1) if step < 0 else self.last + dt.timedelta(1)
        return str(date)[: len(self.said)]


def span_of(said: str) -> Span:
    """YYYY, YYYY-MM or YYYY-MM-DD; 422 otherwise."""
    found = _SAID.fullmatch(said)
    try:
        if found is None:
            raise ValueError
        year, month, day = int(found[1]), int(found[2] or 0), int(found[3] or 0)
        first = dt.date(year, month or 1, day or 1)
        if not 2015 <= year <= 2099:
            raise ValueError
    except ValueError:
        text = f"period: expected YYYY, YYYY-MM or YYYY-MM-DD, found {said[:20]!r}"
        raise HTTPException(422, text) from None
    if day:
        return Span(said, first, first)
    after = dt.date(year + (month or 12) // 12, (month or 12) % 12 + 1, 1)
    return Span(said, first, after - dt.timedelta(1))


def counted(at: Here, span: Span) -> list[DayFigures]:
    """The days that a span is made of, as reports and indicators count them: of a month those
    that are over; of a year those of its months of which something is known."""
    found = at.figures.span(span.first, span.last)
    if span.kind == "day":
        return found
    found = [d for d in found if d.over]
    if span.kind == "month":
        return found
    months = {d.date.month for d in found if any(p.covered_s for p in d.parts.values())}
    return [d for d in found if d.date.month in months]


def restated(found: Sequence[DayFigures]) -> list[Restated]:
    """What of these days was reported otherwise before, the latest change first."""
    changes = [r for day in found for r in day.restated]
    return sorted(changes, key=lambda r: -r.at)[:MOST_RESTATED]


def table(found: list[DayFigures]) -> list[tuple[str, Part, dict[str, Part]]]:
    """A line for the district ("") and each 街镇: 清运量, and each stream."""
    towns = list(dict.fromkeys(t for d in found for t in d.towns))
    return [
        (
            town,
            add(d.of(HAULED, town or None) for d in found),
            {s: add(d.of((s,), town or None) for d in found) for s in SHOWN},
        )
        for town in ["", *towns]
    ]


def series(found: list[DayFigures], span: Span) -> list[tuple[str, Part | None]]:
    """By day; of a year by month. None: nothing is known."""
    if span.kind == "year":
        months: dict[str, list[Part]] = {f"{span.said}-{m:02d}": [] for m in range(1, 13)}
        for d in found:
            months[str(d.date)[:7]].append(d.of(HAULED))
        return [(m, add(parts) if parts else None) for m, parts in months.items()]
    known = {d.date: d.of(HAULED) for d in found}
    return [(str(d), known.get(d)) for d in days(span.first, span.upto)]


@allowed("viewer")
async def show(request: Request) -> Response:
    at = here(request)
    said = request.query_params.get("period", "") or str(at.figures.before_today())
    span = span_of(said)
    found = counted(at, span)
    points = series(found, span)
    trend = [(n, float(p.tonnes) if p and p.tonnes is not None else None) for n, p in points]
    return page(
        request,
        "history.html",
        span=span,
        rows=table(found) if found else [],
        streams=SHOWN,
        points=points,
        trend=trend,
        known=len(found),
        due=max(0, (span.upto - span.first).days + 1),
        restated=restated(found),
        future=span.first > today(),
        today=today(),
        problem=at.figures.problem,
    )


ROUTES = [Route("/history", show)]
