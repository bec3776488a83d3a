"""Ends the streams of those who have signed out, or whose account was changed or removed, and
notes what was refused since."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from ..store import Busy, StoreError
from . import accounts
from .hub import Viewer
from .shared import Shared

EVERY_S = 2.0
_log = logging.getLogger("qingyun.serve")


async def step(shared: Shared) -> None:
    """Look at every stream once, and read figures that are behind; Busy where the store cannot be
    read now."""
    hub, sessions = shared.hub, shared.sessions
    hub.end(lambda v: bool(v.seat.token) and not sessions.holds(v.seat.token))
    if hub.viewers():
        held = {a.name: a.id for a in await shared.ask(accounts.everybody)}

        def changed(viewer: Viewer) -> bool:
            return held.get(viewer.seat.name) != viewer.seat.account

        hub.end(changed)
        for scope in {viewer.scope for viewer in hub.everybody()}:
            await shared.ready(scope)
        hub.end(lambda viewer: not hub.sees(viewer))
    await shared.read_on()
    for refusal, more in shared.refusals.due():
        await shared.ask(partial(accounts.note_refusal, refusal=refusal, more=more))


async def run(shared: Shared) -> None:
    """A step every EVERY_S until the task is cancelled."""
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            await step(shared)
        except (Busy, StoreError) as error:  # looked at again at the next step
            _log.warning("accounts: store: %s", error)
        except Exception:
            _log.exception("accounts")
