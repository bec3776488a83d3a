"""Many rows at once: the same result on both engines, for few rows and for many."""

from __future__ import annotations

from typing import Any

import pytest

from host.store import Store
from host.store.database import Database

pytestmark = [pytest.mark.each_engine, pytest.mark.parametrize("n", [8, 300])]
COLUMNS = "sender, day, kept, bytes, over"
KEY = "sender, day"
STAMP = 1_790_000_000


def totals(db: Database) -> list[Any]:
    """The rows that the tests write."""
    return db.query(f"SELECT {COLUMNS} FROM refused ORDER BY kept")  # noqa: S608


def made(n: int, over: int = 0) -> list[tuple[Any, ...]]:
    """Rows with text in two scripts and numbers beyond 32 bits."""
    return [(f"板-{i} 'x'", 20_000 - i, i, i << 33, over) for i in range(n)]


def arrivals(db: Database) -> list[Any]:
    return db.query("SELECT n, body FROM arrival ORDER BY id")


def stream(db: Database) -> int:
    db.insert("stream", "device, site, life, spans, boots", [("d", "s", "l", b"", b"")])
    return int(db.query("SELECT id FROM stream")[0][0])


def test_rows_come_in_their_order(store: Store, n: int) -> None:
    db = store.database
    of = stream(db)
    rows = [(of, i, STAMP, bytes([i % 256, 0, 255])) for i in reversed(range(n))]
    with db.transaction():
        db.insert("arrival", "stream, n, received, body", rows)
    assert [(a, bytes(b)) for a, b in arrivals(db)] == [(r[1], r[3]) for r in rows]


def test_a_row_takes_the_place_of_the_one_with_its_key(store: Store, n: int) -> None:
    db = store.database
    db.insert("refused", COLUMNS, made(n), key=KEY)
    db.insert("refused", COLUMNS, made(n + 3, over=7)[2:], key=KEY)
    kept, replaced = made(n)[:2], made(n + 3, over=7)[2:]
    assert totals(db) == [*kept, *replaced]


def test_nothing_is_a_value_too(store: Store, n: int) -> None:
    db = store.database
    of = stream(db)
    columns = "day, stream, n, lo, hi, first_t, last_t, changed, body"
    rows = [(i, of, 1, 0, 0, None, STAMP if i % 2 else None, STAMP, b"") for i in range(n)]
    db.insert("day", columns, rows, key="day, stream")
    assert db.query("SELECT first_t, last_t FROM day ORDER BY day") == [r[5:7] for r in rows]


def test_other_values_and_no_row(store: Store, n: int) -> None:
    db = store.database
    of = stream(db)
    columns = "stream, n, received, body"
    db.insert("arrival", columns, [(of, i, STAMP, b"") for i in range(n + 1)])
    ids = [row[0] for row in db.query("SELECT id FROM arrival ORDER BY id")]
    db.update("arrival", "n, body", [(9, b"x", id_) for id_ in ids[:-1]], key="id")
    assert [(a, bytes(b)) for a, b in arrivals(db)] == [*[(9, b"x")] * n, (n, b"")]
    db.remove("arrival", "id, stream", [(id_, of) for id_ in ids[1:]])
    assert [(a, bytes(b)) for a, b in arrivals(db)] == [(9, b"x")]


def test_a_value_that_does_not_fit_leaves_nothing(store: Store, n: int) -> None:
    db = store.database
    of = stream(db)
    rows = [*((of, i, STAMP, b"") for i in range(n)), (of, None, STAMP, b"")]
    with pytest.raises(Exception, match=r"(?i)null"), db.transaction():
        db.insert("arrival", "stream, n, received, body", rows)
    assert arrivals(db) == []
