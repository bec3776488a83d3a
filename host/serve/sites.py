"""Sites: the list with its filters, and one site on one day."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..alarms.rules import LEVELS
from ..rollup import day_bounds
from . import site_charts
from .commands import WAIT_S
from .context import Context, context_of
from .day_cache import today
from .language import Words
from .live_status import site_now
from .web import allowed, asked_day, narrow, page, words_of

PER_PAGE = 100
SORTS = ("site", "fill", "kg", "seen", "share")
VIEWS = ("list", "tiles")
ALARM = "alarm"  # beside MARKS: a site with an open alarm of the gravest level


@dataclass(frozen=True)
class Filters:
    """The filters in an address."""

    q: str = ""
    town: str = ""
    kind: str = ""
    status: str = ""
    stream: str = ""
    mark: str = ""
    sort: str = "site"
    view: str = "list"
    page: int = 1

    @staticmethod
    def of(query: Mapping[str, str]) -> Filters:
        """From the parameters of an address; unknown values use their defaults."""
        number = query.get("page", "1")
        return Filters(
            query.get("q", "")[:60],
            query.get("town", "")[:30],
            query.get("kind", "")[:30],
            query.get("status", "")[:30],
            query.get("stream", "")[:30],
            query.get("mark", "")[:30],
            sort if (sort := query.get("sort", "")) in SORTS else "site",
            view if (view := query.get("view", "")) in VIEWS else "list",
            max(1, int(number)) if number.isascii() and number.isdigit() and len(number) < 6 else 1,
        )

    @property
    def query(self) -> dict[str, object]:
        """The parameters of an address."""
        plain = {"sort": "site", "view": "list", "page": 1}
        return {k: v for k, v in vars(self).items() if v and plain.get(k) != v}


def filtered_sites(
    context: Context, filters: Filters, words: Words | None = None
) -> list[dict[str, Any]]:
    """The sites that pass the filters, sorted; without words as the API sends them."""
    now, rows = time.time(), []
    q = filters.q.casefold()
    for site in context.registry.sites.values():
        if filters.town not in ("", site.town) or filters.kind not in ("", site.kind):
            continue
        if q and q not in site.site.casefold() and q not in site.name.casefold():
            continue
        if filters.stream and filters.stream not in {
            b.stream for b in context.hub.bins_of.get(site.site, ())
        }:
            continue
        row = site_now(context.hub, site.site, now, words)
        if filters.status not in ("", row["status"]):
            continue
        if filters.mark not in ("", row["mark"], ALARM if row["alarm"] == LEVELS[-1] else ""):
            continue
        rows.append(row | {"name": site.name, "town": site.town, "kind": site.kind})
    if filters.sort == "site":
        return rows
    downward = filters.sort != "seen"
    key = filters.sort
    held = [r for r in rows if r[key] is not None]
    return sorted(held, key=lambda r: r[key], reverse=downward) + [
        r for r in rows if r[key] is None
    ]


@narrow
@allowed("viewer")
async def site_list(request: Request) -> Response:
    """The list of sites."""
    context, filters = context_of(request), Filters.of(request.query_params)
    rows = filtered_sites(context, filters, words_of(request))
    pages = max(1, -(-len(rows) // PER_PAGE))
    first = (min(filters.page, pages) - 1) * PER_PAGE
    towns: dict[str, list[dict[str, Any]]] = {}
    if filters.view == "tiles":
        for row in rows:
            towns.setdefault(row["town"], []).append(row)
    return page(
        request,
        "sites.html",
        filters=filters,
        rows=rows[first : first + PER_PAGE] if filters.view == "list" else [],
        tiles=towns,
        total=len(rows),
        pages=pages,
        at_page=min(filters.page, pages),
        all_towns=context.registry.towns,
        streams=sorted({b.stream for b in context.registry.bins}),
        sorts=SORTS,
    )


@narrow
@allowed("viewer")
async def site_page(request: Request) -> Response:
    """One site on one day."""
    context, name = context_of(request), request.path_params["site"]
    site = context.registry.sites.get(name)
    if site is None:
        raise HTTPException(404, "there is no such site")
    asked = asked_day(request)

    date, bin_stories = await context.ask(lambda s: context.site_day(s, name, asked))
    events = site_charts.events(bin_stories, *day_bounds(date))
    return page(
        request,
        "site.html",
        site=site,
        date=date,
        today=today(),
        wait_s=WAIT_S,
        shows_earlier_day=asked is None and date != today(),
        before=date - dt.timedelta(1),
        after=date + dt.timedelta(1) if date < today() else None,
        stories=bin_stories,
        events=events,
        measured=site_charts.measured(bin_stories, *day_bounds(date)),
        gaps=site_charts.gaps(bin_stories, *day_bounds(date)),
        now=context.hub.site(name, words_of(request)),
        refused=context.refused,
        stores=context.register.stores_at(name) if context.register else [],
    )


ROUTES = [Route("/sites", site_list), Route("/sites/{site}", site_page)]
