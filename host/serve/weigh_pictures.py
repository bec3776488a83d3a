"""Pictures from a phone: photographs that are kept with an entry, and frames of its camera in which
a label is looked for where the browser cannot read codes itself."""

from __future__ import annotations

import io
from urllib.parse import urlsplit

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..hazard import HazardError, photographs
from ..store import Store
from .context import context_of
from .web import allowed, check_csrf, narrow, note
from .weigh import CSRF

PHOTO, SCAN = "/weigh/photo", "/weigh/scan"
LARGEST = photographs.LARGEST
_MOST_PIXELS = 4_000_000  # of a frame
_reading = anyio.CapacityLimiter(1)  # a frame takes some 50 ms of a core


@narrow
@allowed("operator")
async def keep(request: Request) -> Response:
    """Keep a photograph; its SHA-256. 422 for another kind of file, 507 where there is no room."""
    check_csrf(request, request.headers.get(CSRF, ""))
    data = await request.body()
    try:
        name = await context_of(request).ask(lambda s: photographs.keep(s, data))
    except HazardError as error:
        full = isinstance(error, photographs.NoRoomError)
        raise HTTPException(507 if full else 422, str(error)) from None
    await note(request, "photograph", name[:16], "done", f"{len(data)} bytes")
    return JSONResponse({"photo": name})


@narrow
@allowed("operator")
async def show(request: Request) -> Response:
    """A photograph; 404 where it is missing or was changed."""
    context, name = context_of(request), request.path_params["name"]

    def look(store: Store) -> tuple[bytes, str] | None:
        named = context.scope.whole or any(e.photo == name for e in context.entries(store))
        return photographs.read(store, name) if named else None

    found = await context.ask(look)
    if found is None:
        raise HTTPException(404, "this photograph is missing or was changed")
    data, kind = found
    return Response(data, media_type=kind)


@narrow
@allowed("operator")
async def scan(request: Request) -> Response:
    """The codes in a frame of a camera."""
    check_csrf(request, request.headers.get(CSRF, ""))
    data = await request.body()
    if photographs.kind(data) is None:
        raise HTTPException(422, "expected a JPEG or PNG")
    texts = await anyio.to_thread.run_sync(codes, data, limiter=_reading)
    return JSONResponse({"codes": [code_in(t) for t in texts]})


def codes(data: bytes) -> list[str]:
    """The texts of the codes in a picture; none in one that cannot be read or is too large."""
    import zxingcpp  # noqa: PLC0415  only where a browser cannot read codes
    from PIL import Image  # noqa: PLC0415

    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > _MOST_PIXELS:
                return []
            grey = image.convert("L")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return []
    return [b.text for b in zxingcpp.read_barcodes(grey)]


def code_in(text: str) -> str:
    """The 数字识别码 in what a label says: that, or the last part of an address."""
    return urlsplit(text.strip()).path.rpartition("/")[2][:64]


ROUTES = [
    Route(PHOTO, keep, methods=["POST"]),
    Route("/photographs/{name}", show),
    Route(SCAN, scan, methods=["POST"]),
]
