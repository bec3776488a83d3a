"""Messages that were refused, kept whole: listed, and taken back when they can be understood.

One board must not fill the disk: of what is its own fault only so much is kept a day, and the
rest is counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..common.local_days import local_day
from . import chunk, seq_intervals
from .database import Database
from .model import Refused
from .streams import Stream

_STEP = 500  # rows in memory
BYTES = 8 << 20  # kept of one sender on one day: 20,000 readings that came one by one
ROW_BYTES = 200  # what a message takes beside its payload


@dataclass(frozen=True)
class Kept:
    """A message in quarantine. received: Unix seconds."""

    id: int
    received: int
    topic: str
    reason: str
    payload: bytes


def put(db: Database, refused: Sequence[Refused], received: int) -> None:
    """Keep what was refused, within a transaction; where it is limited, up to BYTES of a sender
    and local day."""
    if not refused:
        return
    day = local_day(received)
    counts: dict[str, list[int]] = {}  # sender → kept, bytes, over
    rows = []
    for x in refused:
        count = counts.get(x.sender)
        if count is None:
            found = db.query(
                "SELECT kept, bytes, over FROM refused WHERE sender=? AND day=?"  # noqa: S608
                f"{db.locking()}",
                (x.sender, day),
            )
            count = counts[x.sender] = list(found[0]) if found else [0, 0, 0]
        size = len(x.payload) + ROW_BYTES
        if not x.limited or count[1] + size <= BYTES:
            count[0] += 1
            count[1] += size if x.limited else 0
            rows.append((received, x.topic, x.reason, x.payload))
        else:
            count[2] += 1
    db.insert("quarantine", "received, topic, reason, payload", rows)
    totals = [(sender, day, *count) for sender, count in counts.items()]
    db.insert("refused", "sender, day, kept, bytes, over", totals, key="sender, day")


def not_kept(db: Database, sender: str, n: int, received: int) -> None:
    """So many messages of a sender were refused and are only counted."""
    if n > 0:
        db.many(
            "INSERT INTO refused (sender, day, kept, bytes, over) VALUES (?,?,0,0,?) "
            "ON CONFLICT (sender, day) DO UPDATE SET over=refused.over+excluded.over",
            [(sender, local_day(received), n)],
        )


def over(db: Database) -> dict[str, int]:
    """Sender → messages that were refused and not kept."""
    rows = db.query("SELECT sender, sum(over) FROM refused GROUP BY sender HAVING sum(over) > 0")
    return {sender: int(n) for sender, n in rows}


def kept(
    db: Database, *, reason: str = "", device: str = "", t0: int = 0, t1: int = 1 << 62
) -> Iterator[Kept]:
    """Those whose reason contains a text, of one board (or every), received within t0 <= t < t1,
    in the order in which they came; each step is read when it is asked for, so that what is
    given may be removed meanwhile."""
    last = 0
    board = _containing(f"/{device}/") if device else "%"
    while rows := db.query(
        "SELECT id, received, topic, reason, payload FROM quarantine WHERE id>? AND received>=? "
        "AND received<? AND reason LIKE ? ESCAPE '!' AND topic LIKE ? ESCAPE '!' "
        "ORDER BY id LIMIT ?",
        (last, t0, t1, _containing(reason), board, _STEP),
    ):
        for id_, received, topic, why, payload in rows:
            last = id_
            # LIKE of one engine does not tell capitals from small letters.
            if reason in why and (not device or f"/{device}/" in topic):
                yield Kept(id_, received, topic, why, bytes(payload))


def _containing(text: str) -> str:
    """A pattern for LIKE."""
    return "%" + "".join(f"!{c}" if c in "!%_" else c for c in text) + "%"


def remove(db: Database, id_: int) -> None:
    """Within the transaction that stores what it says."""
    db.many("DELETE FROM quarantine WHERE id=?", [(id_,)])


def release(db: Database, folder: Path, stream: Stream, seqs: Iterable[int]) -> None:
    """Let readings of these seqs be stored though they were counted as taken when they were
    refused. One that is stored stays so, also in an archived day. folder: of those."""
    counted = [seq for seq in seqs if seq_intervals.has(stream.held, seq)]
    if not counted:
        return
    stored = _stored(db, stream, counted)
    left = [seq for seq in counted if seq not in stored]
    if left and db.query("SELECT archived FROM stream WHERE id=?", (stream.id,))[0][0]:
        from . import archive  # noqa: PLC0415  pyarrow is large

        stored |= archive.seqs(db, folder, stream.id, left)
    for seq in left:
        if seq not in stored:
            seq_intervals.remove(stream.held, seq)


def _stored(db: Database, stream: Stream, counted: list[int]) -> set[int]:
    """Seqs that stand in the database, at least those counted."""
    stored: set[int] = set()
    for (body,) in db.query("SELECT body FROM arrival WHERE stream=?", (stream.id,)):
        stored.update(r.seq for r in chunk.arrivals(bytes(body)))
    for (body,) in db.query(
        "SELECT body FROM day WHERE stream=? AND lo<=? AND hi>=?",
        (stream.id, max(counted), min(counted)),
    ):
        stored.update(r.seq for r in chunk.day(bytes(body)))
    return stored
