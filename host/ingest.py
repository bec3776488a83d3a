"""From the broker to the store: a message is acknowledged only after its commit.

One thread: receive a batch, commit it, acknowledge it. While a commit takes its time
nothing is read from the socket, so that the broker holds the rest."""

from __future__ import annotations

import json
import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho

from host import messages
from host.broker import Broker
from host.progress import Progress
from host.registry import Registry
from host.store import Batch, Busy, Counts, Refused, Store

log = logging.getLogger("qingyun.ingest")

BATCH_MESSAGES = 2000
BATCH_SECONDS = 0.3
LINGER_SECONDS = 0.005
IDLE_SECONDS = 0.1
CONFIRM_SECONDS = 1.0
TIDY_SECONDS = 30.0
TIDY_MESSAGES = 5000
_RETRY_S = 1.0
_FILTERS = 500  # topics in one SUBSCRIBE
_BACKOFF_S = (1, 2, 4, 8, 15)


@dataclass
class _Pending:
    """Messages taken but not committed; mids count only in the session they came in."""

    mids: list[int] = field(default_factory=list)
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    since: float = 0.0


def topics(known: Registry, shard: tuple[int, int] | None = None) -> list[tuple[str, int]]:
    """What to subscribe to: everything, or one of n fixed shares of the sites, from 1 on."""
    sites = ["+"]
    if shard:
        sites = sorted(known.sites)[shard[0] - 1 :: shard[1]]
    return [(f"qingyun/1/{site}/+/{what}", 1) for site in sites for what in ("reading", "birth")]


class Ingester:
    """Runs until stop() is called; every commit is followed by the acknowledgements."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        broker: Broker,
        max_ahead_s: int,
        *,
        stats: Path | None,
        shard: tuple[int, int] | None = None,
    ) -> None:
        self._topics = topics(registry, shard)
        self._store = store
        self._registry = registry
        self._broker = broker
        self._max_ahead_s = max_ahead_s
        self._progress = Progress(stats)
        self.stats = self._progress.stats
        self._pending = _Pending()
        self._stopping = False
        self._confirmed: dict[str, dict[str, Any]] = {}  # topic → what boards will be told
        self._confirmed_at = 0.0
        self._tidied = time.monotonic()
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
        self._confirm(force=True)
        self._client.disconnect()
        self._client.loop(0.2)
        self._progress.tell(force=True)

    def _session(self) -> None:
        """One connection, until it is lost or stop()."""
        while not self._stopping:
            had = len(self._pending.messages)
            code = self._client.loop(LINGER_SECONDS if had else IDLE_SECONDS)
            # Nothing more at once, or enough: what has come is made durable.
            if had and (len(self._pending.messages) == had or self._due()):
                self._commit()
            self._confirm()
            self._tidy()
            self._progress.tell()
            if code != paho.MQTT_ERR_SUCCESS:
                self._progress.away()
                self._pending.mids.clear()
                self._sleep(0.5)
                return

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < end:
            self._progress.tell()
            time.sleep(0.05)

    # What paho calls.

    def _on_connect(self, client: paho.Client, *args: Any) -> None:
        reason = args[2]
        if reason.is_failure:
            log.error("broker refused the connection: %s", reason)
            return
        for at in range(0, len(self._topics), _FILTERS):
            client.subscribe(self._topics[at : at + _FILTERS])

    def _on_subscribe(self, *_: Any) -> None:
        self._progress.here()
        log.info("connected to %s:%d", self._broker.host, self._broker.port)

    def _on_disconnect(self, *_: Any) -> None:
        # The broker will send again what was not acknowledged; old ids mean nothing now.
        self._progress.away()
        self._pending.mids.clear()
        if not self._stopping:
            log.warning("connection to the broker lost")

    def _on_message(self, client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        if not self._pending.messages:
            self._pending.since = time.time()
        self._pending.messages.append((message.topic, bytes(message.payload)))
        if message.qos:
            self._pending.mids.append(message.mid)

    # Batches

    def _due(self) -> bool:
        p = self._pending
        return len(p.messages) >= BATCH_MESSAGES or time.time() - p.since >= BATCH_SECONDS

    def _commit(self) -> None:
        taken, self._pending = self._pending, _Pending()
        if not taken.messages:
            return
        now = int(time.time())
        stage = self._progress.stage
        self._progress.taken(len(taken.messages), taken.since)
        with stage("understand"):
            batch = self._understand(taken.messages, now + self._max_ahead_s)
        with stage("commit"):
            counts = self._until_written(lambda: self._store.add(batch, now))
        with stage("acknowledge"):
            for mid in taken.mids:
                self._client.ack(mid, 1)
        for device, site, life, seq in counts.confirmed:
            self._confirmed[f"qingyun/1/{site}/{device}/stored"] = {"life": life, "seq": seq}
        s = self.stats
        s.messages += len(taken.messages)
        s.readings += len(batch.readings)
        s.stored += counts.stored
        s.duplicates += counts.duplicates
        s.quarantined += counts.quarantined
        s.first_message = s.first_message or taken.since
        self._progress.committed(batch)

    def _confirm(self, *, force: bool = False) -> None:
        """Tell boards what is stored; each at most once in CONFIRM_SECONDS."""
        now = time.monotonic()
        if not self._confirmed or (not force and now - self._confirmed_at < CONFIRM_SECONDS):
            return
        for topic, what in self._confirmed.items():
            self._client.publish(topic, json.dumps(what), qos=1, retain=True)
        self._confirmed.clear()
        self._confirmed_at = now

    def _tidy(self) -> None:
        """Move arrivals into their days where there is time for it: nothing waits."""
        now = time.monotonic()
        if self._pending.messages or now - self._tidied < TIDY_SECONDS:
            return
        self._tidied = now
        try:
            if self._store.waiting() >= TIDY_MESSAGES:
                with self._progress.stage("sort"):
                    self._store.compact(steps=1)
                self._tidied = 0.0  # there may be more
        except Busy as error:
            log.warning("store: %s; arrivals are sorted into days later", error)

    def _until_written(self, write: Callable[[], Counts]) -> Counts:
        """Try until the store takes it: nothing is acknowledged before."""
        failed = False
        while True:
            try:
                result = write()
            except Busy as error:
                if not failed:
                    log.error("store: %s; nothing is acknowledged until it can be written", error)
                failed = True
                self._progress.blocked()
                time.sleep(_RETRY_S)
            else:
                if failed:
                    log.info("store: can be written again")
                    self._progress.unblocked()
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
