"""A store in PostgreSQL with a day of readings, as often as wanted, and all figures of one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psycopg
from bench_host import rollup as district
from postgres import Postgres

# Everything of the figures but when they were computed, and ids.
_FIGURES = (
    "SELECT bin, device, made_with, booked FROM platform ORDER BY bin",
    "SELECT p.bin, d.day, d.revision, d.reason, d.opening, d.deposited, d.collected, d.removed, "
    "d.unattributed, d.closing, d.permissible, d.weighings, d.doubt, d.covered_s, d.collections, "
    "d.flags, d.fullest, e.body FROM platform_day d JOIN platform p ON p.id=d.platform "
    "LEFT JOIN platform_day_events e ON e.platform=d.platform AND e.day=d.day "
    "AND e.revision=d.revision ORDER BY p.bin, d.day, d.revision",
    "SELECT p.bin, c.day, c.opens, c.state, c.found FROM checkpoint c "
    "JOIN platform p ON p.id=c.platform ORDER BY p.bin, c.day",
    "SELECT s.device, t.day, t.n FROM touched t JOIN stream s ON s.id=t.stream ORDER BY t.id",
)
# Those that are about to commit: the stamp is the last that a transaction of figures writes.
_WAITING = (
    "SELECT pid FROM pg_stat_activity WHERE datname=current_database() "
    "AND wait_event_type='Lock' AND query LIKE 'UPDATE book%'"
)
_BEHIND = (
    "SELECT pid FROM pg_stat_activity WHERE datname=current_database() "
    "AND wait_event_type='Lock' AND query NOT LIKE 'UPDATE book%'"
)


class Stores:
    """Databases of a server, each with the same day of so many platforms, four a board."""

    def __init__(self, server: Postgres, folder: Path, platforms: int) -> None:
        self._server, self._n = server, 0
        self.registry = district.build(folder, platforms, 4, self.url("postgres"))[1]

    def url(self, name: str) -> str:
        return self._server.url.rpartition("/")[0] + "/" + name

    def new(self) -> str:
        """The url of a database whose figures are all due."""
        self._n += 1
        name = f"engine_{self._n}"
        with psycopg.connect(self.url("template1"), autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name} TEMPLATE postgres STRATEGY file_copy")
        return self.url(name)


def figures(url: str) -> list[list[tuple[Any, ...]]]:
    """Every figure, step and touch of a store, to the byte."""
    with psycopg.connect(url) as db:
        return [db.execute(sql).fetchall() for sql in _FIGURES]


class Held:
    """Writers of figures, each at the end of its transaction, before it commits."""

    def __init__(self, url: str) -> None:
        self._looking = psycopg.connect(url, autocommit=True)
        self._holding = psycopg.connect(url)
        self._holding.execute("SELECT stamp FROM book FOR UPDATE")

    def wait_for(self, n: int, within_s: float = 60) -> list[int]:
        """The process ids, of the server, of so many writers that wait."""
        end = time.monotonic() + within_s
        while len(found := self._looking.execute(_WAITING).fetchall()) < n:
            assert time.monotonic() < end, f"expected {n} writers that wait, found {found}"
            time.sleep(0.02)
        return [row[0] for row in found]

    def wait_for_another(self, within_s: float = 60) -> None:
        """Somebody waits for one that waits to commit."""
        end = time.monotonic() + within_s
        while not self._looking.execute(_BEHIND).fetchall():
            assert time.monotonic() < end, "expected a writer that waits for another"
            time.sleep(0.02)

    def cut(self, pid: int) -> None:
        """End a writer's connection, as a server that an operator stops would."""
        self._looking.execute("SELECT pg_terminate_backend(%s)", (pid,))

    def release(self) -> None:
        """Let them go on."""
        for connection in (self._holding, self._looking):
            connection.close()

    def __enter__(self) -> Held:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
