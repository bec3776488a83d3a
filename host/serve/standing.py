"""Whether platforms can be believed: the list of what was computed at night, the worst first, one
platform with what its verdicts rest on, and both as files."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..common.local_days import clock, date_of, local_day
from ..office import table_files
from ..office.table import Table
from ..standing import kept, tables
from ..standing.effect import Advice
from ..standing.kept import Kept, Since
from ..standing.model import Quantity
from ..standing.statement import GRAVITY, Body, Statement
from ..store import Store
from .context import Context, context_of
from .downloads import as_file, making, through
from .standing_view import KINDS, finding, pictures, rows
from .web import allowed, narrow, note, page, words_of

PER_PAGE = 50
NAMED = {a.name.lower(): a for a in GRAVITY}  # as an address names them
CSS = dict.fromkeys((Advice.LOOK, Advice.CALIBRATE), "bad") | {Advice.NOTHING: "good"}


@dataclass(frozen=True)
class Wanted:
    """The filters in an address. q: part of a name; advice: of NAMED; kind: of evidence."""

    q: str = ""
    town: str = ""
    advice: str = ""
    kind: str = ""
    page: int = 1

    @staticmethod
    def of(query: Mapping[str, str]) -> Wanted:
        """Unknown values use their defaults."""
        advice, kind, number = query.get("advice", ""), query.get("kind", ""), query.get("page", "")
        return Wanted(
            query.get("q", "")[:60].strip(),
            query.get("town", "")[:30],
            advice if advice in NAMED else "",
            kind if kind in KINDS else "",
            max(1, int(number)) if number.isascii() and number.isdigit() and len(number) < 6 else 1,
        )

    @property
    def query(self) -> dict[str, object]:
        """The parameters of an address."""
        return {k: v for k, v in vars(self).items() if v and (k, v) != ("page", 1)}

    def fits(self, found: Kept, context: Context) -> bool:
        """Whether a platform is asked for, whatever its advice."""
        site, q = context.site_of[found.bin], self.q.casefold()
        names = site.site, site.name, found.bin
        return self.town in ("", site.town) and any(q in name.casefold() for name in names)


Listed = tuple[list[Kept], Counter[Advice]]


def _listed(context: Context, store: Store, wanted: Wanted) -> Listed:
    """(platforms that are asked for, how many there are of each advice)."""
    near = [k for k in context.standings(store) if wanted.fits(k, context)]
    counts = Counter(k.advice for k in near)
    only = NAMED.get(wanted.advice)
    return [k for k in near if only in (None, k.advice)], counts


def _row(found: Kept, since: Since, context: Context) -> dict[str, Any]:
    head = found.head
    site = context.registry.sites[head.site]
    return {
        "bin": head.bin,
        "site": site.site,
        "name": site.name,
        "town": site.town,
        "stream": head.stream,
        "advice": head.advice.name.lower(),
        "css": CSS.get(head.advice, "warn"),
        "zero": finding(head.of(Quantity.ZERO)),
        "span": finding(head.of(Quantity.SPAN)),
        "others": [finding(head.of(q)) for q in (Quantity.CREEP, Quantity.TEMPERATURE)],
        "n": sum(head.counts.values()),
        "effect": head.effect,
        "since": since,
    }


def _page_of(wanted: Wanted, total: int) -> tuple[int, int, slice]:
    """(pages, the one that is shown, its part of the rows)."""
    pages = max(1, -(-total // PER_PAGE))
    at = min(wanted.page, pages)
    return pages, at, slice((at - 1) * PER_PAGE, at * PER_PAGE)


@narrow
@allowed("viewer")
async def show(request: Request) -> Response:
    """The list."""
    context, wanted = context_of(request), Wanted.of(request.query_params)

    def read(store: Store) -> tuple[Listed, slice, int, int, Mapping[str, Since]]:
        listed, counts = _listed(context, store, wanted)
        pages, at, part = _page_of(wanted, len(listed))
        return (listed, counts), part, pages, at, kept.came_since(store, listed[part])

    (listed, counts), part, pages, at_page, since = await context.ask(read)
    shown = listed[part]
    mades = [k.made for k in shown]
    return page(
        request,
        "standing.html",
        wanted=wanted,
        made=(min(mades), max(mades)) if mades else None,
        until=date_of(local_day(min(k.row.until for k in shown) - 1)) if shown else None,
        rows=[_row(k, since[k.bin], context) for k in shown],
        any_kept=bool(sum(counts.values())),
        old=_days_old(shown),
        late=sum(bool(s) for s in since.values()),
        imports=max((s.imports for s in since.values()), default=0),
        counts=[(name, counts[a]) for name, a in NAMED.items()],
        total=len(listed),
        pages=pages,
        at_page=at_page,
        all_towns=context.registry.towns,
        forms=table_files.FORMS,
    )


@narrow
@allowed("viewer")
async def platform(request: Request) -> Response:
    """One platform; 404 for one that the scope does not have or of which nothing was kept."""
    context, wanted = context_of(request), Wanted.of(request.query_params)
    name = request.path_params["bin"]

    def read(store: Store) -> tuple[Kept, Body, Since]:
        found, body = _found(context, store, name)
        return found, body, kept.came_since(store, [found])[name]

    found, body, since = await context.ask(read)
    every = rows(found.head, body, wanted.kind)
    pages, at_page, part = _page_of(wanted, len(every))
    return page(
        request,
        "standing_bin.html",
        head=found.head,
        body=body,
        site=context.registry.sites[found.head.site],
        made=found.made,
        until=date_of(local_day(found.head.until - 1)),
        since=since,
        old=_days_old([found]),
        advice=found.head.advice.name.lower(),
        css=CSS.get(found.head.advice, "warn"),
        findings=[finding(f) for f in found.head.findings],
        drawn=pictures(found.head, body, words_of(request)),
        wanted=wanted,
        kinds=[(k, n) for k, n in found.head.counts.items() if n],
        evidence=every[part],
        total=len(every),
        pages=pages,
        at_page=at_page,
        forms=table_files.FORMS,
    )


def _days_old(found: Sequence[Kept]) -> int:
    return kept.days_old(found, local_day(int(time.time())))


def _found(context: Context, store: Store, name: str) -> tuple[Kept, Body]:
    found = context.standing_of(store, name)
    if found is None:
        raise HTTPException(404, "there is no such platform, or nothing was kept of it")
    return found


@narrow
@allowed("viewer")
async def fetch(request: Request) -> Response:
    """The list that is asked for, or with `bin` one platform with its evidence, as a file; 404 for
    what is not there, 422 for another format."""
    context, q = context_of(request), request.query_params
    wanted, name, form = Wanted.of(q), q.get("bin", "")[:64], q.get("format", "")
    if form not in table_files.FORMS:
        raise HTTPException(422, f"format: expected one of {' '.join(table_files.FORMS)}")

    def run() -> tuple[str, bytes]:
        with context.store() as store:
            if name:
                found, body = _found(context, store, name)
                day = _day(found)
                return f"{name}-{day}", _written(_of_platform(found, body, day, form), form)
            listed, _ = _listed(context, store, wanted)
        if not listed:
            raise HTTPException(404, "no standing was kept of what is asked for")
        day = _day(listed[0])
        heads = [k.head for k in listed]
        return day, _written([tables.verdicts(heads, day), tables.in_sum(heads, day)], form)

    called, body = await anyio.to_thread.run_sync(run, limiter=making)
    await note(request, "download", f"standing {called} {form}", "done")
    whose = "" if context.scope.whole else f"-{context.seen.called}"
    return as_file(body, f"standing-{called}{whose}", form)


def _day(found: Kept) -> str:
    return clock(found.row.until - 1)[:10]


def _of_platform(found: Kept, body: Body, day: str, form: str) -> list[Table]:
    """As CSV, which is one table, the weighings."""
    made = [Statement(found.head, body)]
    if form == "csv":
        return [tables.weighings(made, day)]
    sheets = [tables.verdicts([found.head], day), tables.by_day(made, day)]
    return [*sheets, tables.weighings(made, day), tables.at_rest(made, day)]


def _written(made: Sequence[Table], form: str) -> bytes:
    def write(path: Path) -> None:
        if form == "csv":
            table_files.write(made[0], path, form)
        else:
            table_files.write_all(made, path, form, made[0].period)

    return through(write, form)


ROUTES = [
    Route("/standing", show),
    Route("/standing/file", fetch),
    Route("/standing/bin/{bin}", platform),
]
