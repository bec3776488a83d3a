"""Ends the streams of those who have signed out, or whose account was changed or removed, and
notes what was refused since."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from ..store import Busy, StoreError
from . import accounts
from .context import Context
from .hub import Seat

EVERY_S = 2.0
_log = logging.getLogger("qingyun.serve")


async def step(context: Context) -> None:
    """Look at every stream once; Busy where the store cannot be read now."""
    hub, sessions = context.hub, context.sessions
    hub.end(lambda seat: bool(seat.token) and not sessions.holds(seat.token))
    if hub.viewers():
        held = {a.name: a.id for a in await context.ask(accounts.everybody)}

        def changed(seat: Seat) -> bool:
            return held.get(seat.name) != seat.account

        hub.end(changed)
    for refusal, more in context.refusals.due():
        await context.ask(partial(accounts.note_refusal, refusal=refusal, more=more))


async def run(context: Context) -> None:
    """A step every EVERY_S until the task is cancelled."""
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            await step(context)
        except (Busy, StoreError) as error:  # looked at again at the next step
            _log.warning("accounts: store: %s", error)
        except Exception:
            _log.exception("accounts")
