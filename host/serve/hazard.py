"""Hazardous stores: stock by code, its age and limit, and the ledger."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

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
from .context import Context, context_of
from .labels import may_have_code
from .web import allowed, narrow, page

PER_PAGE = 100
AHEAD_D = 30  # days in which what is to be filed is shown


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


@narrow
@allowed("viewer")
async def show(request: Request) -> Response:
    """The page of the hazardous stores."""
    context, now = context_of(request), int(time.time())
    if context.register is None:
        return page(request, "hazard.html", register=None)
    entries, alarms = await context.ask(lambda s: (context.entries(s), context.trails(s)))
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
        open=[x for x in alarms if x[0].body.store],
        dues=due,
        wrong=wrong,
        today=today,
        outdated={s: context.register.outdated(s, today) for s in context.register.stores},
        boards=context.hub,
    )


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
]
