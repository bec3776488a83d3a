"""The page at the platform, for a phone: waste, weight at rest, one touch. What it does is JSON;
what a touch does is in hazard.label.acts."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from ..common.local_days import LOCAL, clock
from ..common.quantity import kg
from ..hazard import HazardError, platform_step
from ..hazard.entry import CODE, STORED
from ..hazard.label import acts, issue
from ..hazard.label.acts import Act, Done
from ..hazard.platform_step import ActError, Shown
from ..hazard.register import HazardStore, Register
from ..registry import Bin
from ..store import Store
from .context import Context, context_of
from .language import Words
from .shared import FOLDER
from .web import allowed, check_csrf, narrow, need, note, page, session, whose, words_of

PATH = "/weigh"
WORKER = "/weigh-worker.js"  # its scope is that of its path
CSRF = "x-csrf"
MOST_KEYS = 20
_CAMERA = {"permissions-policy": "camera=(self), microphone=(), geolocation=()"}
T = TypeVar("T")


@narrow
@allowed("operator")
async def show(request: Request) -> Response:
    """The page, the same for everybody: who signed in and what there is comes with /weigh/now."""
    words = words_of(request)
    scripts = words.under("weigh.") | {f"q.{k}": v for k, v in words.under("flag.").items()}
    made = page(request, "weigh.html", weigh=scripts)
    made.headers.update(_CAMERA)
    return made


async def worker(_: Request) -> Response:
    """What opens the page without a network."""
    headers = {"cache-control": "no-cache"}
    path = FOLDER / "static" / "weigh-worker.js"
    return FileResponse(path, media_type="text/javascript", headers=headers)


@narrow
@allowed("operator")
async def now(request: Request) -> Response:
    """Who is signed in, the stores with their platforms and wastes, and the time."""
    me, context, held = need(request, "operator"), context_of(request), session(request)
    register = context.register
    today = dt.datetime.now(LOCAL).date()
    stores = [] if register is None else [_store(register, s, today) for s in _stores(register)]
    return JSONResponse(
        {
            "user": me.name,
            "whose": whose(request),
            "csrf": held.csrf if held else "",
            "at": time.time(),
            "printer": bool(context.settings.label_printer),
            "stores": stores,
        }
    )


def _stores(register: Register) -> list[HazardStore]:
    return [s for s in register.stores.values() if platform_step.platforms(register, s)]


def _store(register: Register, store: HazardStore, today: dt.date) -> dict[str, Any]:
    bins = platform_step.platforms(register, store)
    return {
        "store": store.store,
        "name": store.name,
        "site": store.site,
        "platforms": [_platform(register, store, b, today) for b in bins],
    }


def _platform(register: Register, store: HazardStore, bin_: Bin, today: dt.date) -> dict[str, Any]:
    return {
        "platform": bin_.bin,
        "device": bin_.device,
        "channel": bin_.channel,
        "max_g": bin_.max_g,
        "wastes": [
            {
                "waste": c.container,
                "name": c.name,
                "code": c.code.code,
                "type": c.type,
                "zone": c.zone,
                "tare_g": c.tare_g,
                "stands": bool(c.bin),
            }
            for c in platform_step.wastes(register, store, bin_, today)
        ],
    }


def issuer(context: Context, store: Store) -> issue.Issuer:
    """How this server hands out codes; HTTPException 409 without a register."""
    if context.register is None:
        raise HTTPException(409, "the registry has no hazardous waste")
    settings = context.settings
    return issue.issuer(store, context.register, settings.label_journal, settings.label_serials)


@narrow
@allowed("operator")
async def step(request: Request) -> Response:
    """The step by which ?platform= weighs what its reading ?life=&seq=&grams= shows, by default
    what its last stored reading shows."""
    context, q = context_of(request), request.query_params
    bin_ = context.register.bins.get(q.get("platform", "")) if context.register else None
    if bin_ is None:
        raise HTTPException(422, "there is no such platform")
    at = _shown({k: q.get(k, "") for k in ("life", "seq", "grams")}) if "seq" in q else None
    seen: list[Shown] = [at] if at else []

    def look(store: Store) -> dict[str, Any]:
        when = int(time.time())
        if not seen and (last := platform_step.latest(store, bin_, when)):
            seen.append(last)
        if not seen:
            raise ActError("no_readings", wait=True)
        found, named = acts.look(issuer(context, store), bin_, seen[0], when, context.entries)
        w = found.weighed
        told: dict[str, Any] = {"state": "ready", "up": found.up}
        told |= {"net_g": abs(w.after_g - w.before_g), "before_g": w.before_g}
        told |= {"came": clock(found.t), "came_t": found.t, "t": found.held.t}
        if named is not None:
            told |= {"state": "named", "by": named.by, "kg": kg(named.grams)}
            told |= {"what": named.container, "code": named.values.get(CODE, "")}
        return told

    answer = await _answered(request, look)
    if seen:
        answer |= {"life": seen[0].life, "seq": seen[0].seq, "gross_g": seen[0].grams}
    return JSONResponse(answer)


async def _answered(request: Request, work: Callable[[Store], dict[str, Any]]) -> dict[str, Any]:
    """What work says, or why it cannot be done: state refused, or wait for readings."""
    words = words_of(request)
    try:
        return await context_of(request).ask(work)
    except ActError as error:
        return {"state": "wait" if error.wait else "refused"} | _why(words, error)
    except HazardError as error:
        return {"state": "refused", "why": "other", "text": words.said(str(error))}


def _why(words: Words, error: ActError) -> dict[str, Any]:
    values = {k: clock(v) if k == "t" else v for k, v in error.values.items()}  # type: ignore[arg-type]
    if "fault" in values:
        values["fault"] = words.of("flag", str(values["fault"]))
    return {"why": error.key, "text": words(f"weigh.why.{error.key}", **values)}


def _shown(said: dict[str, Any]) -> Shown:
    """A reading as the phone names it; HTTPException 422 for anything else."""
    try:
        life, seq, grams = str(said["life"]), int(said["seq"]), int(said["grams"])
    except (KeyError, TypeError, ValueError):
        raise HTTPException(422, "reading: expected life, seq and grams") from None
    if len(life) > 32 or not life.isprintable() or not 0 <= seq < 1 << 53 or abs(grams) > 1 << 40:
        raise HTTPException(422, "reading: expected life, seq and grams")
    return Shown(life, seq, grams)


async def _body(request: Request) -> dict[str, Any]:
    """The object that a page of this session sent."""
    check_csrf(request, request.headers.get(CSRF, ""))
    try:
        said = json.loads(await request.body())
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or len(said) > MOST_KEYS:
        raise HTTPException(422, "expected an object of JSON")
    return said


def _act(said: dict[str, Any]) -> Act:
    texts = {k: said.get(k) or "" for k in ("id", "do", "store", "platform", "waste", "code")}
    texts["photo"] = said.get("photo") or ""
    at, shown = said.get("at"), said.get("shown")
    right = all(isinstance(v, str) and len(v) <= 200 and v.isprintable() for v in texts.values())
    if not right or not isinstance(at, (int, float)) or not 0 < at < 1 << 40:
        raise HTTPException(422, "act: expected texts of 200 characters, and at in seconds")
    if shown is not None and not isinstance(shown, dict):
        raise HTTPException(422, "reading: expected life, seq and grams")
    return Act(at=int(at), shown=None if shown is None else _shown(shown), **texts)


@narrow
@allowed("operator")
async def act(request: Request) -> Response:
    """Book an act, once; what became of it. 409 where it is of somebody else's phone."""
    me, context = need(request, "operator"), context_of(request)
    said = await _body(request)
    if said.get("user") != me.name:
        raise HTTPException(409, "this was done by somebody else: sign in as the same")
    made = _act(said)

    def book(store: Store) -> dict[str, Any]:
        # The whole ledger: an entry is added at its end. What the act names is of the scope, or
        # the register of the issuer does not have it.
        read = context.shared.ledger.read
        done = acts.book(issuer(context, store), made, me.name, int(time.time()), read)
        if not context.seen.entry(done.entry):  # an act of somebody else's, named again
            raise ActError("not_understood")
        if done.gone:
            raise ActError("reversed", t=done.entry.t)
        return {"state": "done", **_told(context.register, done)}

    answer = await _answered(request, book)
    if answer["state"] != "wait":
        outcome = "refused" if answer["state"] == "refused" else "done"
        detail = answer.get("code") or answer.get("why", "")
        await note(request, "weigh", f"{made.do} {made.waste or made.code}"[:100], outcome, detail)
    return JSONResponse({"id": made.id} | answer)


