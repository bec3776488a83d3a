"""The wall: what a control room sees without touching anything. The panels change by themselves:
map, open alarms, 街镇, the day by hour."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..alarms.rules import LEVELS
from . import accounts, wall_key
from .context import Context, context_of
from .day_cache import WEEK, today
from .district import by_hour, lines
from .formatting import change
from .live_status import MARKS
from .map import as_points, is_alarmed, policy
from .scope import DISTRICT
from .sites import ALARM, Filters, filtered_sites
from .web import address, allowed, field, narrow, page

MOST_ALARMS = 10
OLD_S = 180  # without an answer, or without figures computed anew
EVERY_S = 20  # that a panel is shown; ?every= 5 to 600
Rows = list[dict[str, Any]]


def _panels(context: Context, rows: Rows) -> dict[str, Any]:
    """What the panels beside the map show. rows: of filtered_sites()."""
    figures = context.figures
    date = figures.last or today()
    now, week = figures.day(date), figures.day(date - WEEK)
    fresh = figures.day(today()) or now  # a day that is over is computed no more
    towns = lines(now, week) if now else []
    alarms = [raised for raised, _ in context.open_alarms.values()]
    alarms.sort(key=lambda raised: (-LEVELS.index(raised.body.level), -raised.t))
    counts: dict[str, Counter[str]] = {"": Counter()}
    for row in rows:
        for town in ("", row["town"]):
            of_town = counts.setdefault(town, Counter())
            of_town[row["mark"]] += 1
            of_town[ALARM] += is_alarmed(row)
    return {
        "date": date,
        "today": today(),
        "week": date - WEEK,
        "now": now,
        "rows": towns,
        "changes": [change(r.hauled, r.before) for r in towns],
        "hours": by_hour(now, week),
        "alarms": alarms[:MOST_ALARMS],
        "more_alarms": len(alarms) - MOST_ALARMS,
        "counts": counts,
        "signs": (ALARM, *MARKS),
        "names": {site.site: site.name for site in context.registry.sites.values()},
        "problem": figures.problem,
        "computed": fresh.at if fresh else None,
        "told": round(time.time(), 1),
        "old_s": round(max(OLD_S, 3 * context.settings.refresh_s)),
    }


@narrow
@allowed("viewer")
async def show(request: Request) -> Response:
    """The whole wall."""
    context = context_of(request)
    rows = filtered_sites(context, Filters())
    text = request.query_params.get("every", "")
    every = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else EVERY_S
    tiles = context.settings.tiles
    answer = page(
        request,
        "wall.html",
        points=as_points(context, rows),
        every=min(600, max(5, every)),
        attribution=tiles.attribution if tiles else "",
        **_panels(context, rows),
    )
    answer.headers["content-security-policy"] = policy(tiles)
    return answer


@narrow
@allowed("viewer")
async def current(request: Request) -> Response:
    """The panels beside the map anew."""
    context = context_of(request)
    rows = filtered_sites(context, Filters())
    return page(request, "wall_now.html", **_panels(context, rows))


async def sign_in_form(request: Request) -> Response:
    """The form for the key of a screen."""
    return page(request, "wall_signin.html", problem="")


async def sign_in(request: Request) -> Response:
    """Take the token of a screen; 401 unless it is one of the lowest role, 429 after too many."""
    context, whence = context_of(request), address(request)
    key = field(await request.form(max_files=0, max_fields=5), "token")
    name = key.partition(":")[0]
    name = name if accounts.NAME.fullmatch(name) else "?"
    if wait := context.failures.wait(name, whence):
        request.scope["qingyun.claimed"] = name
        problem = f"too many failures: wait {wait} s"
        answer: Response = page(request, "wall_signin.html", 429, problem=problem)
        answer.headers["retry-after"] = str(wait)
        return answer
    context.failures.failed(name, whence)  # counted until the token was verified
    account = await context.ask(lambda store: accounts.by_token(store, key))
    fits = account is not None and account.role == wall_key.ROLE
    outcome = "done" if fits else "refused"
    of = account.scope if account is not None else DISTRICT
    await context.ask(
        lambda s: accounts.note(
            s, name, whence, "sign in", wall_key.PAGE, outcome=outcome, scope=of
        )
    )
    if not fits:
        problem = "the token is wrong, or not one of a viewer"
        return page(request, "wall_signin.html", 401, problem=problem)
    context.failures.passed(name, whence)
    answer = RedirectResponse(wall_key.PAGE, 303)
    answer.set_cookie(
        *(wall_key.cookie(context.settings), key),
        max_age=wall_key.KEPT_S,
        httponly=True,
        secure=context.settings.secure,
        samesite="strict",
        path="/",
    )
    return answer


ROUTES = [
    Route(wall_key.PAGE, show),
    Route(wall_key.NOW, current),
    Route(wall_key.SIGN_IN, sign_in_form),
    Route(wall_key.SIGN_IN, sign_in, methods=["POST"]),
]
