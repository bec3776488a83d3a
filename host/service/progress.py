"""The progress of the ingester: counts, time by stage, how far behind it is. Read over HTTP or
from the file of --stats."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ..store import Batch

FRESH_S = 60.0
TELL_S = 0.5


@dataclass
class Stats:
    """Counts since the start of this process; times are Unix seconds, 0: never. cpu_s: CPU
    seconds since the first message."""

    messages: int = 0
    readings: int = 0
    stored: int = 0
    duplicates: int = 0
    quarantined: int = 0
    first_message: float = 0.0
    last_commit: float = 0.0
    cpu_s: float = 0.0
    started: float = 0.0
    told: float = 0.0  # when these counts were written
    connected: bool = False
    away_since: float = 0.0  # start of the time without a session at the broker; 0: there is one
    deaf: bool = False  # the broker grants shared subscriptions and delivers nothing by them
    batches: int = 0
    waiting: int = 0  # messages taken and not committed
    waiting_since: float = 0.0
    deferred: int = 0  # boards of which messages wait in the store
    blocked_since: float = 0.0  # start of the time without a writable store; 0: it is writable
    behind_s: float = -1.0  # age of the freshest reading of the last minute; -1 without one
    stages: dict[str, float] = field(default_factory=dict)  # seconds spent, by stage


def read(file: Path) -> Stats | None:
    """The counts of a file; None if there are none."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Stats)
    except (OSError, msgspec.DecodeError):
        return None


class Progress:
    """The counts of a process, written at most twice a second."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._told = 0.0
        self._cpu_before = 0.0
        self._fresh: deque[tuple[float, float]] = deque()  # (when, age of the freshest)
        now = time.time()
        self.stats = Stats(started=now, away_since=now)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of a block to a stage."""
        start = time.perf_counter()
        yield
        stages = self.stats.stages
        stages[name] = stages.get(name, 0.0) + time.perf_counter() - start

    def begun(self) -> None:
        """The first message of a batch has come."""
        self._cpu_before = self._cpu_before or time.process_time()

    def subscribed(self) -> None:
        """The session at the broker has begun."""
        self.stats.connected, self.stats.away_since = True, 0.0
        self.tell(force=True)

    def away(self) -> None:
        """The session at the broker is lost."""
        self.stats.connected = False
        self.stats.away_since = self.stats.away_since or time.time()

    def taken(self, messages: int, since: float) -> None:
        """A batch of messages is complete; since: Unix time of its first message."""
        self.stats.waiting, self.stats.waiting_since = messages, since

    def committed(self, batch: Batch) -> None:
        """A batch is in the store. Boards send backlogs; only if even the freshest reading of a
        minute is old, the broker delays them."""
        s = self.stats
        now = s.last_commit = time.time()
        s.cpu_s = time.process_time() - self._cpu_before
        s.batches += 1
        s.waiting, s.waiting_since = 0, 0.0
        latest = max((r.t for _, _, r in batch.readings if r.t is not None), default=None)
        if latest is not None:
            self._fresh.append((now, max(0.0, now - latest)))
        while self._fresh and self._fresh[0][0] < now - FRESH_S:
            self._fresh.popleft()
        s.behind_s = min((age for _, age in self._fresh), default=-1.0)

    def blocked(self) -> None:
        """The store could not be written."""
        self.stats.blocked_since = self.stats.blocked_since or time.time()
        self.tell(force=bool(self._told))

    def unblocked(self) -> None:
        """The store can be written again."""
        self.stats.blocked_since = 0.0

    def tell(self, *, force: bool = False) -> None:
        """Write the counts to the file; the first time when subscribed."""
        now = time.monotonic()
        begun = self._told or self.stats.connected
        if self._file is None or not (force or (begun and now - self._told > TELL_S)):
            return
        self._told = now
        self.stats.told = time.time()
        part = self._file.with_suffix(".part")
        with suppress(OSError):  # a full disk must not end the ingester
            part.write_bytes(msgspec.json.encode(self.stats))
            part.replace(self._file)
