"""SQL of the ledger, of alarms and of transfers. Bodies are JSON that others make and read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import Store

START = "0" * 64  # the hash before the first row


class Moved(Exception):
    """Somebody else has added something since it was read."""


@dataclass(frozen=True)
class Link:
    """One row of the ledger as it is stored."""

    id: int
    body: str
    prev: str
    hash: str


def digest(prev: str, id_: int, body: str) -> str:
    """What binds a row to the one before."""
    return hashlib.sha256(f"{prev}\n{id_}\n{body}".encode()).hexdigest()


# Ledger


def append(store: Store, bodies: Sequence[str], after: int | None = None) -> list[int]:
    """Add rows at the end of the chain, all or none; their ids.

    The id within a body is the place of `{id}`. after: the last row that was there when
    the bodies were made; Moved when there is another by now."""
    ids: list[int] = []
    with store.database.transaction():
        found = _query(store, "SELECT entries, hash FROM ledger_head WHERE one=1")
        n, last = found[0] if found else (0, START)
        if after is not None and n != after:
            raise Moved
        rows = []
        for body in bodies:
            n += 1
            text = body.replace("{id}", str(n), 1)
            rows.append((n, text, last, digest(last, n, text)))
            last = rows[-1][3]
            ids.append(n)
        _many(store, "INSERT INTO ledger (id, body, prev, hash) VALUES (?,?,?,?)", rows)
        if found:
            _many(store, "UPDATE ledger_head SET entries=?, hash=? WHERE one=1", [(n, last)])
        else:
            _many(store, "INSERT INTO ledger_head (one, entries, hash) VALUES (1,?,?)", [(n, last)])
    return ids


def links(store: Store, after: int = 0) -> list[Link]:
    """The rows with a higher id, in order."""
    sql = "SELECT id, body, prev, hash FROM ledger WHERE id>? ORDER BY id"
    return [Link(*row) for row in _query(store, sql, (after,))]


def head(store: Store) -> tuple[int, str]:
    """How many rows there must be, and the hash of the last."""
    found = _query(store, "SELECT entries, hash FROM ledger_head WHERE one=1")
    return (int(found[0][0]), str(found[0][1])) if found else (0, START)


# Alarms


def add_alarms(
    store: Store, rows: Sequence[tuple[int | None, str, int, str]], after: int | None = None
) -> list[int]:
    """(alarm or None for a new one, what, t, body), all or none; the ids. after: as above."""
    ids: list[int] = []
    with store.database.transaction():
        n = int(_query(store, "SELECT coalesce(max(id), 0) FROM alarm")[0][0])
        if after is not None and n != after:
            raise Moved
        written = []
        for alarm, what, t, body in rows:
            n += 1
            ids.append(n)
            written.append((n, alarm if alarm is not None else n, what, t, body))
        _many(store, "INSERT INTO alarm (id, alarm, what, t, body) VALUES (?,?,?,?,?)", written)
    return ids


def alarms(store: Store) -> list[tuple[int, int, str, int, str]]:
    """Every row: (id, alarm, what, t, body), in order."""
    return _query(store, "SELECT id, alarm, what, t, body FROM alarm ORDER BY id")


def unpublished(store: Store) -> list[tuple[int, int, str, int, str]]:
    """Rows that the broker has not taken yet."""
    return _query(
        store,
        "SELECT id, alarm, what, t, body FROM alarm "
        "WHERE id NOT IN (SELECT id FROM alarm_told) ORDER BY id",
    )


def mark_published(store: Store, ids: Sequence[int]) -> None:
    with store.database.transaction():
        _many(store, "INSERT INTO alarm_told (id) VALUES (?)", [(i,) for i in ids])


# Transfers


def add_transfers(store: Store, rows: Sequence[tuple[str, str, str]]) -> None:
    """(kind, number, body), all or none."""
    with store.database.transaction():
        _many(store, "INSERT INTO transfer (kind, number, body) VALUES (?,?,?)", rows)


def transfers(store: Store, kind: str) -> list[str]:
    """The bodies of a kind, by number."""
    sql = "SELECT body FROM transfer WHERE kind=? ORDER BY number"
    return [str(row[0]) for row in _query(store, sql, (kind,))]


# Up to when something was done


def mark(store: Store, name: str) -> int | None:
    found = _query(store, "SELECT t FROM hazard_mark WHERE name=?", (name,))
    return int(found[0][0]) if found else None


def set_mark(store: Store, name: str, t: int) -> None:
    with store.database.transaction():
        _many(store, "DELETE FROM hazard_mark WHERE name=?", [(name,)])
        _many(store, "INSERT INTO hazard_mark (name, t) VALUES (?,?)", [(name, t)])


# What a board said of itself


def birth(store: Store, device: str, life: str, boot: int) -> tuple[int, bytes] | None:
    """(received, message) of the last birth up to a start of a board."""
    found = _query(
        store,
        "SELECT b.received, b.body FROM birth b JOIN stream s ON s.id = b.stream "
        "WHERE s.device=? AND s.life=? AND b.boot<=? ORDER BY b.boot DESC, b.id DESC LIMIT 1",
        (device, life, boot),
    )
    return (int(found[0][0]), bytes(found[0][1])) if found else None


def _query(store: Store, sql: str, args: Sequence[object] = ()) -> list[Any]:
    return store.database.query(sql, args)


def _many(store: Store, sql: str, rows: Sequence[Sequence[object]]) -> None:
    store.database.many(sql, rows)
