"""How often boards report, as their birth messages say."""

from __future__ import annotations

from collections import defaultdict

from ..readings.messages import Birth
from .database import Database

# life → (since, every_s) in order: from that Unix second on a reading in so many seconds.
Told = dict[str, tuple[tuple[int, int], ...]]


def note(db: Database, stream: int, birth: Birth, received: int) -> None:
    """Keep what a birth tells where it is new, within the caller's transaction, after the birth
    itself. The first birth of a life also tells of the readings before it: a board measures
    before it can connect. One that told nothing before, with older firmware, is left as it was."""
    if birth.every_s is None:
        return
    told = db.query(
        "SELECT every_s FROM report_interval WHERE stream=? ORDER BY id DESC LIMIT 1", (stream,)
    )
    if not told or told[0][0] != birth.every_s:
        since = received if birth.t is None else birth.t
        others = "SELECT 1 FROM birth WHERE stream=? AND NOT (boot=? AND up=?) LIMIT 1"
        if not told and not db.query(others, (stream, birth.boot, birth.up)):
            since = 0
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


def of_devices(db: Database, device: str | None = None) -> dict[str, Told]:
    """device → what it told, of one or of all; boards that told nothing are left out."""
    found: dict[str, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    which, args = ("WHERE s.device=? ", (device,)) if device else ("", ())
    for board, life, since, every_s in db.query(
        "SELECT s.device, s.life, r.since, r.every_s FROM report_interval r "  # noqa: S608
        f"JOIN stream s ON s.id = r.stream {which}ORDER BY r.since, r.id",
        args,
    ):
        found[board][life].append((since, every_s))
    return {d: {life: tuple(rows) for life, rows in lives.items()} for d, lives in found.items()}
