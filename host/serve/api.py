"""The same figures as JSON, below /api/1. Read only, except commands to boards.

Lists come in pages: `total`, `next` (the address of the following page, or null) and `items`.
Each answer has an ETag."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from starlette.exceptions import HTTPException

from ..rollup import day_bounds
from . import alarms, commands, history, site_charts
from . import hazard as stores
from .context import context_of
from .day_cache import today
from .indicators import period_of, reports
from .live_status import board_now
from .models import (
    Answered,
    Asked,
    Curves,
    District,
    Indicators,
    Listed,
    Period,
    Problem,
    Site,
    event,
    mass,
    restated,
    towns,
)
from .sites import Filters, filtered_sites
from .web import check_csrf, check_scope, narrow, need

T = TypeVar("T")
Page = Annotated[int, Query(ge=1, le=100_000, description="The page, from 1 on.")]
Limit = Annotated[int, Query(ge=1, le=500, description="Items on a page.")]
Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Date = Annotated[dt.date, Query(description="A day in Asia/Shanghai, YYYY-MM-DD.")]
_EARLIEST = dt.date(2015, 1, 1)


def signed_in(request: Request) -> None:
    """A dependency of routes: 401 or 403 unless a viewer asks, for what is not narrow() of all."""
    need(request, "viewer")
    check_scope(request)


def operator(request: Request, x_csrf_token: Annotated[str, Header()] = "") -> None:
    """A dependency of routes: 401 or 403 unless an operator asks, with the token of the session."""
    need(request, "operator")
    check_csrf(request, x_csrf_token)


def admin(request: Request) -> None:
    """A dependency of routes: 401 or 403 unless an admin asks."""
    need(request, "admin")


def _problems(texts: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    return {code: {"model": Problem, "description": text} for code, text in texts.items()}


_COMMON = {
    400: "Not a request that can be understood",
    401: "Nobody has signed in",
    403: "The role is not enough, or the account is not of the district",
    404: "There is no such thing",
    422: "A parameter is not what it may be",
}
router = APIRouter(
    prefix="/api/1",
    dependencies=[Depends(signed_in)],
    responses=_problems(_COMMON),
    tags=["qingyun"],
)


def paged(request: Request, rows: Sequence[dict[str, Any]], page: int, limit: int) -> Listed:
    """One page of the rows, counted from 1, and the address of the next page."""
    first = (page - 1) * limit
    more = first + limit < len(rows)
    following = str(request.url.include_query_params(page=page + 1, limit=limit)) if more else None
    if following:
        following = following.partition(request.url.netloc)[2]
    return Listed(total=len(rows), next=following, items=list(rows[first : first + limit]))


@router.get("/district")
@narrow
async def district(request: Request) -> District:
    """Today so far, of what the account sees."""
    context, date = context_of(request), today()
    now = context.figures.day(date)
    return District(
        scope=str(context.scope),
        date=date,
        computed=round(now.at) if now else None,
        boards=context.hub.district()["boards"],
        alarms=context.told().get("alarms", {}),
        towns=towns(history.table([now])) if now else [],
    )


@router.get("/periods/{period}")
@narrow
async def period(
    request: Request, period: Annotated[str, Path(pattern=r"^\d{4}(-\d{2}){0,2}$")]
) -> Period:
    """A day, month or year, with what was restated."""
    context, span = context_of(request), history.span_of(period)
    days = history.counted(context, span)
    return Period(
        scope=str(context.scope),
        period=period,
        first=span.first,
        last=span.last,
        days_known=len(days),
        towns=towns(history.table(days)) if days else [],
        series=[
            {"when": n, **(mass(p).model_dump() if p else {"tonnes": None})}
            for n, p in history.series(days, span)
        ],
        restated=[restated(r) for r in history.restated(days)],
    )


@router.get("/sites")
@narrow
async def sites(
    request: Request,
    *,
    page: Page = 1,
    limit: Limit = 100,
    q: Annotated[str, Query(max_length=60)] = "",
    town: Annotated[str, Query(max_length=30)] = "",
    kind: Annotated[str, Query(max_length=30)] = "",
    status: Annotated[str, Query(max_length=30)] = "",
    stream: Annotated[str, Query(max_length=30)] = "",
    sort: Annotated[str, Query(pattern="^(site|fill|kg|seen|share)$")] = "site",
) -> Listed:
    """Sites as they stand now."""
    f = Filters(q=q, town=town, kind=kind, status=status, stream=stream, sort=sort)
    return paged(request, filtered_sites(context_of(request), f), page, limit)


@router.get("/sites/{site}")
@narrow
async def site(request: Request, site: Name) -> Site:
    """A site with its boards and bins as they stand now."""
    context = context_of(request)
    registered = context.registry.sites.get(site)
    if registered is None:
        raise HTTPException(404, "no such site")
    status = context.hub.site(site)
    return Site(
        site=site,
        name=registered.name,
        town=registered.town,
        kind=registered.kind,
        now=status["now"],
        boards=status["boards"],
    )


@router.get("/sites/{site}/day")
@narrow
async def site_curves(request: Request, site: Name, date: Date | None = None) -> Curves:
    """Weight and fill of each bin over a day, its events with their evidence, and gaps."""
    context, date = context_of(request), date or today()
    if site not in context.registry.sites:
        raise HTTPException(404, "no such site")
    if not _EARLIEST <= date <= today():
        raise HTTPException(422, "date: expected a day from 2015-01-01 to today")
    day = date
    _, bin_stories = await context.ask(lambda store: context.site_day(store, site, day))
    bounds = day_bounds(date)
    return Curves(
        site=site,
        date=date,
        curves=[site_charts.curve(s, *bounds) for s in bin_stories],
        events=[event(e) for e in site_charts.events(bin_stories, *bounds)],
        gaps=[
            {"bin": b, "from": t0, "to": t1} for b, t0, t1 in site_charts.gaps(bin_stories, *bounds)
        ],
    )


@router.get("/boards")
@narrow
async def boards(request: Request, page: Page = 1, limit: Limit = 100) -> Listed:
    """Every registered board with its health."""
    context = context_of(request)
    devices = list(context.registry.devices.values())
    first = (page - 1) * limit
    some = {
        d.device: board_now(context.hub, d.site, d.device) for d in devices[first : first + limit]
    }
    rows = [{"site": d.site, **some.get(d.device, {})} for d in devices]
    return paged(request, rows, page, limit)


@router.get("/hazard/stock")
@narrow
async def stock(request: Request, page: Page = 1, limit: Limit = 100) -> Listed:
    """What stands in hazardous stores, by container, with its age and the limit for it."""
    context = context_of(request)
    if context.register is None:
        return paged(request, [], page, limit)
    entries = await context.ask(context.entries)
    now = int(dt.datetime.now().timestamp())
    return paged(request, [vars(s) for s in stores.stock(context, entries, now)], page, limit)


@router.get("/hazard/ledger")
@narrow
async def ledger_rows(request: Request, page: Page = 1, limit: Limit = 100) -> Listed:
    """Every entry of the ledger, the latest first, reversals included."""
    context = context_of(request)
    entries = await context.ask(context.entries)
    rows = [
        {
            **{n: getattr(e, n) for n in ("id", "table", "batch", "t", "recorded", "by")},
            **{n: getattr(e, n) for n in ("store", "container", "code", "grams", "reverses")},
            "reason": e.reason,
        }
        for e in reversed(entries)
    ]
    return paged(request, rows, page, limit)


@router.get("/alarms")
@narrow
async def alarm_rows(
    request: Request,
    page: Page = 1,
    limit: Limit = 100,
    only_open: bool = True,
    before: Annotated[int | None, Query(ge=1, le=1 << 53)] = None,
) -> Listed:
    """Alarms with who has seen them, the latest first; before: a number of an alarm to go on from,
    which `next` has, so that no page changes as alarms come."""
    context, skip = context_of(request), (page - 1) * limit
    found = await context.ask(lambda s: context.alarms(s, limit, before, skip, only_open=only_open))
    more = f"/api/1/alarms?before={found.next}&limit={limit}&only_open={str(only_open).lower()}"
    items = alarms.items(found.rows)
    return Listed(total=found.total, next=more if found.next else None, items=items)


@router.get("/indicators")
async def indicators(
    request: Request,
    period: Annotated[str, Query(pattern=r"^\d{4}(-\d{2})?$")] = "",
) -> Indicators:
    """The 66 indicators of a year or month. They take a while: ask again until ready."""
    from ..indicators.output import document  # noqa: PLC0415

    when = period_of(request)
    made = reports(request).get(context_of(request), when)
    return Indicators(
        period=str(when),
        ready=made is not None,
        indicators=document(made)["indicators"] if made else [],
    )


@router.get("/audit", dependencies=[Depends(admin)])
@narrow
async def audit(
    request: Request,
    before: Annotated[int | None, Query(ge=1, le=1 << 53)] = None,
    limit: Limit = 100,
) -> Listed:
    """What everybody did, the latest first; before: an id to go on from."""
    context = context_of(request)
    rows = await context.ask(lambda s: context.trail(s, before, limit))
    more = f"/api/1/audit?before={rows[-1].id}&limit={limit}" if len(rows) == limit else None
    return Listed(total=len(rows), next=more, items=[vars(r) for r in rows])


_FAILED = {409: "The board refused", 503: "There is no broker", 504: "The board does not answer"}


@router.post(
    "/boards/{device}/command",
    dependencies=[Depends(operator)],
    responses=_problems(_FAILED),
)
@narrow
async def command(request: Request, device: Name, asked: Asked) -> Answered:
    """Ask a board for something; for operators. A browser must send X-CSRF-Token."""
    _, answer = await commands.command(request, device, asked.do, asked.s)
    return Answered(device=device, do=asked.do, answer=answer)
