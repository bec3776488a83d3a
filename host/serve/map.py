"""The map of the sites, with the list of the same sites beside it for who does not see the map."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..alarms.rules import LEVELS
from .context import Context, context_of
from .guard import POLICY
from .live_status import MARKS, site_now
from .sites import ALARM, PER_PAGE, Filters, filtered_sites
from .tiles import Tiles
from .web import allowed, narrow, page, words_of

Place = tuple[float, float]


def policy(tiles: Tiles | None) -> str:
    """The content security policy of a page with the map: tiles are fetched from where they are."""
    if tiles is None:
        return POLICY
    own = "connect-src 'self'"
    return POLICY.replace(own, " ".join([own, *tiles.origins]))


def is_alarmed(row: dict[str, Any]) -> bool:
    """Whether a line of filtered_sites() has an open alarm of the gravest level."""
    return bool(row["alarm"] == LEVELS[-1])


def rank(row: dict[str, Any]) -> int:
    """0 for an alarm, then as MARKS: the worst of a cluster has the lowest."""
    return 0 if is_alarmed(row) else 1 + MARKS.index(row["mark"])


def hull(places: Iterable[Place]) -> list[Place]:
    """The convex polygon around places, counterclockwise (Andrew's monotone chain)."""
    ordered = sorted(set(places))
    if len(ordered) < 3:
        return ordered
    return _half(ordered) + _half(ordered[::-1])


def _half(ordered: Sequence[Place]) -> list[Place]:
    """One side of the polygon, without its last corner, which begins the other."""
    side: list[Place] = []
    for x, y in ordered:
        while len(side) > 1:
            (ax, ay), (bx, by) = side[-2:]
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                break
            side.pop()
        side.append((x, y))
    return side[:-1]


def towns_of(context: Context) -> list[dict[str, Any]]:
    """The 街镇 with a polygon around their sites, as no boundaries are known."""
    of_town: dict[str, list[Place]] = {}
    for site in context.registry.sites.values():
        if place := context.places.get(site.site):
            of_town.setdefault(site.town, []).append(place)
    return [{"name": town, "hull": hull(places)} for town, places in of_town.items()]


def as_points(context: Context, rows: Sequence[dict[str, Any]]) -> Markup:
    """What the map draws, as JSON in a page. sites: name of the site, its title, number of its
    街镇, longitude and latitude (null where unknown), number of its mark in MARKS, 1 with an
    alarm, percent full."""
    towns = list(dict.fromkeys(row["town"] for row in rows))
    number = {town: n for n, town in enumerate(towns)}
    sites = []
    for row in rows:
        place = context.places.get(row["site"], (None, None))
        fill = None if row["fill"] is None else round(100 * row["fill"])
        facts = number[row["town"]], *place, MARKS.index(row["mark"]), int(is_alarmed(row)), fill
        sites.append((row["site"], row["name"], *facts))
    tiles = context.settings.tiles
    drawn = {
        "marks": MARKS,
        "gravest": LEVELS[-1],
        "town_names": towns,
        "sites": sites,
        "towns": [] if tiles else towns_of(context),
        "tiles": tiles.layers if tiles else [],
    }
    return htmlsafe_json_dumps(drawn, ensure_ascii=False, separators=(",", ":"))


@narrow
@allowed("viewer")
async def show(request: Request) -> Response:
    """The map, and a page of the list, the worst first."""
    context, filters = context_of(request), Filters.of(request.query_params)
    rows = sorted(filtered_sites(context, filters), key=rank)
    pages = max(1, -(-len(rows) // PER_PAGE))
    first = (min(filters.page, pages) - 1) * PER_PAGE
    now, words = time.time(), words_of(request)
    listed = rows[first : first + PER_PAGE]
    counts = Counter(row["mark"] for row in rows)
    counts[ALARM] = sum(map(is_alarmed, rows))
    query = filters.query | {"at": request.query_params.get("at", "")[:40]}
    tiles = context.settings.tiles
    answer = page(
        request,
        "map.html",
        filters=filters,
        query_kept=query,
        points=as_points(context, rows),
        rows=[row | site_now(context.hub, row["site"], now, words) for row in listed],
        total=len(rows),
        unplaced=sum(row["site"] not in context.places for row in rows),
        places=context.places,
        counts=counts,
        signs=(ALARM, *MARKS),
        pages=pages,
        at_page=min(filters.page, pages),
        all_towns=context.registry.towns,
        streams=sorted({b.stream for b in context.registry.bins}),
        attribution=tiles.attribution if tiles else "",
    )
    answer.headers["content-security-policy"] = policy(tiles)
    return answer


ROUTES = [Route("/map", show)]
