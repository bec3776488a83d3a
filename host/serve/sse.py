"""Server-sent events: what is new of the district, of all sites, or of one.

StreamingResponse is enough for them. EventSourceResponse of sse-starlette (3.7) does not fit: its
import replaces a method of uvicorn's Server, it runs four tasks for each viewer where this runs
one. The queue of a viewer is bounded in `hub`; `seats` ends the streams of those who signed out or
were removed; uvicorn ends all streams 3 s after a signal to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from .context import context_of
from .hub import WEIGH, Full, Seat
from .refusals import network
from .web import address, allowed, narrow, session, user, words_of

ALIVE_S = 15.0  # proxies close a connection that is silent for a minute


@narrow
@allowed("viewer")
async def live(request: Request) -> Response:
    """The stream of ?topic=; 404 for an unknown topic, 503 when there are too many viewers, 429
    when there are of this account or address."""
    context, topic = context_of(request), request.query_params.get("topic", "district")
    site = topic.removeprefix("site:").removeprefix(WEIGH)
    if topic not in ("district", "sites") and (site == topic or site not in context.registry.sites):
        raise HTTPException(404, "topic: expected district, sites, site:NAME or weigh:NAME")
    me = user(request)
    assert me is not None
    try:
        cookie = request.cookies.get(context.settings.cookie, "") if session(request) else ""
        seat = Seat(me.name, me.id, network(address(request)), cookie)
        viewer = context.hub.join(topic, words_of(request).language, seat)
    except Full as full:
        status = 429 if full.mine else 503
        raise HTTPException(status, "too many viewers", {"retry-after": "60"}) from None

    async def texts() -> AsyncIterator[bytes]:
        try:
            while True:
                try:
                    event = await asyncio.wait_for(viewer.queue.get(), ALIVE_S)
                except TimeoutError:
                    event = b": \n\n"
                if event is None:
                    return
                yield event
        finally:
            context.hub.leave(viewer)

    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(texts(), media_type="text/event-stream", headers=headers)


ROUTES = [Route("/live", live)]
