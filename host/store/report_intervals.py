"""How often boards report, as their birth messages say."""

from __future__ import annotations

from collections import defaultdict

from ..readings.messages import Birth
from .database import Database

# life → (since, every_s) in order: from that Unix second on a reading in so many seconds.
Told = dict[str, tuple[tuple[int, int], ...]]


def note(db: Database, stream: int, birth: Birth, received: int) -> None:
    """Keep what a birth tells where it is new; within the caller's transaction."""
    if birth.every_s is None:
        return
    latest = db.query(
        "SELECT every_s FROM report_interval WHERE stream=? ORDER BY id DESC LIMIT 1", (stream,)
    )
    if not latest or latest[0][0] != birth.every_s:
        since = received if birth.t is None else birth.t
        db.many(
            "INSERT INTO report_interval (stream, since, every_s) VALUES (?,?,?)",
            [(stream, since, birth.every_s)],
        )


def latest(db: Database) -> dict[str, int]:
    """device → every_s that it told last; boards that told nothing are left out."""
    rows = db.query(
        "SELECT s.device, r.every_s FROM report_interval r JOIN stream s ON s.id = r.stream "
        "ORDER BY r.since, r.id"
    )
    return dict(rows)


def of_devices(db: Database) -> dict[str, Told]:
    """device → what it told; boards that told nothing are left out."""
    found: dict[str, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for device, life, since, every_s in db.query(
        "SELECT s.device, s.life, r.since, r.every_s FROM report_interval r "
        "JOIN stream s ON s.id = r.stream ORDER BY r.since, r.id"
    ):
        found[device][life].append((since, every_s))
    return {d: {life: tuple(rows) for life, rows in lives.items()} for d, lives in found.items()}
