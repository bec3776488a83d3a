"""From the broker to the store: a message is acknowledged only after its commit.

One thread: receive a batch, commit it, acknowledge it. While a commit takes its time
nothing is read from the socket, so that the broker holds the rest."""

from __future__ import annotations

import json
import logging
import signal
import time
from collections.abc import Callable, Iterator, Sequence, Set
from pathlib import Path
from typing import Any

from .common.errors import UserError
from .mqtt.broker import Broker
from .mqtt.consumer import Transport
from .mqtt.session import Topics
from .readings import messages
from .registry import Registry
from .service import inbox, quarantine
from .service.deferral import Deferral
from .service.progress import Progress
from .store import Batch, Busy, Counts, Store

log = logging.getLogger("qingyun.ingest")

BATCH_MESSAGES, BATCH_BYTES = 2000, 2 << 20
BATCH_SECONDS = 0.3
LINGER_SECONDS = 0.005
IDLE_SECONDS = 0.1
CONFIRM_SECONDS = 1.0
TIDY_SECONDS = 30.0
TIDY_MESSAGES = 5000
FORGET_SECONDS = 3600.0
_LOOK_BACK_S, _AT_ONCE_S = 600.0, 0.2
_RETRY_S = 1.0
_ALIVE_S = 20.0
_SHORT_S, _SHORT_TIMES = 5.0, 3  # sessions that another client of the same name ends
_BACKOFF_S = (1, 2, 4, 8, 15)


def topics(
    known: Registry, shard: tuple[int, int] | None = None, group: str | None = None
) -> Topics:
    """What to subscribe to: everything, or one of n fixed shares of the sites, from 1 on, or
    what the broker chooses for a member of a group (a shared subscription)."""
    sites = ["+"]
    if shard:
        sites = sorted(known.sites)[shard[0] - 1 :: shard[1]]
    start = f"$share/{group}/" if group else ""
    whats = ("reading", "birth")
    return [(f"{start}qingyun/1/{site}/+/{what}", 1) for site in sites for what in whats]


