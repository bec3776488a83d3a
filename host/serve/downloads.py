"""Every report as a file, made when it is asked for."""

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
from ..hazard import hj1259, ledger, sections
from ..indicators import output, report, workbook
from ..reports import export, hazardous_tables, summary_html, summary_xlsx
from ..reports.month import summarise
from ..rollup import density
from ..store import Store
from .context import Here, here
from .day_cache import today
from .hazard import month
from .web import allowed, note, page

_making = anyio.CapacityLimiter(1)  # one at a time: each goes through much
_BOM = "\ufeff"  # Excel asks for it
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Made = tuple[str, bytes]  # name of the file, content


@dataclass(frozen=True)
class Kind:
    """A report: what it is over (day, month, year), in which formats, how it is made."""

    name: str
    over: str
    formats: tuple[str, ...]
    make: Callable[[Here, Store, str, str], bytes]
    hazardous: bool = False


def _day(said: str) -> dt.date:
    try:
        date = dt.date.fromisoformat(said)
    except ValueError:
        raise HTTPException(422, "when: expected YYYY-MM-DD") from None
    if not dt.date(2015, 1, 1) <= date <= today():
        raise HTTPException(422, "when: expected a day up to today")
    return date


def _period(said: str, *, months: bool) -> periods.Period:
    try:
        found = periods.parse(said)
        if months != bool(found.month):
            raise ValueError
    except ValueError:
        raise HTTPException(422, f"when: expected {'YYYY-MM' if months else 'YYYY'}") from None
    return found


def _through(write: Callable[[Path], object], kind: str) -> bytes:
    """What a function writes into a file."""
    with tempfile.TemporaryDirectory(prefix="qingyun-") as folder:
        path = Path(folder) / f"report.{kind}"
        write(path)
        return path.read_bytes()


def _rolled(at: Here, store: Store, said: str) -> tuple[dt.date, rollup.Day]:
    date = _day(said)
    return date, rollup.roll(store, at.known, date, iter, density.load(at.settings.registry))


def _daily(at: Here, store: Store, said: str, form: str) -> bytes:
    date, day = _rolled(at, store, said)
    if form == "xlsx":
        return _through(lambda p: summary_xlsx.write_day(date, day.rows, p), form)
    return _through(lambda p: reports.write_daily(p, day.rows), form)


def _balance(at: Here, store: Store, said: str, form: str) -> bytes:
    date, day = _rolled(at, store, said)
    return _through(lambda p: reports.write_balance(p, date, day.platforms), form)


def _district(at: Here, store: Store, said: str, form: str) -> bytes:
    date, day = _rolled(at, store, said)
    lines = reports.district_lines(date, day.rows)
    return _through(lambda p: reports.write_district(p, lines), form)


def _export(at: Here, store: Store, said: str, _: str) -> bytes:
    kept = sections.of(store) if at.register else None
    body = export.document(store, at.known, _day(said), kept)
    return (json.dumps(body, ensure_ascii=False, indent=1) + "\n").encode()


def _month(at: Here, store: Store, said: str, form: str) -> bytes:
    when = _period(said, months=True)
    summary = summarise(store, at.known, when)
    more = hazardous_tables.tables(store, at.register, summary.rows, when)
    if form == "html":
        return summary_html.month(summary, more).encode()
    return _through(lambda p: summary_xlsx.write_month(summary, p, more), form)


def _indicators(at: Here, store: Store, said: str, form: str) -> bytes:
    made = report.build(store, at.known, _period(said, months=False), register=at.register)
    if form == "xlsx":
        return _through(lambda p: workbook.write(made, p), form)
    text = io.StringIO()
    (output.write_csv if form == "csv" else output.write_json)(made, text)
    return text.getvalue().encode()


def _ledger(_: Here, store: Store, said: str, form: str) -> bytes:
    when = _period(said, months=True)
    bounds = month(said)
    assert bounds is not None
    held = [e for e in ledger.live(ledger.read(store)) if bounds[0] <= e.t < bounds[1]]
    head = ledger.head(store)
    return _through(lambda p: hj1259.write_xlsx(held, when.chinese, head, p), form)


KINDS = {
    k.name: k
    for k in (
        Kind("daily", "day", ("csv", "xlsx"), _daily),
        Kind("balance", "day", ("csv",), _balance),
        Kind("district", "day", ("csv",), _district),
        Kind("export", "day", ("json",), _export),
        Kind("month", "month", ("html", "xlsx"), _month),
        Kind("indicators", "year", ("csv", "json", "xlsx"), _indicators),
        Kind("ledger", "month", ("xlsx",), _ledger, True),
    )
}


@allowed("viewer")
async def show(request: Request) -> Response:
    now = today()
    last = str(here(request).figures.before_today())
    defaults = {"day": last, "month": last[:7], "year": last[:4]}
    kinds = [k for k in KINDS.values() if not k.hazardous or here(request).register]
    return page(request, "downloads.html", kinds=kinds, defaults=defaults, today=now)


@allowed("viewer")
async def fetch(request: Request) -> Response:
    at, q = here(request), request.query_params
    kind = KINDS.get(request.path_params["name"])
    if kind is None or (kind.hazardous and at.register is None):
        raise HTTPException(404, "there is no such report")
    form, when = q.get("format") or kind.formats[0], q.get("when", "")
    if form not in kind.formats:
        raise HTTPException(422, f"format: expected one of {' '.join(kind.formats)}")

    def run() -> bytes:
        with at.store() as store:
            return kind.make(at, store, when, form)

    body = await anyio.to_thread.run_sync(run, limiter=_making)
    if form == "csv" and not body.startswith(_BOM.encode()):
        body = _BOM.encode() + body
    await note(request, "download", f"{kind.name} {when} {form}", "done")
    name = quote(f"qingyun-{kind.name}-{when}.{form}")
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{name}",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }
    return Response(body, media_type=TYPES[form], headers=headers)


ROUTES = [Route("/downloads", show), Route("/downloads/{name}", fetch)]
