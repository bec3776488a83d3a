"""Labels by the page: give an entry its 数字识别码, print its label, see where its kilograms come
from."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..common.errors import OutsideError
from ..hazard import HazardError, ledger
from ..hazard.entry import CODE, PRODUCED, STORED, Entry
from ..hazard.label import issue
from ..hazard.register import Register
from ..store import Store, label_codes
from .context import Context, context_of
from .web import allowed, field, narrow, need, note, page, posted

PATH = "/label"
PRINTER_S = 5.0  # for each step of talking to a printer
_CODE = re.compile(r"[0-9A-Z]{1,64}")
_NUMBER = re.compile(r"\d{1,9}")


@dataclass(frozen=True)
class History:
    """A code. live: the entry that has it; None: no longer. entries: all of what came in that ever
    had it, by id, without reversals; out: of what left by it; events: (what, Unix seconds, by
    whom, note)."""

    code: str
    live: Entry | None
    entries: list[Entry]
    out: list[Entry]
    gone: set[int]
    events: list[tuple[str, int, str, str]]

    @property
    def is_void(self) -> bool:
        return any(what == issue.VOID for what, *_ in self.events)


def may_have_code(entry: Entry, gone: set[int]) -> bool:
    """Whether an entry that holds could be given a code."""
    return (
        entry.table in (PRODUCED, STORED)
        and not entry.reverses
        and entry.id not in gone
        and not entry.values.get(CODE)
    )


def history(store: Store, entries: Sequence[Entry], code: str) -> History | None:
    """All that is known of a code; None where none of these entries ever had it."""
    having = [e for e in entries if e.values.get(CODE) == code and not e.reverses]
    if not having:
        return None
    events = [
        (what, t, who, text) for _, what, t, who, text in label_codes.events(store.database, code)
    ]
    gone = {e.reverses for e in entries if e.reverses}
    out = [e for e in having if e.table not in (PRODUCED, STORED)]
    came = [e for e in having if e not in out]
    return History(code, issue.entry_of(entries, code), came, out, gone, events)


def _issuer(context: Context, store: Store) -> issue.Issuer:
    settings = context.settings
    register = _register(context)
    return issue.issuer(store, register, settings.label_journal, settings.label_serials)


def _register(context: Context) -> Register:
    if context.register is None:
        raise HTTPException(409, "the registry has no hazardous waste")
    return context.register


@narrow
@allowed("operator")
async def give(request: Request) -> Response:
    """Give an entry its code; the page of the label after it. A second touch finds the first's."""
    me, context = need(request, "operator"), context_of(request)
    form = await posted(request)
    number = field(form, "entry", 9)
    if not _NUMBER.fullmatch(number):
        raise HTTPException(422, "entry: expected the number of an entry")
    now = int(time.time())

    def hand_out(store: Store) -> list[Entry]:
        if all(e.id != int(number) for e in context.entries(store)):
            raise HazardError(f"ledger: expected the id of an entry, found {int(number)}")
        return list(issue.give(_issuer(context, store), [int(number)], me.name, now))

    try:
        made = await context.ask(hand_out)
    except HazardError as error:
        await note(request, "label", f"entry {number}", "refused", str(error))
        with suppress(HazardError):
            if code := await context.ask(lambda s: _code_of(context.entries(s), int(number))):
                return RedirectResponse(f"{PATH}/{code}", 303)
        raise HTTPException(409, str(error)) from None
    code = made[-1].values[CODE]
    await note(request, "label", f"entry {number}", "done", code)
    return RedirectResponse(f"{PATH}/{code}", 303)


def _code_of(entries: Sequence[Entry], id_: int) -> str:
    """The code of an entry, or of the one that took its place; "" where it has none."""
    old = next((e for e in entries if e.id == id_), None)
    if old is None:
        return ""
    name = old.institution, old.batch
    same = [e for e in ledger.live(entries) if (e.institution, e.batch) == name]
    return same[-1].values.get(CODE, "") if same else ""


