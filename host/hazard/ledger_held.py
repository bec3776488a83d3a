"""The ledger as a process that runs for long has read it: only what was added is read again."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from ..store import Store
from ..store import hazard as rows
from .entry import Entry, parse


@dataclass
class Held:
    """For one store, and any thread of a process."""

    _entries: list[Entry] = field(default_factory=list)
    _last: tuple[int, str] = (0, "")  # id and hash of the last row that was read
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, store: Store) -> list[Entry]:
        """As ledger.read: every entry, in the order of adding, with reversals."""
        with self._lock:
            n, hash_ = self._last
            links = rows.links(store, n - 1 if n else 0)
            if n and not (links and (links[0].id, links[0].hash) == (n, hash_)):
                # Another ledger than before: a backup was put in its place.
                self._entries, n, links = [], 0, rows.links(store)
            added = links[1:] if n else links
            self._entries += [parse(link.body) for link in added]
            if added:
                self._last = added[-1].id, added[-1].hash
            elif not n:
                self._last = 0, ""
            return list(self._entries)
