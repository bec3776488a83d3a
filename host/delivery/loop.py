"""The loop that sends what is due: once, or again and again until it is stopped."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ..common.errors import UserError
from ..store import Busy, Store, StoreError
from ..store import delivery as rows
from .due import Channel, step
from .recipients import Recipients

log = logging.getLogger("qingyun.deliver")
Read = Callable[[], tuple[Recipients | None, list[Channel]]]  # who is told, and how


def once(db: Path | str, channel: Channel) -> bool:
    """Deliver everything that is due; whether something waits because it was not accepted."""
    store = Store(db)
    try:
        while True:
            while step(store, channel, int(time.time())):
                pass
            at = channel.standing(store, int(time.time()))
            wait = at.next_t - int(time.time())
            if at.tries or wait <= 0 or channel.digest_s or not rows.waiting(store, at):
                return at.tries > 0
            time.sleep(wait)  # this channel takes one message after the other
    finally:
        store.close()


def retire(db: Path | str, channels: list[Channel]) -> None:
    """Channels that are no more have nothing that waits."""
    store = Store(db)
    try:
        rows.retire(store, [c.name for c in channels])
    finally:
        store.close()


def forever(db: Path | str, read: Read, every: int) -> None:
    """Deliver every so many seconds until SIGTERM or Ctrl-C, each channel in a thread of its own,
    so that one that hangs delays no other. Recipients that somebody has changed count from the next
    turn on; a mistake in them is logged once, and the last that were right go on."""
    who, channels = read()
    asked: list[int] = []  # a handler that sets the Event hangs where wait() holds its lock
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _: asked.append(number))
    trouble = ""
    crew = Crew(db, channels, every)
    while not asked:
        began = time.monotonic()
        while not asked and time.monotonic() - began < every:
            time.sleep(0.2)
        if asked:
            break
        try:
            now_who, channels = read()
            trouble = ""
        except UserError as error:  # somebody may be editing the file
            if str(error) != trouble:
                trouble = str(error)
                log.error("%s; who was told before is told on", error)
            continue
        if now_who != who:
            crew.leave()
            who, crew = now_who, Crew(db, channels, every)
    crew.leave()


class Crew:
    """The threads of some channels."""

    def __init__(self, db: Path | str, channels: list[Channel], every: int) -> None:
        retire(db, channels)
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=_loop, args=(db, c, every, self._over), daemon=True)
            for c in channels
        ]
        for thread in self._threads:
            thread.start()
        log.info("alarms go to %s, every %d s", " and ".join(c.name for c in channels), every)

    def leave(self) -> None:
        """End them; a message still under way is sent again later."""
        self._over.set()
        until = time.monotonic() + 10
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))


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
