"""No board makes others wait: what one sends beyond its share of the time is kept aside.

A board that takes much of the ingester's CPU time, and much more than others, is deferred: its
messages are only put into the store, and understood when there is time, in their order, until
none is left."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence, Set

from ..common.errors import UserError
from ..store import Batch, Busy, Counts, Store
from ..store.deferred import Row
from . import inbox

log = logging.getLogger("qingyun.ingest")

# CPU seconds of work for one board after which it is deferred, and how much of them is forgotten in
# a second. It must also be more than SHARE of what all boards took.
LIMIT_S, FORGOTTEN, SHARE = 0.5, 0.1, 0.25
SLOW_S = 0.1  # what is done faster makes nobody wait
EVERY_S, AT_ONCE_S = 0.5, 0.1  # between two transactions while others send; for, while none does
BUSY_S = 30.0  # before another try where the store could not be read
MOST = 128 << 20  # bytes of one board that wait; beyond, its messages are refused
_MESSAGE = 200  # bytes that a message costs beside its payload

Messages = Sequence[tuple[bytes, bytes]]  # topic, payload
Understand = Callable[[Messages], Batch]
Write = Callable[[Batch, int], Counts | None]  # at this Unix second; None: not now


class Deferral:
    """Which boards are deferred, and what of them waits."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting = {
            device: size + n * _MESSAGE for device, (n, size) in store.deferred_by_board().items()
        }
        self._took: dict[str, float] = {}  # device → seconds of work, of late
        self._at = time.monotonic()
        self._deferred: Set[str] = frozenset()  # as devices() said last
        self._next = self._not_before = 0.0  # for take_up()

    def devices(self) -> Set[str]:
        """Boards whose next messages are put aside: also while earlier ones wait."""
        total = sum(self._took.values())
        heavy = {d for d, s in self._took.items() if s > max(LIMIT_S, SHARE * total)}
        deferred = heavy | self._waiting.keys()
        for device in deferred - self._deferred:
            log.warning("%s sends so much that others would wait: it is stored later", device)
        self._deferred = deferred
        return deferred

    def full(self) -> Set[str]:
        """Boards of which no more can wait."""
        return {device for device, size in self._waiting.items() if size > MOST}

    def put(self, batch: Batch) -> None:
        """The messages that a batch has deferred are in the store."""
        for device, _, payload in batch.deferred:
            self._waiting[device] = self._waiting.get(device, 0) + len(payload) + _MESSAGE

    def spent(self, received: Messages, seconds: float) -> None:
        """So many CPU seconds it took to understand and store these messages; each board has its
        part by the size of its messages."""
        now = time.monotonic()
        gone, self._at = FORGOTTEN * (now - self._at), now
        self._took = {d: s - gone for d, s in self._took.items() if s > gone}
        if seconds < SLOW_S:
            return
        sizes: Counter[bytes] = Counter()
        for topic, payload in received:
            sizes[topic] += len(payload) + _MESSAGE
        each = seconds / sizes.total()
        for topic, size in sizes.items():
            device = inbox.device_of(topic)
            self._took[device] = self._took.get(device, 0.0) + each * size

    def __len__(self) -> int:
        """Boards with messages that wait."""
        return len(self._waiting)

    def take_up(self, understand: Understand, write: Write, *, idle: bool) -> Counts:
        """Store what waits: for a moment where nothing else is to be done, else one transaction
        now and then."""
        now, total = time.monotonic(), Counts(0, 0, 0, [])
        if now < (self._not_before if idle else self._next):
            return total
        self._next = now + EVERY_S
        try:
            while self._waiting:
                rows = self._store.first_deferred()
                counts = _written(rows, understand, write) if rows else Counts(0, 0, 0, [])
                if counts is None:
                    break
                total += counts
                self._taken(rows)
                if not idle or time.monotonic() >= now + AT_ONCE_S:
                    break
        except Busy as error:
            log.warning("store: %s; deferred messages are stored later", error)
            self._next = self._not_before = now + BUSY_S
        return total

    def _taken(self, rows: Sequence[Row]) -> None:
        """Where several processes share a store, another may have taken some up."""
        for _, device, _, payload in rows:
            self._waiting[device] = self._waiting.get(device, 0) - len(payload) - _MESSAGE
        self._waiting = {d: s for d, s in self._waiting.items() if s > 0 and rows}


def _written(rows: Sequence[Row], understand: Understand, write: Write) -> Counts | None:
    """Store what these messages say; each alone where the store cannot take them together."""
    now = int(time.time())
    try:
        batch = understand([(topic, payload) for _, _, topic, payload in rows])
        batch.taken_up = [row[0] for row in rows]
        return write(batch, now)
    except UserError:
        raise
    except Exception as error:
        if len(rows) == 1:
            id_, _, topic, payload = rows[0]
            refused = inbox.apart(topic, payload, error)
            log.error("%s: %s; it goes into quarantine", refused.topic, refused.reason)
            return write(Batch(refused=[refused], taken_up=[id_]), now)
    total = Counts(0, 0, 0, [])
    for row in rows:
        counts = _written([row], understand, write)
        if counts is None:
            return None
        total += counts
    return total
