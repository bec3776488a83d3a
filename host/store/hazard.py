"""SQL of the ledger, of alarms and of transfers. Bodies are JSON that others make and read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from . import Store, chains, label_codes
from .chains import Link, Moved

# Ledger


def append(
    store: Store,
    bodies: Sequence[str],
    after: int | None = None,
    *,
    codes: Sequence[str] = (),
    t: int = 0,
) -> list[int]:
    """Add rows at the end of the chain, all or none; their ids.

    The id within a body is the place of `{id}`. after: the last row that was there when
    the bodies were made; Moved when there is another by now. codes: the 数字识别码 in the
    bodies, none of which is handed out later; t: now, Unix seconds."""
    with store.database.transaction():
        ids = chains.add_to_ledger(store.database, bodies, after)
        label_codes.note_given(store.database, codes, t)
    return ids


def links(store: Store, after: int = 0) -> list[Link]:
    """The rows with a higher id, in order."""
    return chains.links(store.database, chains.LEDGER, after)


# Alarms


def add_alarms(
    store: Store, rows: Sequence[tuple[int | None, str, int, str]], after: int | None = None
) -> list[int]:
    """(alarm or None for a new one, what, t, body), all or none; the ids. after: as above."""
    with store.database.transaction():
        n, last = chains.head(store.database, chains.ALARM, to_add=True)
        if after is not None and n != after:
            raise Moved
        written = [
            (i if alarm is None else alarm, what, t, body)
            for i, (alarm, what, t, body) in enumerate(rows, n + 1)
        ]
        chains.append(store.database, chains.ALARM, written, (n, last))
    return list(range(n + 1, n + 1 + len(rows)))


def alarms(store: Store) -> list[tuple[int, int, str, int, str]]:
    """Every row: (id, alarm, what, t, body), in order."""
    return _query(store, "SELECT id, alarm, what, t, body FROM alarm ORDER BY id")


def open_alarms(store: Store) -> tuple[int, list[tuple[int, int, str, int, str]]]:
    """How many rows there were before, and those of alarms that are not cleared, in order."""
    n = chains.head(store.database, chains.ALARM)[0]
    return n, _query(
        store,
        "SELECT id, alarm, what, t, body FROM alarm WHERE alarm IN "
        "(SELECT r.alarm FROM alarm r WHERE r.what='raised' AND NOT EXISTS "
        "(SELECT 1 FROM alarm c WHERE c.what='cleared' AND c.alarm=r.alarm)) ORDER BY id",
    )


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


def add_transfers(store: Store, rows: Iterable[tuple[str, str, str]], after: int) -> None:
    """(kind, number, body), all or none. after: as in append()."""
    with store.database.transaction():
        n, last = chains.head(store.database, chains.TRANSFER, to_add=True)
        if n != after:
            raise Moved
        chains.append(store.database, chains.TRANSFER, rows, (n, last))


def transfer_count(store: Store) -> int:
    """How many rows there are."""
    return chains.head(store.database, chains.TRANSFER)[0]


def transfers(store: Store, kind: str) -> list[str]:
    """The bodies of a kind, by number."""
    sql = "SELECT body FROM transfer WHERE kind=? ORDER BY number"
    return [str(row[0]) for row in _query(store, sql, (kind,))]


def transfers_by_row(store: Store, kind: str) -> list[tuple[int, str]]:
    """(id, body) of those of a kind, the first added first."""
    sql = "SELECT id, body FROM transfer WHERE kind=? ORDER BY id"
    return [(int(i), str(body)) for i, body in _query(store, sql, (kind,))]


def transfers_after(store: Store, row: int) -> list[tuple[str, str]]:
    """(kind, body) of those with a higher id, in order."""
    sql = "SELECT kind, body FROM transfer WHERE id>? ORDER BY id"
    return [(str(kind), str(body)) for kind, body in _query(store, sql, (row,))]


def transfer(store: Store, kind: str, row: int) -> str | None:
    """The body of one of a kind by its id; None where there is none."""
    found = _query(store, "SELECT body FROM transfer WHERE id=? AND kind=?", (row, kind))
    return str(found[0][0]) if found else None


def transfers_numbered_as(store: Store, kind: str, other: str) -> set[int]:
    """The ids of those of a kind that have the number of one of another kind."""
    sql = (
        "SELECT id FROM transfer WHERE kind=? "
        "AND number IN (SELECT number FROM transfer WHERE kind=?)"
    )
    return {int(row[0]) for row in _query(store, sql, (kind, other))}


def transfers_of(store: Store, kind: str, start: str) -> list[str]:
    """The bodies of those of a kind whose number begins so, the first added first."""
    sql = "SELECT body FROM transfer WHERE kind=? AND substr(number,1,?)=? ORDER BY id"
    return [str(body) for (body,) in _query(store, sql, (kind, len(start), start))]


# Up to when something was done


def mark(store: Store, name: str) -> int | None:
    found = _query(store, "SELECT t FROM hazard_mark WHERE name=?", (name,))
    return int(found[0][0]) if found else None


def set_mark(store: Store, name: str, t: int) -> None:
    with store.database.transaction():
        store.database.insert("hazard_mark", "name, t", [(name, t)], key="name")


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
