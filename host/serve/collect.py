"""What to collect, worst first: the last forecast that was kept, as a page, a file, and on a phone
with the way to each site."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..common.local_days import clock
from ..forecast import bins, collection_list, kept
from ..forecast.bins import BinForecast
from ..forecast.kept import Kept
from ..office import table_files
from ..points.positions import Position
from ..registry import STORED_HAZARDOUS
from .context import Context, context_of
from .downloads import as_file, making, through
from .web import allowed, narrow, note, page

PER_PAGE = 100
ORDERS = ("full", "way")
_NAVIGATE = "https://uri.amap.com/marker"  # opens the app where there is one


@dataclass(frozen=True)
class Wanted:
    """The filters in an address; order: of ORDERS."""

    town: str = ""
    stream: str = ""
    order: str = ORDERS[0]
    page: int = 1

    @staticmethod
    def of(request: Request) -> Wanted:
        """Unknown values use their defaults."""
        q, number = request.query_params, request.query_params.get("page", "1")
        order = q.get("order", "")
        return Wanted(
            q.get("town", "")[:30],
            q.get("stream", "")[:30],
            order if order in ORDERS else ORDERS[0],
            max(1, int(number)) if number.isascii() and number.isdigit() and len(number) < 6 else 1,
        )

    @property
    def query(self) -> dict[str, object]:
        """The parameters of an address."""
        plain = {"order": ORDERS[0], "page": 1}
        return {k: v for k, v in vars(self).items() if v and plain.get(k) != v}


Found = tuple[Kept, list[BinForecast], dict[str, int]]


def _found(context: Context, wanted: Wanted) -> Found:
    """The last forecast, what of it is wanted in its order, and the numbers of bins along the
    way."""
    registry = context.registry
    with context.store() as store:
        last = kept.latest(store, registry)
    listed = [
        f
        for f in bins.worst_first(last.bins)
        if wanted.town in ("", registry.sites[f.bin.site].town)
        and wanted.stream in ("", f.bin.stream)
    ]
    degrees = {site: place.degrees for site, place in context.positions.items()}
    numbers = collection_list.along(listed, registry, degrees)
    if wanted.order == "way":
        towns = {f.bin.bin: registry.sites[f.bin.site].town for f in listed}
        last_of_all = len(numbers) + 1
        listed.sort(
            key=lambda f: (towns[f.bin.bin], f.bin.stream, numbers.get(f.bin.bin, last_of_all))
        )
    return last, listed, numbers


def navigate(place: Position, name: str) -> str:
    """An address that shows a place of WGS 84 in the map of a phone."""
    where = f"{place.longitude},{place.latitude}"
    return f"{_NAVIGATE}?{urlencode({'position': where, 'name': name, 'coordinate': 'wgs84'})}"


def _row(f: BinForecast, numbers: dict[str, int], context: Context) -> dict[str, Any]:
    site = context.registry.sites[f.bin.site]
    place = context.positions.get(site.site)
    return {
        "bin": f.bin.bin,
        "site": site.site,
        "name": site.name,
        "town": site.town,
        "stream": f.bin.stream,
        "fill": None if f.fill is None else f.fill / 10,
        "net_g": f.net_g,
        "hours": f.full_h,
        "kg": f.kg,
        "number": numbers.get(f.bin.bin),
        "way": navigate(place, site.name) if place else None,
    }


@narrow
@allowed("viewer")
async def show(request: Request) -> Response:
    """The list, with a way to each site."""
    context, wanted = context_of(request), Wanted.of(request)
    last, listed, numbers = await anyio.to_thread.run_sync(_found, context, wanted)
    pages = max(1, -(-len(listed) // PER_PAGE))
    first = (min(wanted.page, pages) - 1) * PER_PAGE
    shown = listed[first : first + PER_PAGE]
    return page(
        request,
        "collect.html",
        wanted=wanted,
        last=last,
        rows=[_row(f, numbers, context) for f in shown],
        total=len(listed),
        expected_kg=sum(f.kg[1] or 0 for f in listed if f.kg),
        unknown=sum(f.full_h is None and f.kg is None for f in listed),
        most_hours=bins.MOST_HOURS,
        pages=pages,
        at_page=min(wanted.page, pages),
        all_towns=context.registry.towns,
        streams=sorted({b.stream for b in context.registry.bins} - {STORED_HAZARDOUS}),
        orders=ORDERS,
        forms=table_files.FORMS,
    )


@narrow
@allowed("viewer")
async def fetch(request: Request) -> Response:
    """The list as a file; 404 without a forecast, 422 for another format."""
    context, wanted = context_of(request), Wanted.of(request)
    form = request.query_params.get("format", "")
    if form not in table_files.FORMS:
        raise HTTPException(422, f"format: expected one of {' '.join(table_files.FORMS)}")

    def run() -> tuple[Kept, bytes]:
        last, listed, _ = _found(context, wanted)
        if not last.made:
            return last, b""
        degrees = {site: place.degrees for site, place in context.positions.items()}
        made = collection_list.table(listed, context.registry, last.made, last.until, degrees)

        def write(path: Path) -> None:
            table_files.write(made, path, form)

        return last, through(write, form)

    last, body = await anyio.to_thread.run_sync(run, limiter=making)
    if not last.made:
        raise HTTPException(404, "no forecast was kept yet")
    await note(request, "download", f"collect {clock(last.made)} {form}", "done")
    whose = "" if context.scope.whole else f"-{context.seen.called}"
    return as_file(body, f"collect-{clock(last.until)[:10]}{whose}", form)


ROUTES = [Route("/collect", show), Route("/collect/list", fetch)]
