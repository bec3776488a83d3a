"""SQL of what trucks weighed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from . import Store, chains
from .chains import Moved


class LiftRow(NamedTuple):
    """One weighing by a truck. file: id of its import; t: Unix seconds by the truck's clock."""

    file: int
    line: int
    t: int
    grams: int
    truck: str
    site: str
    stream: str
    bin: str
    number: str


_AT_ONCE = 500
_COLUMNS = "import, line, t, grams, truck, site, stream, bin, number"


def add(store: Store, file: tuple[str, str, str], rows: Iterable[LiftRow], after: int) -> None:
    """Add a file, (kind, number, body) of its row of transfers, with its weighings (whose `file`
    is set here), all or none; Moved when another was imported since `after`."""
    with store.database.transaction():
        n, last = chains.head(store.database, chains.TRANSFER, to_add=True)
        if n != after:
            raise Moved
        chains.append(store.database, chains.TRANSFER, [file], (n, last))
        marks = ",".join("?" * len(LiftRow._fields))
        placed = (row._replace(file=n + 1) for row in rows)
        store.database.many(f"INSERT INTO lift ({_COLUMNS}) VALUES ({marks})", placed)  # noqa: S608


def between(store: Store, t0: int, t1: int, without: Collection[int] = ()) -> list[LiftRow]:
    """Those with t0 <= t < t1 (Unix seconds) by time, but for files that no longer count."""
    sql = f"SELECT {_COLUMNS} FROM lift WHERE t>=? AND t<? ORDER BY t, import, line"  # noqa: S608
    found = (LiftRow(*row) for row in store.database.query(sql, (t0, t1)))
    return [row for row in found if row.file not in without]


def at(store: Store, times: Iterable[int], without: Collection[int] = ()) -> list[LiftRow]:
    """Those of these Unix seconds, but for files that no longer count. A clock may be years off:
    what lies between two times is not read."""
    left, found = iter(sorted(set(times))), []
    while some := list(islice(left, _AT_ONCE)):
        sql = f"SELECT {_COLUMNS} FROM lift WHERE t IN ({','.join('?' * len(some))})"  # noqa: S608
        found += [LiftRow(*row) for row in store.database.query(sql, some)]
    return [row for row in found if row.file not in without]


def find(store: Store, file: int, line: int) -> LiftRow | None:
    """One of a file, by its row; None where there is none."""
    sql = f"SELECT {_COLUMNS} FROM lift WHERE import=? AND line=?"  # noqa: S608
    found = store.database.query(sql, (file, line))
    return LiftRow(*found[0]) if found else None


def of_file(store: Store, file: int) -> Iterator[LiftRow]:
    """All of a file, by row."""
    sql = f"SELECT {_COLUMNS} FROM lift WHERE import=? ORDER BY line"  # noqa: S608
    return (LiftRow(*row) for row in store.database.query(sql, (file,)))


def count(store: Store) -> int:
    """Of all files."""
    return int(store.database.query("SELECT count(*) FROM lift")[0][0])
