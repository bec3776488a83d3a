"""A database that holds millions of readings already, made once and kept."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import psycopg

from bench_host import load
from host.readings.messages import reading
from host.store import Batch, Store

_AT_ONCE = 200_000
_COPIED = {  # tables of a store without arrivals: its columns
    "stream": "id, device, site, life, floor, archived, confirm, spans, boots",
    "day": "day, stream, n, lo, hi, first_t, last_t, changed, body",
}


def prefill(path: Path, target: int) -> None:
    """target readings of the district's boards, sorted into days, free pages given back."""
    if path.exists():
        return
    making = path.with_suffix(".making")
    remove(making)
    store = Store(making, create=True)
    start = load.T0 - 40 * 86_400
    boards = [load.Board(i, 99, start) for i in range(load.BOARDS)]
    made = 0
    while made < target:
        batch = Batch()
        each = max(1, min(_AT_ONCE, target - made) // load.BOARDS)
        for board in boards:
            came = [reading(board.reading(), 1 << 33) for _ in range(each)]
            batch.readings += [(board.device, board.site, r) for r in came]
        store.add(batch, start)
        made += len(batch.readings)
        print(f"\rprefill: {made:,} of {target:,} readings", end="", flush=True)
    while store.compact(start, steps=1):
        print(f"\rprefill: {store.waiting():,} messages left to be sorted ", end="", flush=True)
    print()
    store.database.query("VACUUM")
    store.database.query("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    making.rename(path)


def remove(path: Path) -> None:
    """A SQLite file with what stands beside it."""
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
    shutil.rmtree(f"{path}.archive", ignore_errors=True)


def copy(source: Path, path: Path) -> Path:
    """The same database to be written to: every round begins with the same."""
    remove(path)
    shutil.copy(source, path)
    return path


def copy_to_postgres(source: Path, url: str) -> None:
    """The same content in an empty PostgreSQL database."""
    Store(url, create=True).close()
    with sqlite3.connect(source) as old, psycopg.connect(url) as new, new.cursor() as cursor:
        for table, columns in _COPIED.items():
            rows = old.execute(f"SELECT {columns} FROM {table}")  # noqa: S608
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copied:
                for row in rows:
                    copied.write_row(row)
        cursor.execute("SELECT setval(pg_get_serial_sequence('stream', 'id'), max(id)) FROM stream")
        new.commit()
        new.autocommit = True
        cursor.execute("VACUUM ANALYZE")
