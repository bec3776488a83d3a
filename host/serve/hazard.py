"""Hazardous stores: stock by code, its age and limit, the ledger, and alarms to acknowledge."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..alarms import AlarmError, alarm_log
from ..alarms.rules import Rule
from ..common import periods
from ..common.errors import UserError
from ..common.local_days import LOCAL
from ..hazard import ledger, obligations
from ..hazard.entry import CODE, TABLES, Entry
from ..hazard.hj1259 import missing
from ..hazard.register import HazardStore, Register
from ..hazard.rules import of_container, of_store
from ..hazard.stock import Shelf, stock_of
from ..rollup import day_bounds
from ..store import Store
from .context import Context, context_of
from .labels import may_have_code
from .web import allowed, field, narrow, need, note, page, posted

PER_PAGE = 100
AHEAD_D = 30  # days in which what is to be filed is shown
MOST_ALARMS = 500  # on a page
Changes = tuple[alarm_log.Row, alarm_log.Row | None, alarm_log.Row | None]
_NUMBER = re.compile(r"\d{1,12}")


@dataclass(frozen=True)
class ContainerStock:
    """What a container holds. age_h and limit_h in hours; limit_h None: no rule applies."""

    container: str
    store: str
    code: str
    name: str
    grams: int
    oldest: int | None
    age_h: float | None
    limit_h: float | None
    source: str

    @property
    def share(self) -> float | None:
        """Age over limit; None without either."""
        return self.age_h / self.limit_h if self.age_h is not None and self.limit_h else None


def age_limit(
    register: Register, rules: Sequence[Rule], store: HazardStore, container: str
) -> Rule | None:
    """The strictest rule today for the age of what a container holds."""
    day = dt.datetime.now(LOCAL).date()
    held = [
        r
        for r in rules
        if r.kind == "age"
        and r.holds(day)
        and of_store(r, register, store)
        and of_container(r, register, container)
    ]
    return min(held, key=lambda r: r.threshold * r.factor, default=None)


def stock(context: Context, entries: Sequence[Entry], now: int) -> list[ContainerStock]:
    """Every container in the ledger at Unix time now, the nearest to its limit first."""
    assert context.register is not None
    held = stock_of(context.register, [e for e in ledger.live(entries) if e.t <= now])
    containers = []
    for shelf in held.shelves.values():
        store = context.register.stores.get(shelf.store)
        rule = age_limit(context.register, context.rules, store, shelf.container) if store else None
        containers.append(_stock(context.register, shelf, rule, now))
    return sorted(containers, key=lambda s: -(s.share or 0))


def _stock(register: Register, shelf: Shelf, rule: Rule | None, now: int) -> ContainerStock:
    container = register.container(shelf.container)
    oldest = shelf.oldest
    return ContainerStock(
        *(shelf.container, shelf.store, shelf.code, container.name if container else ""),
        *(shelf.grams, oldest, None if oldest is None else (now - oldest) / 3600),
        rule.threshold * rule.factor if rule else None,
        rule.source if rule else "",
    )


def by_code(containers: Sequence[ContainerStock]) -> list[tuple[str, int]]:
    """Grams by waste code."""
    codes: dict[str, int] = {}
    for s in containers:
        codes[s.code] = codes.get(s.code, 0) + s.grams
    return sorted(codes.items())


def trail(context: Context, store: Store, *, only_open: bool = True) -> list[Changes]:
    """(raised, acknowledged, cleared) of alarms, the latest first."""
    rows = context.alarms(store, only_open=only_open)
    seen = {r.alarm: r for r in rows if r.what == alarm_log.ACKNOWLEDGED}
    over = {r.alarm: r for r in rows if r.what == alarm_log.CLEARED}
    raised = [r for r in rows if r.what == alarm_log.RAISED]
    return [(r, seen.get(r.alarm), over.get(r.alarm)) for r in reversed(raised)]


@narrow
@allowed("viewer")
async def show(request: Request) -> Response:
    """The page of the hazardous stores."""
    context, now = context_of(request), int(time.time())
    if context.register is None:
        return page(request, "hazard.html", register=None)
    entries, trail_rows = await context.ask(lambda s: (context.entries(s), trail(context, s)))
    containers = stock(context, entries, now)
    today = dt.datetime.fromtimestamp(now, LOCAL).date()
    due: list[obligations.Due] = []
    wrong = ""
    try:
        due = context.dues(today, AHEAD_D)
    except UserError as error:  # somebody is editing filings.csv or filed.csv
        # It may name what is outside of the scope.
        wrong = str(error) if context.scope.whole else "something went wrong: see the log"
    stores = {s: [x for x in containers if x.store == s] for s in context.register.stores}
    return page(
        request,
        "hazard.html",
        register=context.register,
        stores=stores,
        codes=by_code(containers),
        entries=len(entries),
        open=[x for x in trail_rows if x[0].body.store],
        dues=due,
        wrong=wrong,
        today=today,
        outdated={s: context.register.outdated(s, today) for s in context.register.stores},
        boards=context.hub,
    )


@narrow
@allowed("viewer")
async def show_alarms(request: Request) -> Response:
    """The open alarms, or all of them."""
    context, only = context_of(request), request.query_params.get("show", "open")

    def look(store: Store) -> tuple[int, list[Changes], alarm_log.ToldTo]:
        rows = trail(context, store, only_open=only != "all")
        return len(rows), rows[:MOST_ALARMS], alarm_log.told(store, alarms_of(rows[:MOST_ALARMS]))

    total, rows, told = await context.ask(look)
    return page(request, "alarms.html", rows=rows, only=only, total=total, told=told)


@narrow
@allowed("viewer")
async def show_alarm(request: Request) -> Response:
    """One alarm, open or over: where the links in messages lead."""
    context, number = context_of(request), request.path_params["alarm"]
    if not _NUMBER.fullmatch(number):
        raise HTTPException(404, "there is no such page")

    def look(store: Store) -> tuple[list[Changes], alarm_log.ToldTo]:
        # Most links are followed while the alarm is open: that reads few rows.
        rows = [x for x in trail(context, store) if x[0].alarm == int(number)]
        every = [] if rows else trail(context, store, only_open=False)
        rows = rows or [x for x in every if x[0].alarm == int(number)]
        return rows, alarm_log.told(store, alarms_of(rows))

    rows, told = await context.ask(look)
    if not rows:
        raise HTTPException(404, "there is no such page")
    return page(request, "alarms.html", rows=rows, only="", total=1, told=told)


def alarms_of(rows: Sequence[Changes]) -> list[int]:
    return [raised.alarm for raised, _, _ in rows]


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
        if int(number) not in {r.alarm for r in context.alarms(store)}:
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


@narrow
@allowed("viewer")
async def show_ledger(request: Request) -> Response:
    """The entries of the ledger that pass the filters, by page."""
    context, q = context_of(request), request.query_params
    entries = await context.ask(context.entries)
    gone = {e.reverses for e in entries if e.reverses}
    when = month(q.get("month", ""))
    chosen = [
        e
        for e in reversed(entries)
        if q.get("store", "") in ("", e.store)
        and q.get("table", "") in ("", e.table)
        and (when is None or when[0] <= e.t < when[1])
    ]
    page_text = q.get("page", "1")
    pages = max(1, -(-len(chosen) // PER_PAGE))
    number = (
        int(page_text) if page_text.isascii() and page_text.isdigit() and len(page_text) < 6 else 1
    )
    first = (min(max(1, number), pages) - 1) * PER_PAGE
    return page(
        request,
        "ledger.html",
        rows=[
            (e, missing(e), e.values.get(CODE, ""), may_have_code(e, gone))
            for e in chosen[first : first + PER_PAGE]
        ],
        gone=gone,
        total=len(chosen),
        pages=pages,
        at_page=first // PER_PAGE + 1,
        tables=list(TABLES),
        stores=list(context.register.stores) if context.register else [],
    )


def month(text: str) -> tuple[int, int] | None:
    """First second of ?month= and of the month after it; None without it, HTTPException 422 if
    invalid."""
    if not text:
        return None
    try:
        period = periods.parse(text)
    except ValueError as error:
        raise HTTPException(422, f"month: {error}") from None
    return day_bounds(period.first)[0], day_bounds(period.last)[1]


ROUTES = [
    Route("/hazard", show),
    Route("/hazard/ledger", show_ledger),
    Route("/alarms", show_alarms),
    Route("/alarms", acknowledge, methods=["POST"]),
    Route("/alarms/{alarm}", show_alarm),
]
