"""Messages that wait in the store until there is time to understand them.

They are acknowledged to the broker: nothing of them is lost, and no other board waits for them."""

from __future__ import annotations

from collections.abc import Iterable

from .database import Database

_ROWS, _BYTES = 200, 1 << 17  # taken up at once
Message = tuple[str, bytes, bytes]  # device, topic, payload
Row = tuple[int, str, bytes, bytes]  # id, device, topic, payload


def put(db: Database, messages: Iterable[Message]) -> None:
    """Add messages, within a transaction."""
    db.many("INSERT INTO deferred (device, topic, payload) VALUES (?,?,?)", messages)


def first(db: Database) -> list[Row]:
    """Those that came first: so many as are taken up in one transaction, at least one."""
    rows = db.query("SELECT id, length(payload) FROM deferred ORDER BY id LIMIT ?", (_ROWS,))
    size, last = 0, -1
    for id_, n in rows:
        if last >= 0 and size + n > _BYTES:
            break
        size, last = size + n, id_
    found = db.query(
        "SELECT id, device, topic, payload FROM deferred WHERE id<=? ORDER BY id", (last,)
    )
    return [(id_, device, bytes(topic), bytes(body)) for id_, device, topic, body in found]


def remove(db: Database, ids: Iterable[int]) -> None:
    """Within the transaction that stores what they say."""
    db.many("DELETE FROM deferred WHERE id=?", [(id_,) for id_ in ids])


def waiting(db: Database) -> dict[str, tuple[int, int]]:
    """Device → messages and bytes that wait."""
    rows = db.query("SELECT device, count(*), sum(length(payload)) FROM deferred GROUP BY device")
    return {device: (int(n), int(size)) for device, n, size in rows}
