"""The broker's side of an update: chunks, commands, and what boards say of themselves."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterable
from typing import Any

from ..mqtt.broker import Broker
from ..mqtt.session import Session
from .bundle import Bundle

ANSWER_S = 30  # seconds the broker has to take a message
_SETTLE_S = 1.0  # without a retained message for so long, there are no more
BoardMessage = tuple[str, str, bytes]  # device, last level of the topic, payload


class Air:
    """One session at the broker; SessionError when the broker does not answer or refuses."""

    def __init__(self, broker: Broker, places: Iterable[tuple[str, str]]) -> None:
        """places: (site, device) of each board."""
        self._base = {device: f"qingyun/1/{site}/{device}" for site, device in places}
        self._messages: queue.Queue[BoardMessage] = queue.Queue()
        levels = "birth", "status", "reply"
        topics = [(f"{base}/{level}", 1) for base in self._base.values() for level in levels]
        self._session = Session(broker, topics, on_message=self._on_message)

    def _on_message(self, topic: str, payload: bytes, _retained: bool) -> None:
        _, device, level = topic.rsplit("/", 2)
        self._messages.put((device, level, payload))

    def __enter__(self) -> Air:
        self._session.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def offer(self, bundle: Bundle) -> None:
        """Put the chunks where boards ask for them."""
        self._session.publish(chunk_messages(bundle), retain=True)

    def clear(self, bundle: Bundle) -> None:
        """Take them away again."""
        self._session.publish([(topic, b"") for topic, _ in chunk_messages(bundle)], retain=True)

    def command(self, device: str, body: dict[str, Any]) -> None:
        """Send a command to one board; it answers on its reply topic."""
        self._session.publish([(f"{self._base[device]}/command", json.dumps(body))])

    def hear(self, seconds: float) -> BoardMessage | None:
        """The next message of a board, or None when none comes in that time."""
        self._session.check()
        try:
            return self._messages.get(timeout=seconds)
        except queue.Empty:
            return None

    def kept(self) -> list[BoardMessage]:
        """The messages that the broker has kept of the boards."""
        messages = []
        while message := self.hear(_SETTLE_S):
            messages.append(message)
        return messages


def chunk_messages(bundle: Bundle) -> list[tuple[str, bytes]]:
    """Topic and payload of each chunk."""
    return [(f"qingyun/1/update/{bundle.id}/{n}", c) for n, c in enumerate(bundle.chunks)]
