"""Ids of cards (salted hashes of their numbers), which are kept for a period only.

They may be personal data. So they never stand in a stored reading, whose days are packed, archived
and exported: there the channel of a reader is 1 for a card and 0 for none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from ..readings.messages import CARD, Reading
from .database import Database

Key = tuple[str, int, str]  # life, seq, channel


class _Row(NamedTuple):
    stream: int
    seq: int
    channel: str
    id: int
    received: int


def set_apart(db: Database, stream: int, readings: list[Reading], received: int) -> list[Reading]:
    """Keep the ids of new readings, within the caller's transaction; the readings without them."""
    rows, without = [], []
    for r in readings:
        cards = {key: v for key, v in r.values.items() if key[0] == CARD and v}
        rows += [_Row(stream, r.seq, key, v, received) for key, v in cards.items()]
        without.append(replace(r, values=r.values | dict.fromkeys(cards, 1)) if cards else r)
    if rows:
        db.insert("card_id", ", ".join(_Row._fields), rows)
    return without


def of_device(db: Database, device: str) -> dict[Key, int]:
    """What is still kept of a board: (life, seq, channel) → id."""
    sql = (
        "SELECT s.life, c.seq, c.channel, c.id FROM card_id c JOIN stream s ON s.id = c.stream "
        "WHERE s.device=?"
    )
    return {(life, seq, channel): id_ for life, seq, channel, id_ in db.query(sql, (device,))}


def forget(db: Database, before: int) -> int:
    """Remove what was received before that Unix second; how many ids."""
    found: Sequence[Sequence[int]] = db.query(
        "SELECT count(*) FROM card_id WHERE received<?", (before,)
    )
    if found[0][0]:
        with db.transaction():
            db.many("DELETE FROM card_id WHERE received<?", [(before,)])
    return int(found[0][0])
