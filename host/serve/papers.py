"""转移联单 and tickets by the page: send a file, look at what would be imported, confirm."""

from __future__ import annotations

import re
import time
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..hazard import HazardError, papers, transfers
from ..hazard.register import Register
from ..store import Store
from .context import Context, context_of
from .guard import LARGEST_FILE
from .web import allowed, check_csrf, field, narrow, need, note, page, posted

KINDS = (papers.TICKET, papers.MANIFEST)
SHOWN = 500  # lines of a list
_PLACE = re.compile(r"(?:(\d+): )?(.*)", re.DOTALL)


@narrow
@allowed("operator")
async def show(request: Request) -> Response:
    """What was imported, and the form for a file."""
    context = context_of(request)
    held = await context.ask(lambda s: _files(context, s))
    return page(request, "papers.html", imports=held[::-1][:SHOWN], looked=None, kinds=KINDS)


@narrow
@allowed("operator")
async def check(request: Request) -> Response:
    """Read a file and show every repair and refusal; nothing is written."""
    me, context = need(request, "operator"), context_of(request)
    form = await request.form(max_files=1, max_fields=4)
    token = form.get("csrf")
    check_csrf(request, token if isinstance(token, str) else "")
    kind, file = field(form, "kind", 20), form.get("file")
    if kind not in KINDS:
        raise HTTPException(422, "kind: expected tickets or manifests")
    if not isinstance(file, UploadFile) or not file.filename:
        raise HTTPException(422, "file: expected a file")
    register = _register(request)
    data = await file.read(LARGEST_FILE)
    upload = context.uploads.add(me.name, kind, file.filename, data)
    now = int(time.time())

    def look(store: Store) -> tuple[transfers.Imported, list[papers.Import]]:
        try:
            file, only = (register, upload.path, kind), context.seen.paper
            done = transfers.run(store, *file, by=me.name, now=now, check=True, only=only)
        except HazardError as error:
            text = str(error).removesuffix("; nothing was imported")
            done = transfers.Imported(refused=[text])
        return done, _files(context, store)

    done, held = await context.ask(look)
    lines = [(bad, *_line(upload.path, x)) for bad, xs in _lists(done) for x in xs]
    return page(
        request,
        "papers.html",
        imports=held[::-1][:SHOWN],
        kinds=KINDS,
        looked=done,
        lines=lines[:SHOWN],
        more=max(0, len(lines) - SHOWN),
        upload=upload,
        name=upload.path.name,
    )


def _files(context: Context, store: Store) -> list[papers.Import]:
    """What was imported from files: what trucks send comes many times a day."""
    return [i for i in context.imports(store) if i.source.file != papers.POSTED]


def _lists(done: transfers.Imported) -> list[tuple[bool, list[str]]]:
    return [(True, done.refused), (False, done.notes)]


def _line(path: Path, text: str) -> tuple[str, str]:
    """(number of the row or "", what is said of it); other places in the file by name alone."""
    rest = text.removeprefix(f"{path}:").lstrip()
    match = _PLACE.fullmatch(rest)
    assert match is not None
    return match[1] or "", match[2].replace(f"{path.parent}/", "")


@narrow
@allowed("operator")
async def bring(request: Request) -> Response:
    """Import the file that was looked at."""
    me, context = need(request, "operator"), context_of(request)
    form = await posted(request)
    upload = context.uploads.find(field(form, "upload", 40), me.name)
    if upload is None:
        raise HTTPException(409, "the file is no longer here: send it once more")
    register, now = _register(request), int(time.time())
    name = upload.path.name
    try:
        file, only = (register, upload.path, upload.kind), context.seen.paper
        done = await context.ask(lambda s: transfers.run(s, *file, by=me.name, now=now, only=only))
    except HazardError as error:
        await note(request, "import", name, "refused", str(error).replace(str(upload.path), name))
        raise HTTPException(409, "the file does not fit any more: send it once more") from None
    context.uploads.drop(upload.token)
    await note(request, "import", name, "done", f"{upload.kind}, {done.count}")
    return RedirectResponse("/papers", 303)


@narrow
@allowed("operator")
async def take_back(request: Request) -> Response:
    """Let an import count no longer; 409 if it cannot be."""
    me, context = need(request, "operator"), context_of(request)
    form = await posted(request)
    number, why = field(form, "import", 9), field(form, "reason", 200)
    if not number.isascii() or not number.isdigit() or not why:
        raise HTTPException(422, "reason: say why the import is taken back")
    now = int(time.time())

    def take(store: Store) -> papers.Import:
        if int(number) not in {i.id for i in context.imports(store)}:
            raise HazardError(f"expected the number of an import, found {int(number)}")
        return papers.take_back(store, int(number), by=me.name, reason=why, now=now)

    try:
        gone = await context.ask(take)
    except HazardError as error:
        await note(request, "take-back", f"import {number}", "refused", str(error))
        raise HTTPException(409, "this import was taken back already") from None
    await note(request, "take-back", f"import {number} {gone.source.file}", "done", why)
    return RedirectResponse("/papers", 303)


def _register(request: Request) -> Register:
    register = context_of(request).register
    if register is None:
        raise HTTPException(409, "the registry has no hazardous waste")
    return register


ROUTES = [
    Route("/papers", show),
    Route("/papers/check", check, methods=["POST"]),
    Route("/papers/import", bring, methods=["POST"]),
    Route("/papers/take-back", take_back, methods=["POST"]),
]
