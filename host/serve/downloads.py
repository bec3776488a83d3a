"""Every report as a file, made when it is requested."""

from __future__ import annotations

import datetime as dt
import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .. import reports, rollup
from ..common import periods
from ..hazard import anchors, hj1259, ledger, sections
from ..indicators import output, report, workbook
from ..reports import export, hazardous_tables, summary_html, summary_xlsx
from ..reports.month import summarise
from ..rollup import density
from ..store import Store
from .context import Context, context_of
from .day_cache import today
from .hazard import month
from .web import allowed, check_whole, narrow, note, page

making = anyio.CapacityLimiter(1)  # one at a time: each reads many readings
_BOM = "\ufeff"  # Excel needs it to recognise UTF-8
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Made = tuple[str, bytes]  # name of the file, content


@dataclass(frozen=True)
class Kind:
    """A report: its period (day, month, year), its formats, and the function that makes it."""

    name: str
    over: str
    formats: tuple[str, ...]
    make: Callable[[Context, Store, str, str], bytes]
    hazardous: bool = False
    whole: bool = False  # of the district alone

    def fits(self, context: Context) -> bool:
        """Whether there is such a report for who asks."""
        return not self.hazardous or context.register is not None


def _day(when: str) -> dt.date:
    try:
        date = dt.date.fromisoformat(when)
    except ValueError:
        raise HTTPException(422, "when: expected YYYY-MM-DD") from None
    if not dt.date(2015, 1, 1) <= date <= today():
        raise HTTPException(422, "when: expected a day up to today")
    return date


def _period(when: str, *, months: bool) -> periods.Period:
    try:
        period = periods.parse(when)
        if months != bool(period.month):
            raise ValueError
    except ValueError:
        raise HTTPException(422, f"when: expected {'YYYY-MM' if months else 'YYYY'}") from None
    return period


def through(write: Callable[[Path], object], kind: str) -> bytes:
    """The bytes that a function writes into a file."""
    with tempfile.TemporaryDirectory(prefix="qingyun-") as folder:
        path = Path(folder) / f"report.{kind}"
        write(path)
        return path.read_bytes()


def _rolled(context: Context, store: Store, when: str) -> tuple[dt.date, rollup.Day]:
    date, (registry, _) = _day(when), context.computing()
    day = rollup.roll(store, registry, date, iter, density.load(context.settings.registry))
    platforms = [p for p in day.platforms if context.seen.site(p.bin.site)]
    return date, rollup.Day(context.mine(day.rows), platforms)


def _daily(context: Context, store: Store, when: str, form: str) -> bytes:
    date, day = _rolled(context, store, when)
    if form == "xlsx":
        return through(
            lambda p: summary_xlsx.write_day(
                date, day.rows, p, anchors.note(store), context.seen.called
            ),
            form,
        )
    return through(lambda p: reports.write_daily(p, day.rows), form)


def _balance(context: Context, store: Store, when: str, form: str) -> bytes:
    date, day = _rolled(context, store, when)
    return through(lambda p: reports.write_balance(p, date, day.platforms), form)


def _district(context: Context, store: Store, when: str, form: str) -> bytes:
    date, day = _rolled(context, store, when)
    lines = reports.district_lines(date, day.rows)
    return through(lambda p: reports.write_district(p, lines), form)


def _export(context: Context, store: Store, when: str, _: str) -> bytes:
    kept = sections.of(store) if context.register else None
    body = export.document(store, context.registry, _day(when), kept)
    return (json.dumps(body, ensure_ascii=False, indent=1) + "\n").encode()


def _month(context: Context, store: Store, when: str, form: str) -> bytes:
    period, (registry, _) = _period(when, months=True), context.computing()
    limits, whose = context.limits, context.seen.called
    summary = summarise(store, registry, period, limits=limits, whose=whose)
    more = hazardous_tables.tables(
        *(store, context.register, summary.rows, period), limits=limits, whose=whose
    )
    if form == "html":
        return summary_html.month(summary, more, anchors.note(store)).encode()
    return through(lambda p: summary_xlsx.write_month(summary, p, more, anchors.note(store)), form)


def _indicators(context: Context, store: Store, when: str, form: str) -> bytes:
    made = report.build(
        store, context.registry, _period(when, months=False), register=context.register
    )
    if form == "xlsx":
        return through(lambda p: workbook.write(made, p, anchors.note(store)), form)
    text = io.StringIO()
    (output.write_csv if form == "csv" else output.write_json)(made, text)
    return text.getvalue().encode()


def _ledger(context: Context, store: Store, when: str, form: str) -> bytes:
    period = _period(when, months=True)
    bounds = month(when)
    assert bounds is not None
    held = [e for e in ledger.live(context.entries(store)) if bounds[0] <= e.t < bounds[1]]
    head, anchor = ledger.head(store), anchors.note(store)
    whose = period.chinese
    whose = whose if context.scope.whole else f"{context.seen.called} {whose}"
    return through(lambda p: hj1259.write_xlsx(held, whose, head, p, anchor), form)


KINDS = {
    k.name: k
    for k in (
        Kind("daily", "day", ("csv", "xlsx"), _daily),
        Kind("balance", "day", ("csv",), _balance),
        Kind("district", "day", ("csv",), _district, whole=True),
        Kind("export", "day", ("json",), _export, whole=True),
        Kind("month", "month", ("html", "xlsx"), _month),
        Kind("indicators", "year", ("csv", "json", "xlsx"), _indicators, whole=True),
        Kind("ledger", "month", ("xlsx",), _ledger, True),
    )
}


@narrow
@allowed("viewer")
async def show(request: Request) -> Response:
    """The list of reports."""
    now = today()
    last = str(context_of(request).figures.before_today())
    defaults = {"day": last, "month": last[:7], "year": last[:4]}
    context = context_of(request)
    kinds = [k for k in KINDS.values() if k.fits(context) and (context.scope.whole or not k.whole)]
    register = context.register
    held = register.institutions if register else {}
    units = {k: i for k, i in held.items() if k in context.seen.institutions}
    return page(request, "downloads.html", kinds=kinds, defaults=defaults, today=now, units=units)


@narrow
@allowed("viewer")
async def fetch(request: Request) -> Response:
    """One report as a file; 404 or 422 when there is none of that name, format or period."""
    context, q = context_of(request), request.query_params
    kind = KINDS.get(request.path_params["name"])
    if kind is None or not kind.fits(context):
        raise HTTPException(404, "there is no such report")
    if kind.whole:
        check_whole(context)
    form, when = q.get("format") or kind.formats[0], q.get("when", "")
    if form not in kind.formats:
        raise HTTPException(422, f"format: expected one of {' '.join(kind.formats)}")

    def run() -> bytes:
        with context.store() as store:
            return kind.make(context, store, when, form)

    body = await anyio.to_thread.run_sync(run, limiter=making)
    if form == "csv" and not body.startswith(_BOM.encode()):
        body = _BOM.encode() + body
    await note(request, "download", f"{kind.name} {when} {form}", "done")
    whose = f"-{context.seen.called}" if not context.scope.whole else ""
    return as_file(body, f"{kind.name}-{when}{whose}", form)


def as_file(body: bytes, name: str, form: str) -> Response:
    """An answer that a browser saves."""
    quoted = quote(f"qingyun-{name}.{form}")
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quoted}",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }
    return Response(body, media_type=TYPES[form], headers=headers)


ROUTES = [Route("/downloads", show), Route("/downloads/{name}", fetch)]
