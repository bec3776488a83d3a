"""The app: its routes, the middleware before them, and the tasks beside them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from .. import __version__
from ..common.errors import UserError
from ..registry import RegistryError
from ..store import Busy
from . import (
    alarms,
    api,
    collect,
    commands,
    district,
    downloads,
    filing,
    hazard,
    history,
    indicators,
    labels,
    lift_api,
    map,
    papers,
    reconcile,
    seats,
    signin,
    sites,
    sse,
    standing,
    wall,
    weigh,
    weigh_pictures,
)
from .context import context_of
from .guard import Guard, Tagged, protect
from .settings import Settings
from .shared import FOLDER, make
from .web import page, user

PAGES = (
    *(signin, district, sites, map, collect, reconcile, standing),
    *(hazard, alarms, labels, papers, indicators, history, filing, downloads, commands, sse),
    *(weigh, weigh_pictures, wall),
)
BUILT = "static-built"
CURVES = "uPlot.iife.min.js"
MAP = "maplibre-gl.mjs"
PLAIN = {  # texts of the router, in our wording
    "Not Found": "there is no such page",
    "Method Not Allowed": "this address does not take that",
}
SAID = {"There was an error parsing the body": "body: expected JSON in UTF-8"}  # to programs
_log = logging.getLogger("qingyun.serve")


def app(settings: Settings) -> FastAPI:
    """The application for uvicorn; UserError when registry or store cannot be used."""
    shared = make(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        reading = asyncio.Event()
        shared.figures.on_change = shared.tell_figures
        shared.hub.alarms_changed = reading.set

        def read() -> None:
            shared.read_alarms()
            shared.read_refused()

        tasks = [
            loop.create_task(shared.hub.run()),
            loop.create_task(_alarms(reading, read)),
            loop.create_task(seats.run(shared)),
        ]
        if settings.broker:
            shared.hub.connect(settings.broker)
        shared.figures.start()
        yield
        await anyio.to_thread.run_sync(shared.figures.stop)
        shared.hub.close()
        shared.uploads.close()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    made = FastAPI(
        title="清运 Qingyun",
        version=__version__,
        description="Read-only figures of the district; 管理数据，非贸易结算用.",
        openapi_url="/api/1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        middleware=[Middleware(Guard, shared=shared), Middleware(Tagged)],
    )
    made.state.shared = shared
    for module in PAGES:
        made.router.routes.extend(module.ROUTES)
    for router in (api.router, lift_api.router):
        made.include_router(router)
    made.router.routes.extend(files(FOLDER))
    made.add_exception_handler(HTTPException, _failed)
    made.add_exception_handler(RequestValidationError, _invalid)
    made.add_exception_handler(UserError, _user_error)
    made.add_exception_handler(Busy, _busy)
    made.add_exception_handler(ClientDisconnect, _gone)
    made.add_exception_handler(Exception, _broken)
    return made


def files(folder: Path) -> list[Mount]:
    """Routes of the static files. Without `make charts`, or after it failed, the scripts that
    draw curves and the map are missing, which is logged."""
    for file, name, what in ((CURVES, "uPlot", "curves are"), (MAP, "MapLibre", "the map is")):
        if not (folder / BUILT / file).is_file():
            text = "%s not drawn: expected %s in %s; make charts"
            _log.warning(text, what, name, folder / BUILT)
    where = {"/static/built": folder / BUILT, "/static": folder / "static"}
    return [Mount(path, StaticFiles(directory=d)) for path, d in where.items() if d.is_dir()]


async def _alarms(changed: asyncio.Event, read: Callable[[], None]) -> None:
    """Read the open alarms when the broker announces one, and every 30 s."""
    while True:
        changed.clear()
        try:
            await anyio.to_thread.run_sync(read)
        except Busy as error:  # tried again at the next turn
            _log.warning("alarms: store: %s", error)
        except Exception:
            _log.exception("alarms")
        with suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), 30)


def _answer(request: Request, status: int, text: str) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": SAID.get(text, text)}, status)
    if status == 401:
        return RedirectResponse("/signin", 303)
    return page(request, "error.html", status, code=status, text=PLAIN.get(text, text))


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = _answer(request, error.status_code, str(error.detail))
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(x) for x in first["loc"][1:]) or str(first["loc"][0])
    return _answer(request, 422, f"{where}: {first['msg']}")


async def _user_error(request: Request, error: Exception) -> Response:
    text = str(error).splitlines()[0]
    if isinstance(error, RegistryError) and not context_of(request).scope.whole:
        _log.warning("%s %s: %s", request.method, request.url.path, text)
        text = "something went wrong: see the log"  # it may name what is outside of the scope
    return _answer(request, 422, text)


async def _busy(request: Request, error: Exception) -> Response:
    """Another process writes the store; nothing of the request was done."""
    _log.warning("%s %s: store: %s", request.method, request.url.path, error)
    return _answer(request, 503, "the store is busy: try again")


async def _gone(_: Request, _error: Exception) -> Response:
    """The rest of a request did not come; nobody hears this answer."""
    return Response(status_code=400)


async def _broken(request: Request, error: Exception) -> Response:
    """The page says only that something failed; the log says what."""
    who = account.name if (account := user(request)) else ""
    _log.error("%s %s (%s): %s", request.method, request.url.path, who, type(error).__name__)
    answer = _answer(request, 500, "something went wrong: see the log")
    # Starlette sends this answer outside of the guard.
    protect(answer.headers, request.scope, 500, secure=context_of(request).settings.secure)
    return answer
