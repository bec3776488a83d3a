"""Whether the broker delivers what it grants: some accept a shared subscription and take
`$share/GROUP/…` for a topic of that name, by which nothing ever comes (amqtt 0.12, aedes 1).

A message to oneself by each kind of subscription tells: where the plain one comes and the shared
one does not, the broker does not know them. Where neither comes, nothing can be said."""

from __future__ import annotations

import logging
import re
import time

import paho.mqtt.client as paho

_WAIT_S = 5.0  # for the shared one, after the plain one has come
log = logging.getLogger("qingyun.transport")


class ShareProbe:
    """Of one ingester; begins anew with each connection until the broker has passed."""

    def __init__(self, where: str, client_id: str, group: str) -> None:
        name = re.sub(r"[^\w-]", "_", client_id)
        self._where = where
        self._plain, self._shared = (f"qingyun/1/probe/{name}/{how}" for how in ("plain", "shared"))
        self._filters = [self._plain, f"$share/{group}-{name}/{self._shared}"]
        self._mid: int | None = None  # of the SUBSCRIBE under way
        self._came: set[str] = set()
        self._since = 0.0  # when the plain one came
        self.failed = False
        self.over = False

    def begin(self, client: paho.Client) -> None:
        """A connection is there."""
        if not self.over or self.failed:
            self.over, self._since = False, 0.0
            self._came.clear()
            self._mid = client.subscribe([(topic, 0) for topic in self._filters])[1]

    def subscribed(self, client: paho.Client, mid: int) -> bool:
        """The broker has answered a SUBSCRIBE; whether it was this one's."""
        if mid != self._mid:
            return False
        for topic in (self._plain, self._shared):
            client.publish(topic, b"probe")
        return True

    def divert(
        self, client: paho.Client, messages: list[tuple[bytes, bytes]]
    ) -> list[tuple[bytes, bytes]]:
        """The messages without those that are its own."""
        ours = {topic.encode(): topic for topic in (self._plain, self._shared)}
        came = {ours[topic] for topic, _ in messages if topic in ours}
        self._came |= came
        if self._plain in self._came:
            self._since = self._since or time.monotonic()
            if self._shared in self._came:
                self._end(client, failed=False)
            elif time.monotonic() - self._since > _WAIT_S:
                self._end(client, failed=True)
                log.error(
                    "%s: grants shared subscriptions and delivers nothing by them: nothing will be "
                    "stored; use --shard instead of --group, or a broker that has them",
                    self._where,
                )
        return [m for m in messages if m[0] not in ours] if came else messages

    def _end(self, client: paho.Client, *, failed: bool) -> None:
        self.over, self.failed = True, failed
        client.unsubscribe(self._filters)
