"""Out of the store: the readings of a board, in order of time, and what is known of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from host.store import chunk, days, spans
from host.store.chunk import Stored
from host.store.database import Database
from host.store.model import Row, StreamStatus
from host.store.streams import unpack


def readings(db: Database, archived: Path, device: str, t0: int, t1: int) -> Iterator[Row]:
    """Dated readings of a board with t0 <= t < t1, in order of time, those of archived days
    too. What is not compacted yet is not among them."""
    lives: dict[int, str] = dict(db.query("SELECT id, life FROM stream WHERE device=?", (device,)))
    first, last = days.local_day(max(t0, 0)), days.local_day(t1 - 1)
    by_day: dict[int, list[tuple[int, int, str, int, int, Stored]]] = defaultdict(list)
    has_archive = db.query("SELECT 1 FROM archive LIMIT 1")
    for stream, life in lives.items():
        found = [
            r
            for (body,) in db.query(
                "SELECT body FROM day WHERE stream=? AND day BETWEEN ? AND ?",
                (stream, first, last),
            )
            for r in chunk.day(bytes(body))
        ]
        if has_archive:
            from host.store import archive  # noqa: PLC0415  only where there is one

            found += archive.read(db, archived, stream, first, last)
        for r in found:
            if r.at is not None and t0 <= r.at < t1:
                by_day[days.local_day(r.at)].append((r.at, r.boot, life, r.seq, stream, r))
    for day in sorted(by_day):
        rows = by_day[day]
        rows.sort(key=lambda row: row[:4])
        for at, boot, life, seq, stream, r in rows:
            yield Row(stream, life, seq, boot, at, r.values, r.q)


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
                spans.missing(unpack(bytes(raw))),
            ),
            *(first, last, undated.get(id_, 0), boots),
        )
