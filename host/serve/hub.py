"""From the broker to every viewer: each message is taken once, each change told once.

The session's thread only keeps the latest of each board's topics. A task of the server's loop
goes through them a few times a second, and writes one text for all who look at the same."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from host.mqtt.board_state import Board
from host.mqtt.broker import Broker
from host.mqtt.session import Session
from host.registry import Bin, Registry
from host.serve.language import Words, words
from host.serve.link import Link
from host.serve.live_status import Slopes, board_now, site_now

TICK_S = 0.4
TOPICS = ("status", "birth", "state", "reading")
MOST_VIEWERS = 500
LINK_S = 10.0  # a browser that hears nothing for longer than this knows that it is cut off
_BEHIND = 64  # texts that a viewer may be late; then it must begin anew
_log = logging.getLogger("qingyun.serve")

Key = tuple[str, str]  # site, device; of viewers: topic, language


class Full(Exception):
    """There are as many viewers as there may be."""


@dataclass(eq=False)
class Viewer:
    """One open stream. topic: district, sites, or site:NAME."""

    topic: str
    language: str
    queue: asyncio.Queue[bytes | None] = field(
        default_factory=lambda: asyncio.Queue(maxsize=_BEHIND)
    )


def text(event: str, body: object) -> bytes:
    """A server-sent event."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event}\ndata: {data}\n\n".encode()


