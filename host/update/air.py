"""The broker's side of an update: chunks, commands, and what boards say of themselves."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Iterable
from typing import Any

import paho.mqtt.client as paho

from ..mqtt.broker import Broker
from .bundle import Bundle

ANSWER_S = 30  # seconds the broker has to take a message
_SETTLE_S = 1.0  # without a retained message for so long, there are no more
Said = tuple[str, str, bytes]  # device, last level of the topic, payload


class AirError(Exception):
    """The broker does not do its part; one line."""


class Air:
    """One session at the broker; raises AirError when that ends."""

    def __init__(self, broker: Broker, places: Iterable[tuple[str, str]]) -> None:
        """places: (site, device) of each board."""
        self._broker = broker
        self._base = {device: f"qingyun/1/{site}/{device}" for site, device in places}
        self._heard: queue.Queue[Said] = queue.Queue()
        self._refused: list[str] = []
        self._subscribed = 0
        self._client = broker.client()
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe

    def _on_connect(self, client: paho.Client, *args: Any) -> None:
        if args[2].is_failure:
            self._refused.append(f"refused the connection: {args[2]}")
            return
        topics = [f"{b}/{w}" for b in self._base.values() for w in ("birth", "status", "reply")]
        for n in range(0, len(topics), 60):  # also after a connection was lost
            client.subscribe([(t, 1) for t in topics[n : n + 60]])

    def _on_subscribe(self, *args: Any) -> None:
        if any(code.is_failure for code in args[3]):
            self._refused.append("does not let this client read what boards say")
        self._subscribed += len(args[3])

    def _on_message(self, _c: paho.Client, _u: Any, message: paho.MQTTMessage) -> None:
        _, device, what = message.topic.rsplit("/", 2)
        self._heard.put((device, what, bytes(message.payload)))

    def __enter__(self) -> Air:
        try:
            self._client.connect(self._broker.host, self._broker.port)
        except OSError as error:
            raise AirError(f"{self._broker}: {error}") from None
        self._client.loop_start()
        end = time.monotonic() + ANSWER_S
        while self._subscribed < 3 * len(self._base) and time.monotonic() < end:
            self._check()
            time.sleep(0.02)
        if self._subscribed < 3 * len(self._base):
            raise AirError(f"{self._broker}: did not answer within {ANSWER_S} s")
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _check(self) -> None:
        if self._refused:
            raise AirError(f"{self._broker}: {self._refused[0]}")

    def publish(self, messages: Iterable[tuple[str, bytes]], retain: bool) -> None:
        """With QoS 1; returns when the broker has them all."""
        sent = [self._client.publish(t, p, qos=1, retain=retain) for t, p in messages]
        end = time.monotonic() + ANSWER_S
        while not all(info.is_published() for info in sent):
            self._check()
            if time.monotonic() > end:
                raise AirError(f"{self._broker}: did not acknowledge within {ANSWER_S} s")
            time.sleep(0.02)

    def offer(self, bundle: Bundle) -> None:
        """Put the chunks where boards ask for them."""
        self.publish(chunk_messages(bundle), retain=True)

    def clear(self, bundle: Bundle) -> None:
        """Take them away again."""
        self.publish([(topic, b"") for topic, _ in chunk_messages(bundle)], retain=True)

    def command(self, device: str, body: dict[str, Any]) -> None:
        self.publish([(f"{self._base[device]}/command", json.dumps(body).encode())], retain=False)

    def hear(self, seconds: float) -> Said | None:
        """The next that a board says, or None."""
        self._check()
        try:
            return self._heard.get(timeout=seconds)
        except queue.Empty:
            return None

    def kept(self) -> list[Said]:
        """What the broker has kept of the boards."""
        said = []
        while one := self.hear(_SETTLE_S):
            said.append(one)
        return said


def chunk_messages(bundle: Bundle) -> list[tuple[str, bytes]]:
    """Topic and payload of each chunk."""
    return [(f"qingyun/1/update/{bundle.id}/{n}", c) for n, c in enumerate(bundle.chunks)]
