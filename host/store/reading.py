"""Out of the store: the readings of a board, in order of time, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import days, seq_intervals
from .columns import columns
from .database import Database
from .model import Row, StreamStatus
from .streams import unpack


def readings(db: Database, archived: Path, device: str, t0: int, t1: int) -> Iterator[Row]:
    """The rows of columns()."""
    return columns(db, archived, device, t0, t1).rows()


def holds_all(db: Database, device: str, life: str, first: int, last: int) -> bool:
    """Whether every seq from first to last is stored."""
    found = db.query("SELECT spans FROM stream WHERE device=? AND life=?", (device, life))
    spans = unpack(bytes(found[0][0])) if found else []
    return any(lo <= first and last <= hi for lo, hi in spans)


def devices(db: Database) -> list[str]:
    """Every board that has sent a reading, or had a session with known weights."""
    rows = db.query("SELECT device FROM stream UNION SELECT device FROM calibration")
    return sorted(row[0] for row in rows)


def dated(db: Database, first: int, last: int) -> int:
    """Readings of the days from first to last, archived or not."""
    tables = ("day", "archive")
    query = "SELECT coalesce(sum(n), 0) FROM {} WHERE day BETWEEN ? AND ?"
    return sum(int(db.query(query.format(t), (first, last))[0][0]) for t in tables)


def span(db: Database) -> tuple[int, int] | None:
    """The first and the last day that has readings; None where there is none."""
    query = "SELECT min(day), max(day) FROM {} WHERE day>=0"
    found = [d for t in ("day", "archive") for d in db.query(query.format(t))[0] if d is not None]
    return (min(found), max(found)) if found else None


def status(db: Database) -> Iterator[StreamStatus]:
    """One entry for each life of each board."""
    dated = {
        row[0]: row[1:]
        for row in db.query(
            "SELECT stream, min(first_t), max(last_t) FROM day WHERE day>=0 GROUP BY stream"
        )
    }
    undated = dict(db.query("SELECT stream, n FROM day WHERE day=?", (days.UNDATED,)))
    stored = dict(db.query("SELECT stream, sum(n) FROM day GROUP BY stream"))
    archived = dict(db.query("SELECT id, archived FROM stream"))
    for id_, device, site, life, raw, starts in db.query(
        "SELECT id, device, site, life, spans, boots FROM stream ORDER BY device, id"
    ):
        boots = sum(hi - lo + 1 for lo, hi in unpack(bytes(starts)))
        first, last = dated.get(id_, (None, None))
        yield StreamStatus(
            *(
                device,
                site,
                life,
                int(stored.get(id_, 0)) + archived[id_],
                seq_intervals.missing(unpack(bytes(raw))),
            ),
            *(first, last, undated.get(id_, 0), boots),
        )
