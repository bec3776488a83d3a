"""From the broker to every viewer: each message is read once, each change is sent once.

The session's thread only keeps the latest message of each topic of a board. A task of the
server's loop reads them a few times a second and writes one text for all viewers of the same."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..mqtt.board_state import Board
from ..mqtt.broker import Broker
from ..mqtt.session import Session
from .asking import Asking, BoardKey
from .language import Words, words
from .link import Link
from .live import Live
from .live_status import site_now
from .scope import DISTRICT, Scope
from .weigh_live import platforms_now

TICK_S = 0.4
TOPICS = ("status", "birth", "state", "reading")
MOST_VIEWERS = 500
MOST_OF_ACCOUNT, MOST_OF_ADDRESS = 20, 200
WEIGH = "weigh:"  # the topic of the platforms of a site, for who weighs there
LINK_S = 10.0  # seconds without an event after which a browser is cut off
_BEHIND = 64  # events in a viewer's queue; above, the stream ends and it connects again
_log = logging.getLogger("qingyun.serve")

ViewerKey = tuple[str, str, Scope]  # topic, language


class Full(Exception):
    """There are as many viewers as there may be. mine: of this account or address."""

    def __init__(self, *, mine: bool) -> None:
        super().__init__()
        self.mine = mine


@dataclass(frozen=True)
class Seat:
    """Whose a stream is. account: the id of the account row; token: the cookie of the session, ""
    for a machine."""

    name: str
    account: int
    address: str
    token: str = ""


NOBODY = Seat("", 0, "")


@dataclass(eq=False)
class Viewer:
    """One open stream. topic: district, sites, site:NAME, weigh:NAME. None in the queue ends it."""

    topic: str
    language: str
    seat: Seat = NOBODY
    scope: Scope = DISTRICT
    queue: asyncio.Queue[bytes | None] = field(
        default_factory=lambda: asyncio.Queue(maxsize=_BEHIND)
    )

    def end(self) -> None:
        """End the stream; what is in its queue is not sent any more."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


