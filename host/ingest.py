"""From the broker to the store: a message is acknowledged only after its commit.

One thread: receive a batch, commit it, acknowledge it. While a commit takes its time
nothing is read from the socket, so that the broker holds the rest."""

from __future__ import annotations

import json
import logging
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as paho

from host import messages
from host.broker import Broker
from host.registry import Registry
from host.store import Batch, Counts, Refused, Store

log = logging.getLogger("qingyun.ingest")

BATCH_MESSAGES = 500
BATCH_SECONDS = 0.3
_TOPICS = [("qingyun/1/+/+/reading", 1), ("qingyun/1/+/+/birth", 1)]
_RETRY_S = 1.0
_BACKOFF_S = (1, 2, 4, 8, 15)


@dataclass
class Stats:
    """Counts since the start of this process."""

    messages: int = 0
    readings: int = 0
    stored: int = 0
    duplicates: int = 0
    quarantined: int = 0


@dataclass
class _Pending:
    """Messages taken but not committed; mids count only in the session they came in."""

    mids: list[int] = field(default_factory=list)
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    since: float = 0.0


class Ingester:
    """Runs until stop() is called; every commit is followed by the acknowledgements."""

    def __init__(
        self, store: Store, registry: Registry, broker: Broker, max_ahead_s: int, stats: Path | None
    ) -> None:
        self._store = store
        self._registry = registry
        self._broker = broker
        self._max_ahead_s = max_ahead_s
        self._stats_file = stats
        self.stats = Stats()
        self._pending = _Pending()
        self._stopping = False
        self._connected = False
        self._told = 0.0
        self._client = self._make_client()

    def _make_client(self) -> paho.Client:
        client = self._broker.client(clean_session=False, manual_ack=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        return client

    def stop(self, *_: object) -> None:
        """Finish the batch under way, then end run()."""
        self._stopping = True

    def run(self) -> None:
        """Receive, commit and acknowledge until stop(); reconnects by itself."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        tries = 0
        while not self._stopping:
            try:
                self._client.connect(self._broker.host, self._broker.port, keepalive=60)
            except OSError as error:
                wait = _BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)]
                tries += 1
                log.warning("%s: %s; next try in %d s", self._broker, error, wait)
                self._sleep(wait)
                continue
            tries = 0
            self._session()
        self._commit()
        self._client.disconnect()
        self._client.loop(0.2)
        self._tell(force=True)

    def _session(self) -> None:
        """One connection, until it is lost or stop()."""
        while not self._stopping:
            code = self._client.loop(BATCH_SECONDS / 3)
            if self._due():
                self._commit()
            self._tell()
            if code != paho.MQTT_ERR_SUCCESS:
                self._connected = False
                self._pending.mids.clear()
                self._sleep(0.5)
                return

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < end:
            time.sleep(0.05)

    # What paho calls.

    def _on_connect(self, client: paho.Client, *args: Any) -> None:
        reason = args[2]
        if reason.is_failure:
            log.error("broker refused the connection: %s", reason)
            return
        client.subscribe(_TOPICS)

    def _on_subscribe(self, *_: Any) -> None:
        self._connected = True
        log.info("connected to %s:%d", self._broker.host, self._broker.port)
        self._tell(force=True)

    def _on_disconnect(self, *_: Any) -> None:
        # The broker will send again what was not acknowledged; old ids mean nothing now.
        self._pending.mids.clear()
        if not self._stopping:
            log.warning("connection to the broker lost")

    def _on_message(self, client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        if not self._pending.messages:
            self._pending.since = time.monotonic()
        self._pending.messages.append((message.topic, bytes(message.payload)))
        if message.qos:
            self._pending.mids.append(message.mid)

    # Batches

    def _due(self) -> bool:
        p = self._pending
        if not p.messages:
            return False
        return len(p.messages) >= BATCH_MESSAGES or time.monotonic() - p.since >= BATCH_SECONDS

    def _commit(self) -> None:
        taken, self._pending = self._pending, _Pending()
        if not taken.messages:
            return
        now = int(time.time())
        batch = self._understand(taken.messages, now + self._max_ahead_s)
        counts = self._until_written(lambda: self._store.add(batch, now))
        for mid in taken.mids:
            self._client.ack(mid, 1)
        for device, site, life, seq in counts.confirmed:
            topic = f"qingyun/1/{site}/{device}/stored"
            payload = json.dumps({"life": life, "seq": seq})
            self._client.publish(topic, payload, qos=1, retain=True)
        s = self.stats
        s.messages += len(taken.messages)
        s.readings += len(batch.readings)
        s.stored += counts.stored
        s.duplicates += counts.duplicates
        s.quarantined += counts.quarantined

    def _until_written(self, write: Callable[[], Counts]) -> Counts:
        """Try until the store takes it: nothing is acknowledged before."""
        failed = False
        while True:
            try:
                result = write()
            except sqlite3.OperationalError as error:
                if not failed:
                    log.error("store: %s; nothing is acknowledged until it can be written", error)
                failed = True
                time.sleep(_RETRY_S)
            else:
                if failed:
                    log.info("store: can be written again")
                return result

    def _understand(self, taken: list[tuple[str, bytes]], latest: int) -> Batch:
        batch = Batch()
        for topic, payload in taken:
            _, _, site, device, what = topic.split("/")
            if reason := self._unknown(site, device):
                batch.refused.append(Refused(topic, payload[: messages.LARGEST], reason))
            elif what == "reading":
                good, bad = messages.readings(payload, latest)
                batch.readings += [(device, site, r) for r in good]
                for whole, reason, name in bad:
                    stream = name and (device, site, *name)
                    batch.refused.append(Refused(topic, whole, reason, stream))
            elif payload:
                try:
                    batch.births.append((device, site, messages.birth(payload, latest)))
                except messages.Rejected as error:
                    whole = payload[: messages.LARGEST]
                    batch.refused.append(Refused(topic, whole, f"birth: {error}"))
        return batch

    def _unknown(self, site: str, device: str) -> str | None:
        known = self._registry.devices.get(device)
        if known is None:
            return f"unknown device {device[:64]!r}"
        if known.site != site:
            return f"device {device} belongs to site {known.site}, not {site[:64]!r}"
        return None

    def _tell(self, *, force: bool = False) -> None:
        """Write the counts for whoever watches; the first time once subscribed."""
        now = time.monotonic()
        if self._stats_file is None or not (force or (self._connected and now - self._told > 0.5)):
            return
        self._told = now
        part = self._stats_file.with_suffix(".part")
        part.write_bytes(msgspec.json.encode(self.stats))
        part.replace(self._stats_file)
