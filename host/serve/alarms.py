"""Alarms of stores and points, to be seen and acknowledged."""

from __future__ import annotations

import re
import time
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..alarms import AlarmError, alarm_log
from ..alarms.alarm_pages import Changes, Page
from ..store import Store
from .context import context_of
from .web import allowed, field, narrow, need, note, page, posted

PER_PAGE = 100
_NUMBER = re.compile(r"[0-9]{1,12}")


def items(rows: list[Changes]) -> list[dict[str, Any]]:
    """Alarms as the API has them."""
    return [
        {
            **alarm_log.message(raised)[1],
            "acknowledged": {"t": s.t, "by": s.body.by, "note": s.body.note} if s else None,
            "cleared": over.t if over else None,
        }
        for raised, s, over in rows
    ]


def _told(store: Store, rows: list[Changes]) -> alarm_log.ToldTo:
    return alarm_log.told(store, [raised.alarm for raised, _, _ in rows])


@narrow
@allowed("viewer")
async def show_all(request: Request) -> Response:
    """The open alarms, or all of them, a page at a time."""
    context, only = context_of(request), request.query_params.get("show", "open")
    before = request.query_params.get("before", "")
    if before and not _NUMBER.fullmatch(before):
        raise HTTPException(422, "before: expected the number of an alarm")

    def look(store: Store) -> tuple[Page, alarm_log.ToldTo]:
        below = int(before) if before else None
        found = context.alarms(store, PER_PAGE, below, only_open=only != "all")
        return found, _told(store, found.rows)

    found, told = await context.ask(look)
    return page(
        request,
        "alarms.html",
        rows=found.rows,
        total=found.total,
        next=found.next,
        only=only,
        told=told,
    )


@narrow
@allowed("viewer")
async def show(request: Request) -> Response:
    """One alarm, open or over: where the links in messages lead."""
    context, number = context_of(request), request.path_params["alarm"]
    if not _NUMBER.fullmatch(number):
        raise HTTPException(404, "there is no such page")

    def look(store: Store) -> tuple[list[Changes], alarm_log.ToldTo]:
        found = context.alarm(store, int(number))
        rows = [found] if found else []
        return rows, _told(store, rows)

    rows, told = await context.ask(look)
    if not rows:
        raise HTTPException(404, "there is no such page")
    return page(request, "alarms.html", rows=rows, only="", total=1, told=told, next=None)


@narrow
@allowed("operator")
async def acknowledge(request: Request) -> Response:
    """Acknowledge an alarm with a note; 409 if it cannot be."""
    me, context = need(request, "operator"), context_of(request)
    form = await posted(request)
    number, why = field(form, "alarm", 12), field(form, "note", 200)
    if not _NUMBER.fullmatch(number):
        raise HTTPException(422, "alarm: expected the number of an alarm")
    if not why:
        raise HTTPException(422, "note: say what was done about it")

    def mark(store: Store) -> None:
        if context.alarm(store, int(number)) is None:
            raise AlarmError(f"alarms: expected the id of an open alarm, found {int(number)}")
        alarm_log.acknowledge(store, int(number), me.name, why, int(time.time()))

    try:
        await context.ask(mark)
    except AlarmError as error:
        await note(request, "acknowledge", f"alarm {number}", "refused", str(error))
        raise HTTPException(409, str(error)) from None
    await note(request, "acknowledge", f"alarm {number}", "done", why)
    context.hub.alarms_changed()
    return RedirectResponse("/alarms", 303)


ROUTES = [
    Route("/alarms", show_all),
    Route("/alarms", acknowledge, methods=["POST"]),
    Route("/alarms/{alarm}", show),
]