class Ingester:
    """Runs until stop() is called; every commit is followed by the acknowledgements."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        broker: Broker,
        max_ahead_s: int,
        cards_kept_s: int,
        *,
        stats: Path | None,
        shard: tuple[int, int] | None = None,
        group: str | None = None,
    ) -> None:
        self._store = store
        self._inbox = inbox.Inbox(registry, max_ahead_s)
        self._broker = broker
        self._deferral = Deferral(store)
        self._progress = Progress(stats)
        self.stats = self._progress.stats
        self._stopping = False
        self._since = 0.0  # Unix time of the first message that is not committed
        self._confirmed: dict[str, dict[str, Any]] = {}  # topic → what boards will be told
        self._confirmed_at = 0.0
        self._tidied = time.monotonic()
        self._cards_kept_s = cards_kept_s
        self._forgot = -FORGET_SECONDS
        self._looked_back = -_LOOK_BACK_S
        self._retrying: Iterator[quarantine.Outcome] | None = None
        wanted = topics(registry, shard, group)
        self._transport = Transport(broker, wanted, self._progress.subscribed, group)

    def stop(self, *_: object) -> None:
        """Finish the batch under way, then end run()."""
        self._stopping = True

    def run(self) -> None:
        """Receive, commit and acknowledge until stop(); reconnects by itself."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        tries = short = 0
        while not self._stopping:
            try:
                self._transport.connect()
            except OSError as error:
                wait = _BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)]
                tries += 1
                log.warning("%s: %s; next try in %d s", self._broker, error, wait)
                self._sleep(wait)
                continue
            tries, begun = 0, time.monotonic()
            self._session()
            short = short + 1 if time.monotonic() - begun < _SHORT_S else 0
            if short == _SHORT_TIMES and not self._stopping:
                log.warning(
                    "%s ended %d sessions within seconds: expected no other client under the name "
                    "%s; give each ingester its own --client-id",
                    *(self._broker, short, self._broker.client_id),
                )
        self._commit()
        self._confirm(force=True)
        self._transport.close()
        self._progress.tell(force=True)

    def _session(self) -> None:
        """One connection, until it is lost or stop()."""
        while not self._stopping:
            had = len(self._transport)
            alive = self._transport.receive(LINGER_SECONDS if had else IDLE_SECONDS, BATCH_MESSAGES)
            now, self.stats.deaf = len(self._transport), self._transport.deaf
            if now and not had:
                self._since = time.time()
                self._progress.begun()
            # Nothing more at once, or enough: what has come is made durable.
            if now and (now == had or self._due()):
                self._commit()
            self._take_up(idle=not now)
            self._confirm()
            self._tidy()
            self._progress.tell()
            if not alive:
                self._progress.away()
                self._sleep(0.5)
                return

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < end:
            self._progress.tell()
            time.sleep(0.05)

    # Batches

    def _due(self) -> bool:
        full = len(self._transport) >= BATCH_MESSAGES or self._transport.size >= BATCH_BYTES
        return full or time.time() - self._since >= BATCH_SECONDS

    def _commit(self) -> None:
        taken = self._transport.take()
        if not taken.messages:
            return
        now, begun = int(time.time()), time.process_time()
        stage = self._progress.stage
        self._progress.taken(len(taken.messages), self._since)
        with stage("understand"):
            batch = self._understood(taken.messages, now, self._deferral.devices())
        with stage("commit"):
            counts = self._written(taken.messages, batch, now)
        if counts is None:
            return
        with stage("acknowledge"):
            self._transport.acknowledge(taken)
        self._note_confirmed(counts)
        self._deferral.put(batch)
        self._deferral.spent(taken.messages, time.process_time() - begun)
        s = self.stats
        s.messages += len(taken.messages)
        s.readings += len(batch.readings)
        s.stored += counts.stored
        s.duplicates += counts.duplicates
        s.quarantined += counts.quarantined
        s.first_message = s.first_message or self._since
        self._progress.committed(batch)

    def _understood(
        self, received: Sequence[tuple[bytes, bytes]], now: int, deferred: Set[str] = frozenset()
    ) -> Batch:
        full, brief = self._store.full | self._deferral.full(), self._store.brief
        return self._inbox.batch(received, now, full=full, brief=brief, deferred=deferred)

    def _take_up(self, *, idle: bool) -> None:
        """Store messages that were deferred, if it is time for it."""
        if not len(self._deferral):
            return
        with self._progress.stage("deferred"):
            counts = self._deferral.take_up(
                lambda received: self._understood(received, int(time.time())),
                lambda batch, now: self._until_written(lambda: self._store.add(batch, now)),
                idle=idle,
            )
        self._note_confirmed(counts)
        self.stats.stored += counts.stored
        self.stats.deferred = len(self._deferral)

    def _confirm(self, *, force: bool = False) -> None:
        """Tell boards what is stored; each at most once in CONFIRM_SECONDS."""
        now = time.monotonic()
        if not self._confirmed or (not force and now - self._confirmed_at < CONFIRM_SECONDS):
            return
        for topic, what in self._confirmed.items():
            self._transport.publish(topic, json.dumps(what))
        self._confirmed.clear()
        self._confirmed_at = now

    def _tidy(self) -> None:
        """Move arrivals into their days, and forget ids of cards, while nothing waits."""
        now = time.monotonic()
        if len(self._transport):
            return
        try:
            self._take_back(now)
            if now - self._forgot >= FORGET_SECONDS:
                self._store.forget_cards(int(time.time()) - self._cards_kept_s)
                self._forgot = now
            if now - self._tidied < TIDY_SECONDS:
                return
            self._tidied = now
            if self._store.waiting() >= TIDY_MESSAGES:
                with self._progress.stage("sort"):
                    self._store.compact(steps=1)
                self._tidied = 0.0  # there may be more
        except Busy as error:
            log.warning("store: %s; the store is tidied later", error)

    def _take_back(self, now: float) -> None:
        """Store what was refused as from the future, once this machine's clock allows it."""
        if self._retrying is None:
            if now - self._looked_back < _LOOK_BACK_S:
                return
            self._looked_back = now
            self._retrying = quarantine.retry(
                self._store, self._inbox, int(time.time()), reason=messages.FUTURE
            )
        retrying, self._retrying = self._retrying, None  # over, unless the time is up first
        for outcome in retrying:
            self.stats.stored += outcome.counts.stored
            self._note_confirmed(outcome.counts)
            if outcome.counts.stored:
                log.info("%s: no longer from the future, stored", outcome.kept.topic)
            if time.monotonic() - now > _AT_ONCE_S:
                self._retrying = retrying
                return

    def _note_confirmed(self, counts: Counts) -> None:
        for device, site, life, seq in counts.confirmed:
            self._confirmed[f"qingyun/1/{site}/{device}/stored"] = {"life": life, "seq": seq}

    def _written(
        self, received: Sequence[tuple[bytes, bytes]], batch: Batch, now: int
    ) -> Counts | None:
        """Commit the batch of these messages. What the store refuses for another reason than
        being busy is halved until the message is found that it cannot take: that one goes into
        quarantine, so that it stops nobody else. None after stop()."""
        try:
            return self._until_written(lambda: self._store.add(batch, now))
        except UserError:
            raise  # the store is damaged, or another's
        except Exception as error:
            if len(received) == 1:
                return self._set_apart(*received[0], error, now)
        middle, found = len(received) // 2, []
        for part in (received[:middle], received[middle:]):
            counts = self._written(part, self._understood(part, now, self._deferral.devices()), now)
            if counts is None:
                return None
            found.append(counts)
        return found[0] + found[1]

    def _set_apart(self, raw: bytes, payload: bytes, why: Exception, now: int) -> Counts | None:
        """Quarantine a message that the store cannot take; if not even that can be written,
        something else is wrong, and what it is is raised."""
        refused = inbox.apart(raw, payload, why)
        log.error("%s: %s; it goes into quarantine", refused.topic, refused.reason)
        return self._until_written(lambda: self._store.add(Batch(refused=[refused]), now))

    def _until_written(self, write: Callable[[], Counts]) -> Counts | None:
        """Try until the store takes it: nothing is acknowledged before. None after stop():
        whatever is not acknowledged comes again."""
        failed, told = False, time.monotonic()
        while True:
            try:
                result = write()
            except Busy as error:
                if not failed:
                    log.error("store: %s; nothing is acknowledged until it can be written", error)
                failed = True
                self._progress.blocked()
                if self._stopping:
                    return None
                self._sleep(_RETRY_S)
                if time.monotonic() - told >= _ALIVE_S:
                    told = time.monotonic()
                    self._transport.alive()
            else:
                if failed:
                    log.info("store: can be written again")
                    self._progress.unblocked()
                return result
