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
from .context import Context, context_of
from .day_cache import DayFigures, Restated, today
from .web import allowed, narrow, page

_SAID = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
MOST_RESTATED = 200


@dataclass(frozen=True)
class Span:
    """A requested day, month or year. text: as it was requested."""

    text: str
    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def kind(self) -> str:
        """day, month or year."""
        return {4: "year", 7: "month"}.get(len(self.text), "day")

    @property
    def upto(self) -> dt.date:
        """The last day that counts: months and years consist of days that are over."""
        return min(self.last, today() - dt.timedelta(self.kind != "day"))

    def beside(self, step: int) -> str:
        """The next (step > 0) or previous span, as it is requested."""
        date = self.first - dt.timedelta(1) if step < 0 else self.last + dt.timedelta(1)
        return str(date)[: len(self.text)]


def span_of(asked: str) -> Span:
    """The span of YYYY, YYYY-MM or YYYY-MM-DD; HTTPException 422 for anything else."""
    parts = _SAID.fullmatch(asked)
    try:
        if parts is None:
            raise ValueError
        year, month, day = int(parts[1]), int(parts[2] or 0), int(parts[3] or 0)
        first = dt.date(year, month or 1, day or 1)
        if not 2015 <= year <= 2099:
            raise ValueError
    except ValueError:
        text = f"period: expected YYYY, YYYY-MM or YYYY-MM-DD, found {asked[:20]!r}"
        raise HTTPException(422, text) from None
    if day:
        return Span(asked, first, first)
    after = dt.date(year + (month or 12) // 12, (month or 12) % 12 + 1, 1)
    return Span(asked, first, after - dt.timedelta(1))


def counted(context: Context, span: Span) -> list[DayFigures]:
    """The days of a span as reports and indicators count them: of a month the days that are over;
    of a year also only months with at least one measured day."""
    days = context.figures.span(span.first, span.last)
    if span.kind == "day":
        return days
    days = [d for d in days if d.over]
    if span.kind == "month":
        return days
    months = {d.date.month for d in days if any(p.covered_s for p in d.parts.values())}
    return [d for d in days if d.date.month in months]


def restated(days: Sequence[DayFigures]) -> list[Restated]:
    """The changes of figures that were reported of these days, the latest first."""
    changes = [r for day in days for r in day.restated]
    return sorted(changes, key=lambda r: -r.at)[:MOST_RESTATED]


def table(days: list[DayFigures]) -> list[tuple[str, Part, dict[str, Part]]]:
    """A line for the district ("") and for each 街镇: 清运量, then each stream."""
    towns = list(dict.fromkeys(t for d in days for t in d.towns))
    return [
        (
            town,
            add(d.of(HAULED, town or None) for d in days),
            {s: add(d.of((s,), town or None) for d in days) for s in SHOWN},
        )
        for town in ["", *towns]
    ]


def series(figures: list[DayFigures], span: Span) -> list[tuple[str, Part | None]]:
    """清运量 by day, of a year by month; None without figures."""
    if span.kind == "year":
        months: dict[str, list[Part]] = {f"{span.text}-{m:02d}": [] for m in range(1, 13)}
        for d in figures:
            months[str(d.date)[:7]].append(d.of(HAULED))
        return [(m, add(parts) if parts else None) for m, parts in months.items()]
    part_of = {d.date: d.of(HAULED) for d in figures}
    return [(str(d), part_of.get(d)) for d in days(span.first, span.upto)]


@narrow
@allowed("viewer")
async def show(request: Request) -> Response:
    """The page of one span."""
    context = context_of(request)
    text = request.query_params.get("period", "") or str(context.figures.before_today())
    span = span_of(text)
    days = counted(context, span)
    points = series(days, span)
    trend = [(n, float(p.tonnes) if p and p.tonnes is not None else None) for n, p in points]
    return page(
        request,
        "history.html",
        span=span,
        rows=table(days) if days else [],
        streams=SHOWN,
        points=points,
        trend=trend,
        known=len(days),
        due=max(0, (span.upto - span.first).days + 1),
        restated=restated(days),
        future=span.first > today(),
        today=today(),
        problem=context.figures.problem,
    )


ROUTES = [Route("/history", show)]
