"""Messages that were refused, kept whole: listed, and taken back when they can be understood."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import chunk, seq_intervals
from .database import Database
from .streams import Stream

_STEP = 500  # rows in memory


@dataclass(frozen=True)
class Kept:
    """A message in quarantine. received: Unix seconds."""

    id: int
    received: int
    topic: str
    reason: str
    payload: bytes


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
