"""Points, trucks and weighbridges beside each other: the month that was last computed for the scope
of who asks, what does not close in it, and the rows that it rests on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..common.local_days import date_of, local_day
from ..hazard import papers
from ..hazard.papers import Source, Ticket
from ..reconcile import evidence, kept, open_items, river_picture, tables
from ..reconcile.kept import Item, Kept, Line, Mass
from ..reconcile.model import STANDING, Kind
from ..reconcile.plates import plate
from ..store import Store
from ..store.lifts import LiftRow
from .context import Context, context_of
from .day_cache import today
from .web import allowed, narrow, page, words_of

PER_PAGE = 100
COMPARED = ("stream", "town", "route", "day")
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
_TICKET = re.compile(r"(.{1,100})@(-?[0-9]{1,12})", re.DOTALL)
_SHARES = {Kind.TRUCK_DRIFT, Kind.TRUCK_LOSS, Kind.STREAM_LOSS, Kind.PLATFORM}


@dataclass(frozen=True)
class Wanted:
    """The filters in an address. by: of COMPARED; kind: of model.Kind."""

    month: str
    by: str = COMPARED[0]
    kind: str = ""
    truck: str = ""
    page: int = 1

    @staticmethod
    def of(request: Request) -> Wanted:
        """Unknown values use their defaults."""
        q = request.query_params
        month, by, kind = q.get("month", ""), q.get("by", ""), q.get("kind", "")
        number = q.get("page", "1")
        return Wanted(
            month if _MONTH.fullmatch(month) else "",
            by if by in COMPARED else COMPARED[0],
            kind if kind in set(Kind) else "",
            plate(q.get("truck", "")[:30]),
            max(1, int(number)) if number.isascii() and number.isdigit() and len(number) < 6 else 1,
        )

    @property
    def query(self) -> dict[str, object]:
        """The parameters of an address."""
        plain = {"by": COMPARED[0], "page": 1}
        return {k: v for k, v in vars(self).items() if v and plain.get(k) != v}


def _t(mass: Mass | None) -> str | None:
    """Tonnes with their interval."""
    if mass is None:
        return None
    half = "" if mass.half is None else f" ± {mass.half / 1e6:.3f}"
    return f"{mass.grams / 1e6:.3f}{half}"


def _key(line: Line, by: str) -> tuple[str, ...]:
    first, *rest = line.key
    return (str(date_of(int(first))) if by in ("route", "day") else first, *rest)


def _line(line: Line, by: str) -> dict[str, Any]:
    masses = line.points, line.trucks, line.bridge, line.arrives
    return {
        "key": _key(line, by),
        "masses": [_t(m) for m in masses],
        "unmeasured": line.unmeasured,
        "unmeasured_t": f"{line.unmeasured_g / 1e6:.3f}" if line.unmeasured_g else None,
        "ticketless_t": f"{line.ticketless_g / 1e6:.3f}" if line.ticketless_g else None,
        "closes": line.is_closed,
    }


def _item(item: Item, context: Context) -> dict[str, Any]:
    """A finding with what it is called and what it rests on; a place is a link where the scope has
    the site."""
    kind, sites = Kind(item.kind), context.registry.sites
    kg = None
    if item.mass is not None:
        half = "" if item.mass.half is None else f" ± {item.mass.half / 1000:.0f}"
        kg = f"{item.mass.grams / 1000:+.0f}{half}"
    share = f"{100 * item.value:+.2f} % ± {196 * item.error:.2f} %" if kind in _SHARES else ""
    days = sorted({(w.site, date_of(local_day(w.t))) for w in item.rests_on if w.site in sites})
    return {
        "name": tables.NAMES[kind],
        "kind": item.kind,
        "t": None if kind in STANDING else item.t,
        "subject": item.subject if kind in STANDING and item.subject != item.truck else "",
        "truck": item.truck,
        "kg": kg,
        "size": f"{item.value:+.0f} s" if kind is Kind.CLOCK else share,
        "sites": round(item.value) if kind is Kind.NOT_DRIVEN else None,
        "days": days[:6],
        "site": item.site if not days and item.site in sites else "",
        "rows": [w for w in item.rests_on if w.what != open_items.EMPTYING],
        "emptyings": [w for w in item.rests_on if w.what == open_items.EMPTYING],
        "more": item.more,
    }


def _read(
    context: Context, store: Store, month: str
) -> tuple[list[str], Kept | None, tuple[int, int]]:
    """(months that were kept, the one that is asked for, what came since: files, and days of bins
    with other figures)."""
    months = kept.months(store, str(context.scope))
    found = context.reconciled(store, month or (months[0] if months else ""))
    if found is None:
        return months, None, (0, 0)
    renewed = kept.renewed(store, found, (b.bin for b in context.registry.platforms()))
    return months, found, (papers.came_since(store, found.after), renewed)


@narrow
@allowed("viewer")
async def show(request: Request) -> Response:
    """A month: where it went, what does not close, and three witnesses by what is asked for."""
    context, wanted, words = context_of(request), Wanted.of(request), words_of(request)
    months, found, since = await context.ask(lambda s: _read(context, s, wanted.month))
    values: dict[str, Any] = {
        "months": months,
        "wanted": wanted,
        "month": wanted.month or (found.month if found else f"{today():%Y-%m}"),
        "compared": COMPARED,
        "found": found,
        "since": since[0],
        "renewed": since[1],
    }
    if found is None:
        return page(request, "reconcile.html", **values)
    flows = found.of.river
    title = words("reconcile_river", month=found.month)
    widths = (river_picture.WIDTH, river_picture.NARROW) if flows.ranks[0] else ()
    drawn = "".join(river_picture.picture(flows, title, words.said, w) for w in widths)
    lines = {"stream": found.of.streams, "town": found.of.towns}
    lines |= {"route": found.of.routes, "day": found.of.days}
    chosen = lines[wanted.by]
    if wanted.truck and wanted.by == "route":
        chosen = [x for x in chosen if x.key[1] == wanted.truck]
    pages = max(1, -(-len(chosen) // PER_PAGE))
    first = (min(wanted.page, pages) - 1) * PER_PAGE
    items = [x for x in found.of.items if wanted.kind in ("", x.kind)]
    kinds = sorted({x.kind for x in found.of.items}, key=[*Kind].index)
    values |= {
        "drawn": Markup(drawn),  # noqa: S704  svg escapes every part of it
        "flows": [
            (title, [(a, b, f"{g / 1e6:.3f}") for a, b, g in of])
            for title, of in (("trucks", found.of.first), ("bridge", found.of.second))
        ],
        "items": [_item(x, context) for x in items[:PER_PAGE]],
        "of_items": len(items),
        "kinds": [(k, tables.NAMES[Kind(k)]) for k in kinds],
        "lines": [_line(x, wanted.by) for x in chosen[first : first + PER_PAGE]],
        "total": len(chosen),
        "pages": pages,
        "at_page": min(wanted.page, pages),
        "keys": {"stream": 1, "town": 2, "route": 2, "day": 2}[wanted.by],
    }
    return page(request, "reconcile.html", **values)


def _named(context: Context, store: Store, name: str) -> tuple[LiftRow | Ticket, Source | None]:
    """The row of a lift (L3-7) or a ticket (number@t) and its source; KeyError for one that is not
    of the scope."""
    row: LiftRow | Ticket | None = evidence.lift_named(store, name)
    if row is None and (match := _TICKET.fullmatch(name)):
        row = papers.ticket_named(store, match[1], int(match[2]))
    if row is None or not context.weighing(row):
        month = f"{date_of(local_day(row.t)):%Y-%m}" if row else ""
        told = context.reconciled(store, month) if row else None
        if told is None or not any(w.name == name for x in told.of.items for w in x.rests_on):
            raise KeyError(name)
    assert row is not None
    return row, context.brought(store, row)


@narrow
@allowed("viewer")
async def row(request: Request) -> Response:
    """What a truck or a weighbridge weighed, as it was imported; 404 for what is not there."""
    context, name = context_of(request), request.query_params.get("name", "")[:120]
    try:
        found, brought = await context.ask(lambda s: _named(context, s, name))
    except KeyError:
        raise HTTPException(404, "there is no such weighing") from None
    date = date_of(local_day(found.t))
    return page(
        request,
        "weighing.html",
        name=name,
        lift=found if isinstance(found, LiftRow) else None,
        ticket=found if isinstance(found, Ticket) else None,
        brought=brought,
        date=date,
        month=f"{date:%Y-%m}",
        known=found.site in context.registry.sites,
    )


ROUTES = [Route("/reconcile", show), Route("/reconcile/row", row)]