@dataclass
class Hub:
    """Every board heard of, and who looks."""

    registry: Registry
    boards: dict[Key, Board] = field(default_factory=dict)
    link: Link = field(default_factory=lambda: Link(wanted=False, connected=False, since=0.0))
    heard_at: float | None = None  # when a message came that the broker had not merely kept
    slopes: Slopes = field(default_factory=Slopes)
    alarms_changed: Callable[[], None] = lambda: None
    _viewers: dict[Key, set[Viewer]] = field(default_factory=dict)
    _came: dict[Key, dict[str, tuple[bytes, bool, float]]] = field(default_factory=dict)
    _events: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _session: Session | None = None
    _was: bytes = b""
    _linked: tuple[float, dict[str, Any]] = (0.0, {})  # when what was told of the link
    extra: dict[str, Any] = field(default_factory=dict)  # of the district: alarms, figures
    devices_of: dict[str, list[str]] = field(default_factory=dict)
    bins_of: dict[str, list[Bin]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for device in self.registry.devices.values():
            self.devices_of.setdefault(device.site, []).append(device.device)
        for bin_ in self.registry.bins:
            self.bins_of.setdefault(bin_.site, []).append(bin_)

    # The broker's side

    def connect(self, broker: Broker) -> None:
        """Listen, now or whenever the broker is there."""
        self.link = Link(wanted=True, connected=False, since=time.time())
        wanted = [(f"qingyun/1/+/+/{topic}", 0) for topic in TOPICS]
        self._session = Session(
            broker,
            [*wanted, ("qingyun/1/+/event", 1)],
            on_message=self.take,
            on_change=self._link_changed,
            keepalive_s=30,
        )
        self._session.start()

    def close(self) -> None:
        if self._session is not None:
            self._session.close()

    def _link_changed(self, connected: bool, problem: str | None) -> None:
        if connected:
            self.link = self.link.made(time.time())
        elif problem is None:
            self.link = self.link.lost(time.time())
        else:
            self.link = self.link.refused(problem)

    def take(self, topic: str, payload: bytes, retained: bool) -> None:
        """Take one message; an empty one has only removed what was retained."""
        now = time.time()
        parts = topic.split("/")
        if len(parts) == 4 and parts[3] == "event":
            self._events += 1
        if len(parts) != 5 or not payload or parts[2] not in self.registry.sites:
            return
        if not retained:
            self.heard_at = now
        with self._lock:
            came = self._came.setdefault((parts[2], parts[3]), {})
            came.pop(parts[4], None)
            came[parts[4]] = payload, retained, now

    # The viewers' side

    def join(self, topic: str, language: str) -> Viewer:
        if sum(map(len, self._viewers.values())) >= MOST_VIEWERS:
            raise Full
        viewer = Viewer(topic, language)
        whole = self.whole(topic, words()[language]) + text("link", self.linked(time.time()))
        viewer.queue.put_nowait(b"retry: 2000\n\n" + whole)
        self._viewers.setdefault((topic, language), set()).add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        key = viewer.topic, viewer.language
        same = self._viewers.get(key, set())
        same.discard(viewer)
        if not same:
            self._viewers.pop(key, None)

    def viewers(self) -> int:
        return sum(map(len, self._viewers.values()))

    def whole(self, topic: str, words: Words) -> bytes:
        """What somebody who begins to look must know."""
        if topic == "district":
            return text("district", self.district())
        if topic == "sites":
            return text("sites", [site_now(self, s, time.time(), words) for s in self.heard()])
        return text("site", self.site(topic.removeprefix("site:"), words))

    def linked(self, now: float) -> dict[str, Any]:
        """Whether the broker is heard, as pages say it."""
        return self.link.said(self.heard_at, now)

    def heard(self) -> list[str]:
        """Sites of which a board was heard."""
        return list(dict.fromkeys(site for site, _ in self.boards))

    def district(self) -> dict[str, Any]:
        """Boards by state, and what others have added."""
        counts = {"online": 0, "offline": 0, "safe": 0, "unknown": 0}
        for device, where in self.registry.devices.items():
            board = self.boards.get((where.site, device))
            status = board.status if board and board.status in counts else "unknown"
            counts[status or "unknown"] += 1
        return {"boards": counts, **self.extra}

    def site(self, site: str, words: Words | None = None) -> dict[str, Any]:
        """Without words as the API has it."""
        now = time.time()
        devices = [board_now(self, site, d, now, words) for d in self.devices_of.get(site, ())]
        return {"site": site, "now": site_now(self, site, now, words), "boards": devices}

    def step(self, now: float) -> set[str]:
        """Go through what came; the sites of which there is something new."""
        with self._lock:
            came, self._came = self._came, {}
        changed = set()
        for key, messages in came.items():
            board = self.boards.setdefault(key, Board(*key))
            for level, (payload, retained, came_at) in messages.items():
                if board.take(level, payload, retained, came_at):
                    changed.add(key[0])
            if key[0] in changed:
                self.slopes.saw(key[1], board.state, now)
        return changed

    def tell(self, changed: set[str]) -> None:
        """Write what is new to those who look at it, in their language."""
        now, district = time.time(), b""
        self._tell_link(now)
        if any(topic == "district" for topic, _ in self._viewers):
            event = text("district", self.district())
            if event != self._was:
                self._was = district = event
        for topic, language in self._viewers:
            in_words = words()[language]
            if topic == "district":
                if district:
                    self._send((topic, language), district)
            elif topic == "sites":
                if changed:
                    rows = [site_now(self, s, now, in_words) for s in sorted(changed)]
                    self._send((topic, language), text("sites", rows))
            elif (site := topic.removeprefix("site:")) in changed:
                self._send((topic, language), text("site", self.site(site, in_words)))

    def _tell_link(self, now: float) -> None:
        """When it is another, and now and then: so a browser knows that it is not cut off."""
        link = self.linked(now)
        standing = {k: v for k, v in link.items() if k != "heard"}
        if standing == self._linked[1] and now - self._linked[0] < LINK_S:
            return
        self._linked = now, standing
        for key in self._viewers:
            self._send(key, text("link", link))

    def _send(self, key: Key, event: bytes) -> None:
        for viewer in self._viewers.get(key, ()):
            try:
                viewer.queue.put_nowait(event)
            except asyncio.QueueFull:
                while not viewer.queue.empty():  # too slow: it shall begin anew
                    viewer.queue.get_nowait()
                viewer.queue.put_nowait(None)

    async def run(self) -> None:
        """Until it is cancelled."""
        events = 0
        while True:
            await asyncio.sleep(TICK_S)
            try:
                if self._events != events:
                    events = self._events
                    self.alarms_changed()
                self.tell(self.step(time.time()))
            except Exception:  # one bad message must not end what all look at
                _log.exception("live: a step failed")