async def _found(request: Request) -> History:
    """The code in the address; HTTPException 404 where no entry ever had it."""
    context, code = context_of(request), request.path_params["code"]
    found = None
    if _CODE.fullmatch(code):
        found = await context.ask(lambda s: history(s, context.entries(s), code))
    if found is None:
        raise HTTPException(404, "no entry of the ledger has this 数字识别码")
    return found


@narrow
@allowed("viewer")
async def show(request: Request) -> Response:
    """Where what is in a container comes from: its entries, the readings, what became of the
    label."""
    found = await _found(request)
    return page(
        request,
        "label.html",
        label=found,
        code_column=CODE,
        printer=context_of(request).settings.label_printer,
    )


@narrow
@allowed("operator")
async def as_pdf(request: Request) -> Response:
    """The label as a PDF, noted as printed; 409 where its entry no longer holds."""
    me, context = need(request, "operator"), context_of(request)
    await posted(request)
    found = await _found(request)
    if found.live is None:
        raise HTTPException(409, "this label no longer holds: its entry was reversed")
    entry, register = found.live, _register(context)

    def draw(store: Store) -> bytes:
        from ..hazard.label import printing  # noqa: PLC0415  Pillow is large

        made = printing.labels(register, [entry], qr_prefix=_prefix(context))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "label.pdf"
            printing.to_pdf(made, path, orange=False, sheet=False)
            data = path.read_bytes()
        printed = (found.code, issue.PRINTED, int(time.time()), me.name, "PDF")
        label_codes.add_events(store.database, [printed])
        return data

    try:
        data = await context.ask(draw)
    except HazardError as error:
        raise HTTPException(409, str(error)) from None
    headers = {"content-disposition": f'attachment; filename="label-{found.code}.pdf"'}
    return Response(data, media_type="application/pdf", headers=headers)


def _prefix(context: Context) -> str:
    """What stands before the code in a QR code."""
    base = context.settings.public_url.rstrip("/")
    return f"{base}{PATH}/" if base else ""


@narrow
@allowed("operator")
async def on_printer(request: Request) -> Response:
    """Print the label on the printer of the configuration; the page of the label after it. 409
    where it does not take it."""
    me, context = need(request, "operator"), context_of(request)
    await posted(request)
    found, settings = await _found(request), context.settings
    if found.live is None or not settings.label_printer:
        raise HTTPException(409, "this label no longer holds: its entry was reversed")
    entry, register = found.live, _register(context)

    def send(store: Store) -> None:
        from ..hazard.label import printing  # noqa: PLC0415

        to = printing.printer_of(settings.label_printer, settings.label_language, PRINTER_S)
        made = printing.labels(register, [entry], qr_prefix=_prefix(context))
        printing.to_printer(to, made, 0, settings.label_dpi)
        printed = (found.code, issue.PRINTED, int(time.time()), me.name, str(to))
        label_codes.add_events(store.database, [printed])

    try:
        await context.ask(send)
    except (HazardError, OutsideError) as error:
        await note(request, "label", found.code, "refused", str(error))
        raise HTTPException(409, str(error)) from None
    return RedirectResponse(f"{PATH}/{found.code}", 303)


@narrow
@allowed("operator")
async def spoiled(request: Request) -> Response:
    """The label is not used: its entry gets another code. The page of that label after it."""
    me, context = need(request, "operator"), context_of(request)
    form = await posted(request)
    found, why = await _found(request), field(form, "reason", 200) or "-"
    now = int(time.time())
    try:
        made = await context.ask(
            lambda s: issue.void(_issuer(context, s), found.code, me.name, why, now, anew=True)
        )
    except HazardError as error:
        await note(request, "label", found.code, "refused", str(error))
        raise HTTPException(409, str(error)) from None
    code = made[-1].values[CODE] if made else found.code
    await note(request, "label", found.code, "done", code)
    return RedirectResponse(f"{PATH}/{code}", 303)


ROUTES = [
    Route(PATH, give, methods=["POST"]),
    Route(PATH + "/{code}", show),
    Route(PATH + "/{code}/pdf", as_pdf, methods=["POST"]),
    Route(PATH + "/{code}/print", on_printer, methods=["POST"]),
    Route(PATH + "/{code}/void", spoiled, methods=["POST"]),
]
