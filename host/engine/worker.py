"""What runs in a worker of Dask. Each thread of it has a store of its own.

Nothing here raises what Dask would write into logs with the arguments of a task: errors come back
as a line."""

from __future__ import annotations

import gc
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import msgspec

from .. import registry as registries
from ..common import extras
from ..common.errors import OutsideError, UserError
from ..rollup.shares import Taker, Update
from ..service import own_store
from ..store import Busy, Store, StoreError
from .likeness import Software, of_registry, software

COME_S = 60.0  # how long the store may be away when a worker first needs it
_mine = threading.local()

# A line that says why a worker cannot take part, and "" where it can.
Why = str


class Held:
    """What a thread holds for one update."""

    def __init__(self, key: str, store: Store, registry: registries.Registry) -> None:
        self.key, self.store, self.registry = key, store, registry
        self.taker: Taker | None = None


def meet(key: str, here: dict[str, Any]) -> tuple[str, Why]:
    """Whether this worker may take shares of an update: (its machine, why not). key: names the
    update. here: what the machine that gives shares has: software, registry, store."""
    machine = socket.gethostname()
    # Before the store is opened: another version might bring its schema up to date.
    expected = msgspec.convert(here["software"], Software)
    if why := expected.differs(software()):
        return machine, why
    try:
        held = _hold(key)
    except (UserError, OutsideError) as error:
        return machine, str(error).partition("\n")[0]
    except ModuleNotFoundError as error:
        return machine, extras.missing(error) or str(error)
    if why := _other(held, here):
        _leave()
    return machine, why


def take(
    key: str, here: dict[str, Any], update: dict[str, Any], boards: tuple[str, ...]
) -> tuple[int, int, int] | str | None:
    """(bins, days, revisions) of these boards, brought up to date; a line where that failed; None
    where this worker may not (see meet)."""
    if (getattr(_mine, "held", None) is None or _mine.held.key != key) and meet(key, here)[1]:
        return None
    held: Held = _mine.held
    if held.taker is None:
        held.taker = Taker(held.store, held.registry, msgspec.convert(update, Update))
    try:
        done = held.taker.take(boards)
    except (UserError, OutsideError) as error:
        return str(error).partition("\n")[0]
    return done.bins, done.computed, done.revisions


def _hold(key: str) -> Held:
    _leave()
    where, folder = own_store.named(os.environ)
    registry = registries.load(folder)
    end = time.monotonic() + COME_S
    while True:
        try:
            store = Store(where)
            break
        except (StoreError, Busy) as error:
            if isinstance(where, Path) or time.monotonic() > end:
                raise OutsideError(str(error)) from None
            time.sleep(1)
    held = _mine.held = Held(key, store, registry)
    gc.freeze()  # a registry has no cycles; each search for some would go through all of it
    return held


def _leave() -> None:
    held: Held | None = getattr(_mine, "held", None)
    _mine.held = None
    if held is not None:
        held.store.close()


def _other(held: Held, here: dict[str, Any]) -> Why:
    where, folder = own_store.named(os.environ)
    if held.store.database.identity() != here["store"]:
        return f"its configuration names {where}, which is another store than that of here"
    if of_registry(held.registry) != here["registry"]:
        return (
            f"its registry {folder.resolve()} is another one than here: copy the one of here there"
        )
    archived = held.store.archived
    if missing := [f for f in held.store.archive_files() if not (archived / f).is_file()]:
        return f"{archived.resolve()} lacks {missing[0]}: expected the archive of the store there"
    return ""
