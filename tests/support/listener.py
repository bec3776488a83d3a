"""Somebody at a terminal with an MQTT client: hears every topic, sends commands."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from typing import Any

import paho.mqtt.client as paho
from broker import Broker
from paho.mqtt.enums import CallbackAPIVersion


class Listener:
    """with Listener(broker) as heard: … heard.of("birth")"""

    def __init__(self, broker: Broker, prefix: str = "qingyun/1/hw-09/qy-hw09/") -> None:
        self._prefix = prefix
        self._messages: list[tuple[str, bytes]] = []
        self._news = threading.Condition()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        self._client.connect(broker.host, broker.port)
        self._client.subscribe("qingyun/#", 1)

    def _on_message(self, _c: paho.Client, _u: Any, message: paho.MQTTMessage) -> None:
        with self._news:
            self._messages.append((message.topic, bytes(message.payload)))
            self._news.notify_all()

    def of(self, what: str) -> list[bytes]:
        """Payloads of a topic of the board so far."""
        with self._news:
            return [p for t, p in self._messages if t == self._prefix + what]

    def json(self, what: str) -> list[dict[str, Any]]:
        return [json.loads(p) for p in self.of(what)]

    def wait(self, what: str, count: int = 1, seconds: float = 60) -> bytes:
        """The last payload of a topic once there are so many."""
        end = time.monotonic() + seconds
        while len(got := self.of(what)) < count:
            with self._news:
                left = end - time.monotonic()
                assert left > 0, f"{len(got)} of {count} messages on {what}"
                self._news.wait(min(left, 0.2))
        return got[-1]

    def topics(self, begin: str) -> list[str]:
        """Topics that begin so, with something on them, so far."""
        with self._news:
            return [t for t, p in self._messages if t.startswith(begin) and p]

    def wait_topic(self, topic: str, seconds: float = 90) -> bytes:
        """The latest payload of any topic, once there is one."""
        end = time.monotonic() + seconds
        with self._news:
            while not (got := [p for t, p in self._messages if t == topic]):
                assert time.monotonic() < end, f"nothing on {topic}"
                self._news.wait(0.2)
            return got[-1]

    def ask(self, payload: bytes | dict[str, Any]) -> dict[str, Any]:
        """Send a command; the next reply, and to one with an id that of its own: an answer to
        somebody else may still be on its way."""
        n = len(self.of("reply"))
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        id_ = payload.get("id") if isinstance(payload, dict) else None
        self._client.publish(self._prefix + "command", raw, qos=1)
        while True:
            self.wait("reply", n + 1)
            reply = self.json("reply")[n]
            if id_ is None or reply["id"] == id_:
                return reply
            n += 1

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Any message; returns once the broker has it."""
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def publish_all(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Retained messages; returns once the broker has all. One after the other each would
        wait for its answer, and a simulated board at work meanwhile computes days of waiting."""
        sent = [self._client.publish(t, p, qos=1, retain=True) for t, p in messages]
        for info in sent:
            info.wait_for_publish(10)

    def listen_on(self, seconds: float) -> None:
        """Listen for a while."""
        time.sleep(seconds)

    def __enter__(self) -> Listener:
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()