def text(event: str, body: object) -> bytes:
    """A server-sent event (WHATWG HTML, server-sent events)."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event}\ndata: {data}\n\n".encode()


def site_of(topic: str) -> str:
    """The site that a topic is of; "" of one that is of many."""
    return topic.partition(":")[2]


def snapshot(live: Live, topic: str, words: Words) -> bytes:
    """The events that a new viewer of a topic needs; none of a site outside."""
    site = site_of(topic)
    if site and site not in live.registry.sites:
        return b""
    if topic == "district":
        return text("district", live.district())
    if topic == "sites":
        now = time.time()
        return text("sites", [site_now(live, s, now, words) for s in live.heard_sites()])
    if topic.startswith(WEIGH):
        return text("weigh", platforms_now(live, site, time.time()))
    return text("site", live.site(site, words))


@dataclass
class Hub(Live):
    """Every board that was heard, and every viewer. part_of: what viewers of a scope are told
    of."""

    boards: dict[BoardKey, Board] = field(default_factory=dict)
    link: Link = field(default_factory=lambda: Link(wanted=False, connected=False, since=0.0))
    heard_at: float | None = None  # when the last message came that was not retained
    alarms_changed: Callable[[], None] = lambda: None
    part_of: Callable[[Scope], Live] | None = None
    _viewers: dict[ViewerKey, set[Viewer]] = field(default_factory=dict)
    _inbox: dict[BoardKey, dict[str, tuple[bytes, bool, float]]] = field(default_factory=dict)
    _asking: Asking = field(default_factory=Asking)
    _events: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _session: Session | None = None
    _last_district: dict[Scope, bytes] = field(default_factory=dict)
    _link_sent: tuple[float, dict[str, Any]] = (0.0, {})  # when which link was sent

    # The broker's side

    def connect(self, broker: Broker) -> None:
        """Listen to the broker, from now on or as soon as it answers."""
        self.link = Link(wanted=True, connected=False, since=time.time())
        wanted = [(f"qingyun/1/+/+/{topic}", 0) for topic in TOPICS]
        self._session = Session(
            broker,
            [*wanted, ("qingyun/1/+/event", 1), ("qingyun/1/+/+/reply", 1)],
            on_message=self.take,
            on_change=self._link_changed,
            keepalive_s=30,
        )
        self._session.start()

    def close(self) -> None:
        """End the session at the broker."""
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
        """Keep one message; an empty one only removed what was retained."""
        now = time.time()
        parts = topic.split("/")
        if len(parts) == 4 and parts[3] == "event":
            self._events += 1
        if len(parts) != 5 or not payload or parts[2] not in self.registry.sites:
            return
        if not retained:
            self.heard_at = now
        if parts[4] == "reply":
            self._asking.heard((parts[2], parts[3]), payload)
            return
        with self._lock:
            came = self._inbox.setdefault((parts[2], parts[3]), {})
            came.pop(parts[4], None)
            came[parts[4]] = payload, retained, now

    def ask(self, site: str, device: str, do: str, **what: Any) -> Any:
        """The answer of a board; as Asking.ask()."""
        return self._asking.ask(self._session, (site, device), do, **what)

    # The viewers' side

    def join(
        self, topic: str, language: str, seat: Seat = NOBODY, scope: Scope = DISTRICT
    ) -> Viewer:
        """Add a viewer, whose queue begins with the whole of its topic; Full at MOST_VIEWERS, or
        at those of its account or address."""
        seats = [v.seat for v in self.everybody()]
        if len(seats) >= MOST_VIEWERS:
            raise Full(mine=False)
        of_account = sum(s.name == seat.name for s in seats)
        of_address = sum(s.address == seat.address for s in seats)
        if seat != NOBODY and (of_account >= MOST_OF_ACCOUNT or of_address >= MOST_OF_ADDRESS):
            raise Full(mine=True)
        viewer = Viewer(topic, language, seat, scope)
        link = text("link", self.link_status(time.time()))
        whole = snapshot(self._part(scope), topic, words()[language]) + link
        viewer.queue.put_nowait(b"retry: 2000\n\n" + whole)
        self._viewers.setdefault((topic, language, scope), set()).add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Remove a viewer."""
        key = viewer.topic, viewer.language, viewer.scope
        same = self._viewers.get(key, set())
        same.discard(viewer)
        if not same:
            self._viewers.pop(key, None)

    def everybody(self) -> list[Viewer]:
        """Every viewer."""
        return [v for same in self._viewers.values() for v in same]

    def viewers(self) -> int:
        """How many viewers there are."""
        return sum(map(len, self._viewers.values()))

    def end(self, gone: Callable[[Viewer], bool]) -> None:
        """End the streams of those who may see nothing any more."""
        for viewer in self.everybody():
            if gone(viewer):
                viewer.end()

    def _part(self, scope: Scope) -> Live:
        return self if self.part_of is None else self.part_of(scope)

    def sees(self, viewer: Viewer) -> bool:
        """Whether the topic of a viewer is still in its scope."""
        site = site_of(viewer.topic)
        return not site or site in self._part(viewer.scope).registry.sites

    def link_status(self, now: float) -> dict[str, Any]:
        """The state of the connection to the broker, as pages show it."""
        return self.link.status(self.heard_at, now)

    def step(self, now: float) -> set[str]:
        """Read the messages that came since the last step; the sites that have changed."""
        with self._lock:
            came, self._inbox = self._inbox, {}
        changed = self.alarmed.changed()
        for key, messages in came.items():
            board = self.boards.setdefault(key, Board(*key))
            for kind, (payload, retained, came_at) in messages.items():
                if board.take(kind, payload, retained, came_at):
                    changed.add(key[0])
            if key[0] in changed:
                self.slopes.saw(key[1], board.state, now)
        return changed

    def tell(self, changed: set[str]) -> None:
        """Send what has changed to the viewers of it who may see it, in their language."""
        now = time.time()
        self._tell_link(now)
        district: dict[Scope, bytes] = {}
        for scope in {scope for topic, _, scope in self._viewers if topic == "district"}:
            event = text("district", self._part(scope).district())
            if event != self._last_district.get(scope):
                district[scope] = event
        self._last_district |= district
        for key in self._viewers:
            topic, language, scope = key
            part, in_words = self._part(scope), words()[language]
            if topic == "district":
                if scope in district:
                    self._send(key, district[scope])
                continue
            mine = sorted(changed & part.registry.sites.keys())
            if topic == "sites":
                if mine:
                    self._send(key, text("sites", [site_now(part, s, now, in_words) for s in mine]))
            elif site_of(topic) in mine:
                self._send(key, snapshot(part, topic, in_words))

    def _tell_link(self, now: float) -> None:
        """Send the link when it has changed, and at least every LINK_S, so that a browser notices
        when it is cut off."""
        link = self.link_status(now)
        standing = {k: v for k, v in link.items() if k != "heard"}
        if standing == self._link_sent[1] and now - self._link_sent[0] < LINK_S:
            return
        self._link_sent = now, standing
        for key in self._viewers:
            self._send(key, text("link", link))

    def _send(self, key: ViewerKey, event: bytes) -> None:
        for viewer in self._viewers.get(key, ()):
            try:
                viewer.queue.put_nowait(event)
            except asyncio.QueueFull:  # too slow: it connects again
                viewer.end()

    async def run(self) -> None:
        """Step and tell every TICK_S until the task is cancelled."""
        events = 0
        while True:
            await asyncio.sleep(TICK_S)
            try:
                if self._events != events:
                    events = self._events
                    self.alarms_changed()
                self.tell(self.step(time.time()))
            except Exception:  # one bad message must not stop the updates of all
                _log.exception("live: a step failed")
