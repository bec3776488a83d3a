"""Messages that were refused, kept whole: listed, and taken back when they can be understood.

One board must not fill the disk: of each only so much is kept a day, the rest is counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..common.local_days import local_day
from . import chunk, seq_intervals
from .database import Database
from .model import Refused
from .streams import Stream

_STEP = 500  # rows in memory
MESSAGES, BYTES = 1_000, 4 << 20  # of one board on one day


@dataclass(frozen=True)
class Kept:
    """A message in quarantine. received: Unix seconds."""

    id: int
    received: int
    topic: str
    reason: str
    payload: bytes


def put(db: Database, refused: Sequence[Refused], received: int) -> None:
    """Keep what was refused, up to MESSAGES and BYTES of a board and local day, within a
    transaction. The senders that no registry knows share one such limit."""
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
        if count[0] < MESSAGES and count[1] + len(x.payload) <= BYTES:
            count[0] += 1
            count[1] += len(x.payload)
            rows.append((received, x.topic, x.reason, x.payload))
        else:
            count[2] += 1
    db.many("INSERT INTO quarantine (received, topic, reason, payload) VALUES (?,?,?,?)", rows)
    db.many(
        "INSERT INTO refused (sender, day, kept, bytes, over) VALUES (?,?,?,?,?) "
        "ON CONFLICT (sender, day) DO UPDATE SET kept=excluded.kept, bytes=excluded.bytes, "
        "over=excluded.over",
        [(sender, day, *count) for sender, count in counts.items()],
    )


def over(db: Database) -> dict[str, int]:
    """Board → messages that were refused and not kept; "" for senders that are no board."""
    rows = db.query("SELECT sender, sum(over) FROM refused GROUP BY sender HAVING sum(over) > 0")
    return {sender: int(n) for sender, n in rows}


def kept(
    db: Database, *, reason: str = "", device: str = "", t0: int = 0, t1: int = 1 << 62
) -> Iterator[Kept]:
    """Those whose reason contains a text, of one board (or every), received within t0 <= t < t1,
    in the order in which they came."""
    last = 0
    while True:
        rows = db.query(
            "SELECT id, received, topic, reason, payload FROM quarantine "
            "WHERE id>? AND received>=? AND received<? ORDER BY id LIMIT ?",
            (last, t0, t1, _STEP),
        )
        for id_, received, topic, why, payload in rows:
            last = id_
            if reason in why and (not device or topic.split("/")[3:4] == [device]):
                yield Kept(id_, received, topic, why, bytes(payload))
        if len(rows) < _STEP:
            return


def remove(db: Database, id_: int) -> None:
    """Within the transaction that stores what it says."""
    db.many("DELETE FROM quarantine WHERE id=?", [(id_,)])


def release(db: Database, stream: Stream, seqs: Iterable[int]) -> None:
    """Let readings of these seqs be stored though they were counted as taken when they were
    refused. One that is stored stays so; of a stream with archived days nothing is released."""
    counted = [seq for seq in seqs if seq_intervals.has(stream.held, seq)]
    if not counted or db.query("SELECT archived FROM stream WHERE id=?", (stream.id,))[0][0]:
        return
    stored: set[int] = set()
    for (body,) in db.query("SELECT body FROM arrival WHERE stream=?", (stream.id,)):
        stored.update(r.seq for r in chunk.arrivals(bytes(body)))
    for (body,) in db.query(
        "SELECT body FROM day WHERE stream=? AND lo<=? AND hi>=?",
        (stream.id, max(counted), min(counted)),
    ):
        stored.update(r.seq for r in chunk.day(bytes(body)))
    for seq in counted:
        if seq not in stored:
            seq_intervals.remove(stream.held, seq)
