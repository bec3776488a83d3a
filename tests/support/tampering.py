"""What somebody with the database file in their hands does to its chains."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from host.store import Store, chains


def unlock(db: sqlite3.Connection) -> None:
    """Remove the triggers that refuse changes."""
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")


def let_change(store: Store, table: str) -> None:
    """Remove the triggers of a table, on either engine."""
    if isinstance(store.where, Path):
        store.database.script(f"DROP TRIGGER {table}_update;\nDROP TRIGGER {table}_delete")
    else:
        store.database.script(f"DROP TRIGGER {table}_kept ON {table}")


def made_anew(db: sqlite3.Connection, chain: str, rows: Sequence[Sequence[object]]) -> None:
    """Let a chain consist of these rows (their own columns), whole by itself, with its head."""
    db.execute(f"DELETE FROM {chain}")  # noqa: S608
    prev = chains.START
    for n, row in enumerate(rows, 1):
        hash_ = chains.digest(prev, n, chains.text(chain, list(row)))
        places = ",".join("?" * (3 + len(row)))
        sql = f"INSERT INTO {chain} (id, prev, hash, {chains.COLUMNS[chain]}) VALUES ({places})"  # noqa: S608
        db.execute(sql, (n, prev, hash_, *row))
        prev = hash_
    db.execute(f"UPDATE {chain}_head SET entries=?, hash=?", (len(rows), prev))  # noqa: S608


def rows_of(db: sqlite3.Connection, chain: str) -> list[tuple[object, ...]]:
    return db.execute(f"SELECT {chains.COLUMNS[chain]} FROM {chain} ORDER BY id").fetchall()  # noqa: S608


def another(row: Sequence[object], luck: random.Random) -> list[object]:
    """A row in which one character of one text is another."""
    made = list(row)
    at = luck.choice([i for i, value in enumerate(made) if isinstance(value, str) and value])
    old = str(made[at])
    k = luck.randrange(len(old))
    made[at] = old[:k] + luck.choice([c for c in "0123456789" if c != old[k]]) + old[k + 1 :]
    return made


WAYS = (
    *("changed", "removed", "cut off", "cut off and grown", "put in", "exchanged", "all gone"),
    "in place",
)


def tamper(db: sqlite3.Connection, chain: str, how: str, luck: random.Random) -> None:
    """Change a chain in one way; its hashes and its head fit again, but for `in place`."""
    unlock(db)
    rows: list[Sequence[object]] = list(rows_of(db, chain))
    at = luck.randrange(len(rows))
    if how == "in place":
        column = chains.COLUMNS[chain].rpartition(", ")[2]
        new = another(rows[at][-1:], luck)[0]
        db.execute(f"UPDATE {chain} SET {column}=? WHERE id=?", (new, at + 1))  # noqa: S608
        return
    if how == "changed":
        rows[at] = another(rows[at], luck)
    elif how == "removed":
        del rows[at]
    elif how == "cut off":
        del rows[at:]
    elif how == "cut off and grown":
        grown = [another(row, luck) for row in rows[at:]]
        rows[at:] = [*grown, *(another(row, luck) for row in grown)]
    elif how == "put in":
        rows.insert(at, another(rows[at], luck))
    elif how == "exchanged":
        other = luck.choice([i for i in range(len(rows)) if rows[i] != rows[at]])
        rows[at], rows[other] = rows[other], rows[at]
    else:
        rows = []
    if chain == "transfer":
        rows = _distinct(rows, luck)
    made_anew(db, chain, rows)


def _distinct(rows: Sequence[Sequence[object]], luck: random.Random) -> list[Sequence[object]]:
    """The rows with kind and number unique, as the table demands."""
    seen = set()
    made: list[Sequence[object]] = []
    for row in rows:
        kind, number, body = row
        while (kind, number) in seen:
            number = f"{luck.randrange(10**14):014d}"
        seen.add((kind, number))
        made.append((kind, number, body))
    return made