def _told(register: Register | None, done: Done) -> dict[str, Any]:
    """An entry for the page."""
    e = done.entry
    container = register.container(e.container) if register else None
    told: dict[str, Any] = {"entry": e.id, "kg": kg(e.grams), "code": e.values.get(CODE, "")}
    told |= {"waste": e.container, "name": container.name if container else e.container}
    told |= {"at": clock(e.t), "by": e.by, "out": e.table != STORED}
    if done.was is not None:
        told |= {"was": kg(done.was.grams), "difference": kg(done.difference_g, "+")}
    return told


@narrow
@allowed("operator")
async def label(request: Request) -> Response:
    """What a label is on, to weigh it out: 404 where no entry holds that has it."""
    context, code = context_of(request), request.path_params["code"]
    entry = await context.ask(lambda s: issue.entry_of(context.entries(s), code))
    if entry is None:
        raise HTTPException(404, "no entry of the ledger has this 数字识别码")
    container = context.register.container(entry.container) if context.register else None
    return JSONResponse(
        _told(context.register, Done(entry))
        | {"store": entry.store, "platform": container.bin if container else ""}
    )


ROUTES = [
    Route(PATH, show),
    Route(WORKER, worker),
    Route(PATH + "/now", now),
    Route(PATH + "/step", step),
    Route(PATH + "/act", act, methods=["POST"]),
    Route(PATH + "/label/{code}", label),
]
