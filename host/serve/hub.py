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
from ..registry import Bin, Registry
from .asking import Asking, BoardKey
from .language import Words, words
from .link import Link
from .live_status import Alarmed, Slopes, board_now, site_now
from .weigh_live import platforms_now

TICK_S = 0.4
TOPICS = ("status", "birth", "state", "reading")
MOST_VIEWERS = 500
MOST_OF_ACCOUNT, MOST_OF_ADDRESS = 20, 200
WEIGH = "weigh:"  # the topic of the platforms of a site, for who weighs there
LINK_S = 10.0  # seconds without an event after which a browser is cut off
_BEHIND = 64  # events in a viewer's queue; above, the stream ends and it connects again
_log = logging.getLogger("qingyun.serve")

ViewerKey = tuple[str, str]  # topic, language


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


@dataclass
class Hub:
    """Every board that was heard, and every viewer."""

    registry: Registry
    boards: dict[BoardKey, Board] = field(default_factory=dict)
    link: Link = field(default_factory=lambda: Link(wanted=False, connected=False, since=0.0))
    heard_at: float | None = None  # when the last message came that was not retained
    slopes: Slopes = field(default_factory=Slopes)
    alarmed: Alarmed = field(default_factory=Alarmed)
    alarms_changed: Callable[[], None] = lambda: None
    _viewers: dict[ViewerKey, set[Viewer]] = field(default_factory=dict)
    _inbox: dict[BoardKey, dict[str, tuple[bytes, bool, float]]] = field(default_factory=dict)
    _asking: Asking = field(default_factory=Asking)
    _events: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _session: Session | None = None
    _last_district: bytes = b""
    _link_sent: tuple[float, dict[str, Any]] = (0.0, {})  # when which link was sent
    extra: dict[str, Any] = field(default_factory=dict)  # of the district: alarms and masses
    devices_of: dict[str, list[str]] = field(default_factory=dict)
    bins_of: dict[str, list[Bin]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for device in self.registry.devices.values():
            self.devices_of.setdefault(device.site, []).append(device.device)
        for bin_ in self.registry.bins:
            self.bins_of.setdefault(bin_.site, []).append(bin_)

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

    def join(self, topic: str, language: str, seat: Seat = NOBODY) -> Viewer:
        """Add a viewer, whose queue begins with the whole of its topic; Full at MOST_VIEWERS, or
        at those of its account or address."""
        seats = [v.seat for v in self.everybody()]
        if len(seats) >= MOST_VIEWERS:
            raise Full(mine=False)
        of_account = sum(s.name == seat.name for s in seats)
        of_address = sum(s.address == seat.address for s in seats)
        if seat != NOBODY and (of_account >= MOST_OF_ACCOUNT or of_address >= MOST_OF_ADDRESS):
            raise Full(mine=True)
        viewer = Viewer(topic, language, seat)
        link = text("link", self.link_status(time.time()))
        viewer.queue.put_nowait(b"retry: 2000\n\n" + self.snapshot(topic, words()[language]) + link)
        self._viewers.setdefault((topic, language), set()).add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Remove a viewer."""
        key = viewer.topic, viewer.language
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

    def end(self, gone: Callable[[Seat], bool]) -> None:
        """End the streams of those who may see nothing any more."""
        for viewer in self.everybody():
            if gone(viewer.seat):
                viewer.end()

    def snapshot(self, topic: str, words: Words) -> bytes:
        """The events that a new viewer of a topic needs."""
        if topic == "district":
            return text("district", self.district())
        if topic == "sites":
            now = time.time()
            return text("sites", [site_now(self, s, now, words) for s in self.heard_sites()])
        if topic.startswith(WEIGH):
            return text("weigh", platforms_now(self, topic.removeprefix(WEIGH), time.time()))
        return text("site", self.site(topic.removeprefix("site:"), words))

    def link_status(self, now: float) -> dict[str, Any]:
        """The state of the connection to the broker, as pages show it."""
        return self.link.status(self.heard_at, now)

    def heard_sites(self) -> list[str]:
        """Sites of which at least one board was heard."""
        return list(dict.fromkeys(site for site, _ in self.boards))

    def district(self) -> dict[str, Any]:
        """Boards by state, with the masses and alarms in `extra`."""
        counts = {"online": 0, "offline": 0, "safe": 0, "unknown": 0}
        for device, where in self.registry.devices.items():
            board = self.boards.get((where.site, device))
            counts[(board and board.status in counts and board.status) or "unknown"] += 1
        return {"boards": counts, **self.extra}

    def site(self, site: str, words: Words | None = None) -> dict[str, Any]:
        """A site and its boards; without words as the API sends them."""
        now = time.time()
        devices = [board_now(self, site, d, now, words) for d in self.devices_of.get(site, ())]
        return {"site": site, "now": site_now(self, site, now, words), "boards": devices}

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
        """Send what has changed to the viewers of it, in their language."""
        now, district = time.time(), b""
        self._tell_link(now)
        if any(topic == "district" for topic, _ in self._viewers):
            event = text("district", self.district())
            if event != self._last_district:
                self._last_district = district = event
        for topic, language in self._viewers:
            in_words = words()[language]
            if topic == "district":
                if district:
                    self._send((topic, language), district)
            elif topic == "sites":
                if changed:
                    rows = [site_now(self, s, now, in_words) for s in sorted(changed)]
                    self._send((topic, language), text("sites", rows))
            elif topic.removeprefix("site:").removeprefix(WEIGH) in changed:
                self._send((topic, language), self.snapshot(topic, in_words))

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
