"""Commands to boards over the session that the page has at the broker: a broker may throw out
the first of two with the same user."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field
from typing import Any

from ..calibration.ways import BoardError, Replies, ask
from ..mqtt.session import Session

BoardKey = tuple[str, str]  # site, device


@dataclass
class Asking:
    """Who waits for the replies of which board."""

    _waiting: dict[BoardKey, list[Replies]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def heard(self, board: BoardKey, reply: bytes) -> None:
        """Hand a reply of a board to those who wait for one."""
        with self._lock:
            for replies in self._waiting.get(board, ()):
                replies.put(reply)

    def ask(self, session: Session | None, board: BoardKey, do: str, **what: Any) -> Any:
        """The board's answer; Refused, or BoardError without one. Waits for it."""

        def send(topic: str, payload: str) -> None:
            if session is None or not session.connected:  # paho would send it some time later
                raise BoardError("the broker is away: nothing was sent")
            session.send(topic, payload)

        replies: Replies = queue.Queue()
        with self._lock:
            self._waiting.setdefault(board, []).append(replies)
        try:
            return ask(send, replies, "qingyun/1/{}/{}".format(*board), do, **what)
        finally:
            with self._lock:
                self._waiting[board].remove(replies)
                if not self._waiting[board]:
                    del self._waiting[board]
