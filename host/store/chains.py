"""SQL of the hash chains: rows of the ledger, of alarms and of transfers, each bound to the one
before. Heads are changed in the same transaction as the rows."""

# ruff: noqa: S608  the names in the statements are those of CHAINS

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import msgspec

from .database import Database

START = "0" * 64  # the hash before the first row
LEDGER, ALARM, TRANSFER = "ledger", "alarm", "transfer"
PIECE = 10_000  # rows that are held at once
CHAINS = LEDGER, ALARM, TRANSFER
_FURTHER_TRIES, _SHORTEST_S, _LONGEST_S = 12, 0.01, 0.2
COLUMNS = {LEDGER: "body", ALARM: "alarm, what, t, body", TRANSFER: "kind, number, body"}


class Moved(Exception):
    """Somebody else has added something since it was read."""


def tries() -> Iterator[None]:
    """Whoever adds tries so often, each time from what is there by then, and waits before each
    further try: longer each time, and by chance, so that several that meet once do not go on
    meeting. All waits together take some two seconds at most."""
    yield
    for n in range(_FURTHER_TRIES):
        time.sleep(random.random() * min(_LONGEST_S, _SHORTEST_S * 2**n))  # noqa: S311
        yield


@dataclass(frozen=True)
class Link:
    """One row of a chain. body: all that it says, as text."""

    id: int
    body: str
    prev: str
    hash: str


def digest(prev: str, id_: int, body: str) -> str:
    """What binds a row to the one before."""
    return hashlib.sha256(f"{prev}\n{id_}\n{body}".encode()).hexdigest()


def text(chain: str, columns: Sequence[object]) -> str:
    """The body of a row: of the ledger its only column, of others all of them as JSON."""
    return str(columns[0]) if chain == LEDGER else msgspec.json.encode(columns).decode()


def head(db: Database, chain: str, *, to_add: bool = False) -> tuple[int, str]:
    """How many rows there must be, and the hash of the last. to_add: others wait meanwhile."""
    if to_add:  # a row that is not there cannot be locked: two that add the first would collide
        into = f"INSERT INTO {chain}_head (one, entries, hash) VALUES (1,?,?)"
        db.many(f"{into} ON CONFLICT (one) DO NOTHING", [(0, START)])
    lock = db.locking() if to_add else ""
    found = db.query(f"SELECT entries, hash FROM {chain}_head WHERE one=1{lock}")
    return (int(found[0][0]), str(found[0][1])) if found else (0, START)


def last(db: Database, chain: str) -> tuple[int, str]:
    """The id and the hash of the last row that is there."""
    whole = "id BETWEEN 1 AND 2147483647"  # SQLite lets somebody put a text there
    found = db.query(f"SELECT id, hash FROM {chain} WHERE {whole} ORDER BY id DESC LIMIT 1")
    return (int(found[0][0]), str(found[0][1])) if found else (0, START)


def links(db: Database, chain: str, after: int = -(1 << 31)) -> list[Link]:
    """The rows with a higher id, in order."""
    sql = f"SELECT id, prev, hash, {COLUMNS[chain]} FROM {chain} WHERE id>? ORDER BY id"
    return [Link(id_, text(chain, of), p, h) for id_, p, h, *of in db.query(sql, (after,))]


def append(
    db: Database, chain: str, rows: Iterable[Sequence[object]], last: tuple[int, str]
) -> None:
    """Add rows (the columns that they have beside id, prev and hash) after the head `last`,
    within the transaction under way."""
    n, before = last
    columns = COLUMNS[chain]
    places = ",".join("?" * (3 + columns.count(",") + 1))
    left = iter(rows)
    while piece := list(islice(left, PIECE)):
        written = []
        for row in piece:
            n += 1
            hash_ = digest(before, n, text(chain, row))
            written.append((n, before, hash_, *row))
            before = hash_
        db.many(f"INSERT INTO {chain} (id, prev, hash, {columns}) VALUES ({places})", written)
    _set_head(db, chain, n, before)


def add_to_ledger(db: Database, bodies: Sequence[str], after: int | None) -> list[int]:
    """Add entries at the end of the ledger, within the transaction under way; their ids. As
    hazard.append, which begins one."""
    n, before = head(db, LEDGER, to_add=True)
    if after is not None and n != after:
        raise Moved
    rows = [(body.replace("{id}", str(i), 1),) for i, body in enumerate(bodies, n + 1)]
    append(db, LEDGER, rows, (n, before))
    return list(range(n + 1, n + 1 + len(bodies)))


def _set_head(db: Database, chain: str, n: int, last: str) -> None:
    if db.query(f"SELECT 1 FROM {chain}_head WHERE one=1"):
        db.many(f"UPDATE {chain}_head SET entries=?, hash=? WHERE one=1", [(n, last)])
    else:
        db.many(f"INSERT INTO {chain}_head (one, entries, hash) VALUES (1,?,?)", [(n, last)])


def begin(db: Database) -> None:
    """Chain the alarms and transfers that were there before chains.sql, and lock the three."""
    for n, (kind, number) in enumerate(
        db.query("SELECT kind, number FROM transfer ORDER BY kind, number"), 1
    ):
        db.many("UPDATE transfer SET id=? WHERE kind=? AND number=?", [(n, kind, number)])
    for chain in (ALARM, TRANSFER):
        last, hashes = START, []
        for link in links(db, chain):
            hashes.append((last, digest(last, link.id, link.body), link.id))
            last = hashes[-1][1]
        if hashes:
            db.many(f"UPDATE {chain} SET prev=?, hash=? WHERE id=?", hashes)
            _set_head(db, chain, hashes[-1][2], last)
    db.script("CREATE UNIQUE INDEX transfer_id ON transfer (id)")
    for chain in CHAINS:
        db.only_add(chain, ("id",), *([("kind", "number")] if chain == TRANSFER else []))
