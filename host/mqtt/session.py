"""A session at the broker: connect, subscribe, publish and end, each in bounded time.

Everything but the ingester uses it; what the ingester needs instead is in `consumer`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Self

from ..common.errors import OutsideError
from .broker import Broker

if TYPE_CHECKING:
    import paho.mqtt.client as paho

log = logging.getLogger("qingyun.mqtt")

Topics = list[tuple[str, int]]  # filter, QoS
Handler = Callable[[str, bytes, bool], None]  # topic, payload, whether it was retained
Change = Callable[[bool, str | None], None]  # connected; why not, None after a loss
FILTERS = 500  # topic filters in one SUBSCRIBE
RECONNECT_S = 1, 30  # the first and the longest wait between two attempts
_STEP_S = 0.02


class SessionError(OutsideError):
    """The broker does not do its part; one line that begins with the broker."""


def subscribe(client: paho.Client, topics: Topics) -> None:
    """Ask for all topics, at most FILTERS in one packet."""
    for start in range(0, len(topics), FILTERS):
        client.subscribe(topics[start : start + FILTERS])


class Session:
    """One session, run by paho's thread, which connects and subscribes again after a loss.

    on_message and on_change are called in that thread. open(), also as `with Session(…)`, waits
    for the broker; start() does not."""

    def __init__(
        self,
        broker: Broker,
        topics: Topics | None = None,
        *,
        on_message: Handler = lambda topic, payload, retained: None,
        on_change: Change = lambda connected, problem: None,
        answer_s: float = 30.0,
        keepalive_s: int = 60,
    ) -> None:
        """answer_s: seconds for the broker to accept the client, or to acknowledge messages."""
        self.connected = False
        self.broker = broker
        self._topics = topics or []
        self._on_change = on_change
        self._answer_s = answer_s
        self._keepalive_s = keepalive_s
        self._problem: str | None = None
        self._subscribed = 0  # topics, of this connection
        self._was_ready = False
        self._in_background = False
        self._acknowledged: set[int] = set()  # packet ids, of the publish() under way
        client = broker.client()
        client.reconnect_delay_set(*RECONNECT_S)
        client.on_connect = self._connected
        client.on_connect_fail = lambda *_: on_change(False, "")
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._lost
        client.on_publish = lambda *args: self._acknowledged.add(args[2])
        client.on_message = lambda _c, _u, m: on_message(m.topic, bytes(m.payload), m.retain)
        self._client = client

    def open(self) -> Self:
        """Connect and wait until every topic is subscribed; SessionError otherwise."""
        try:
            self._client.connect(self.broker.host, self.broker.port, self._keepalive_s)
        except OSError as error:
            raise SessionError(f"{self.broker}: {error}") from None
        self._client.loop_start()
        try:
            self._wait(lambda: self._was_ready, f"did not answer within {self._answer_s:.0f} s")
        except BaseException:
            self.close()
            raise
        return self

    def start(self) -> None:
        """Connect now or whenever the broker is there; refusals go to the log."""
        self._in_background = True
        self._client.connect_async(self.broker.host, self.broker.port, self._keepalive_s)
        self._client.loop_start()

    def close(self) -> None:
        """End the session; nothing happens when it has ended."""
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def check(self) -> None:
        """SessionError when the broker has refused this client."""
        if self._problem is not None:
            raise SessionError(f"{self.broker}: {self._problem}")

    def send(self, topic: str, payload: str) -> None:
        """Publish at QoS 1 without waiting for the broker."""
        self._client.publish(topic, payload, qos=1)

    def publish(
        self, messages: Iterable[tuple[str, str | bytes | None]], *, retain: bool = False
    ) -> None:
        """Publish at QoS 1 and wait until the broker has acknowledged all; SessionError otherwise.

        Packet ids are counted because paho's is_published() raises RuntimeError for what was
        queued during a loss, even after the broker has acknowledged it."""
        self._acknowledged.clear()
        waiting = {self._client.publish(t, p, qos=1, retain=retain).mid for t, p in messages}
        overdue = f"did not acknowledge within {self._answer_s:.0f} s"
        self._wait(lambda: waiting <= self._acknowledged, overdue)

    def _wait(self, done: Callable[[], bool], overdue: str) -> None:
        end = time.monotonic() + self._answer_s
        while True:
            self.check()
            if done():
                return
            if time.monotonic() > end:
                raise SessionError(f"{self.broker}: {overdue}")
            time.sleep(_STEP_S)

    # Callbacks of paho

    def _connected(self, client: paho.Client, *args: Any) -> None:
        if args[2].is_failure:
            self._refuse(f"refused the connection: {args[2]}")
            self._on_change(False, str(args[2]))
            return
        self.connected = True
        self._subscribed = 0
        self._was_ready = self._was_ready or not self._topics
        subscribe(client, self._topics)
        self._on_change(True, None)

    def _on_subscribe(self, *args: Any) -> None:
        if failed := [code for code in args[3] if code.is_failure]:
            self._refuse(f"refused the subscription: {failed[0]}")
        self._subscribed += len(args[3])
        self._was_ready = self._was_ready or self._subscribed >= len(self._topics)

    def _lost(self, *args: Any) -> None:
        self.connected = False
        if not self._was_ready:
            self._refuse(f"closed the connection: {args[3]}")
        self._on_change(False, None)

    def _refuse(self, problem: str) -> None:
        if self._in_background:
            log.warning("%s: %s", self.broker, problem)
        self._problem = self._problem or problem
