"""The loop that sends what is due: once, or again and again until it is stopped."""

from __future__ import annotations

import logging
import signal
import threading
import time
from pathlib import Path

from ..store import Busy, Store, StoreError
from ..store import delivery as rows
from .due import Channel, step

log = logging.getLogger("qingyun.deliver")


def once(db: Path | str, channel: Channel) -> bool:
    """Deliver everything that is due; whether something waits because it was not accepted."""
    store = Store(db)
    try:
        while True:
            while step(store, channel, int(time.time())):
                pass
            at = rows.standing(store, channel.name, 0)
            wait = at.next_t - int(time.time())
            if at.tries or wait <= 0 or not rows.waiting(store, at):
                return at.tries > 0
            time.sleep(wait)  # this channel takes one message after the other
    finally:
        store.close()


def forever(db: Path | str, channels: list[Channel], every: int) -> None:
    """Deliver every so many seconds until SIGTERM or Ctrl-C, each channel in a thread of its own,
    so that one that hangs delays no other."""
    Store(db).close()  # a store that cannot be opened fails here
    over = threading.Event()
    asked: list[int] = []  # a handler that sets the Event hangs where wait() holds its lock
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _: asked.append(number))
    threads = [
        threading.Thread(target=_loop, args=(db, c, every, over), daemon=True) for c in channels
    ]
    for thread in threads:
        thread.start()
    log.info("alarms go to %s, every %d s", " and ".join(c.name for c in channels), every)
    while not asked:
        time.sleep(0.2)
    over.set()
    for thread in threads:
        thread.join(10)  # a message still under way is sent again later


def _loop(db: Path | str, channel: Channel, every: int, over: threading.Event) -> None:
    while not over.is_set():
        try:
            _drain(db, channel, over)
        except (Busy, StoreError) as error:
            log.error("store: %s; %s waits", error, channel.name)
        except Exception:
            log.exception("%s: stopped by a mistake of this program; it goes on", channel.name)
        over.wait(every)


def _drain(db: Path | str, channel: Channel, over: threading.Event) -> None:
    store = Store(db)
    try:
        while not over.is_set() and step(store, channel, int(time.time())):
            pass
    finally:
        store.close()
