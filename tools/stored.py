"""What a database holds, for tests that want to see all of it."""

from __future__ import annotations

from pathlib import Path

from host.store import Store
from host.store.chunk import Stored, arrivals, day
from host.store.streams import unpack


def spans(db: Path | str) -> list[tuple[str, int, int]]:
    """(life, lo, hi) of every interval of seq that is stored, in order."""
    store = Store(db)
    found = [
        (life, lo, hi)
        for life, raw in store._db.query("SELECT life, spans FROM stream ORDER BY id")
        for lo, hi in unpack(bytes(raw))
    ]
    store.close()
    return found


def readings(db: Path | str) -> list[tuple[str, Stored]]:
    """(life, reading) of every reading wherever it stands, by life and seq."""
    store = Store(db)
    found = []
    for table, decode in (("arrival", arrivals), ("day", day)):
        query = f"SELECT life, body FROM {table} JOIN stream ON stream.id = stream"  # noqa: S608
        found += [(life, r) for life, raw in store._db.query(query) for r in decode(bytes(raw))]
    store.close()
    return sorted(found, key=lambda pair: (pair[0], pair[1].seq))


def seqs(db: Path | str) -> list[tuple[str, int]]:
    """(life, seq) of every reading."""
    return [(life, r.seq) for life, r in readings(db)]


def quarantined(db: Path | str) -> int:
    store = Store(db)
    n = store.quarantined()
    store.close()
    return n
