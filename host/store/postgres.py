"""PostgreSQL below the store: several ingesters may write to one server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import psycopg

from ..common.store_address import server, without_pieces
from .database import Busy, StoreError

_CONNECT_S = 5
_LOCK_S = 10


class Postgres:
    """A server named by postgresql://…; a lost connection is made anew."""

    types: ClassVar[dict[str, str]] = {
        "serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "blob": "BYTEA",
    }

    def __init__(self, url: str) -> None:
        self._url = url
        self._within = False  # a transaction is under way
        try:
            self._db = self._connect()
        except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
            text = without_pieces(_first_line(error), url)
            raise StoreError(f"{server(url)}: {text}") from None

    def _connect(self) -> psycopg.Connection[Any]:
        db = psycopg.connect(self._url, autocommit=True, connect_timeout=_CONNECT_S)
        # Who waits for a lock for ever says nothing meanwhile, and cannot be stopped.
        db.execute(f"SET lock_timeout = '{_LOCK_S}s'")
        return db

    def query(self, sql: str, args: Sequence[Any] = ()) -> list[Any]:
        """Every row of the answer; Busy when the server cannot give it now."""
        with self._reached():
            return self._db.execute(_own(sql), args).fetchall()

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._reached(), self._db.cursor() as cursor:
            cursor.executemany(_own(sql), rows)

    def script(self, sql: str) -> None:
        """Several statements, within the transaction under way."""
        self._db.execute(sql)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; Busy when the server cannot take it now."""
        with self._reached():
            before, self._within = self._within, True
            try:
                with self._db.transaction():
                    yield
            finally:
                self._within = before

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """A connection, made anew unless a transaction was lost with it."""
        try:
            if self._db.closed and not self._within:
                self._db = self._connect()
            yield
        except (psycopg.OperationalError, psycopg.InternalError) as error:
            if self._db.closed or self._db.broken:
                self._db.close()
            raise Busy(_first_line(error)) from error

    def changed_elsewhere(self) -> bool:
        """Another ingester may have written at any time."""
        return True

    def others(self) -> int | None:
        """None: a writer waits for those of the same rows only."""
        return None

    def locking(self) -> str:
        """Appended to a SELECT whose rows will be updated."""
        return " FOR UPDATE"

    def has_table(self, name: str) -> bool:
        return bool(self.query("SELECT 1 WHERE to_regclass(?) IS NOT NULL", (name,)))

    def only_add(self, table: str, *_: Sequence[str]) -> None:
        """From now on rows of a table can be neither changed nor removed."""
        self._db.execute(
            "CREATE OR REPLACE FUNCTION only_ever_added_to() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '%: only ever added to', TG_TABLE_NAME; END $$"
        )
        self._db.execute(
            f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION only_ever_added_to()"
        )

    def part(self, table: str, by: str, every: int) -> None:
        """Keep a new table in parts of so many values of an integer column where the database
        has TimescaleDB (CREATE EXTENSION timescaledb): indexes then stay small however much
        there is, and old parts stay as they are."""
        if self.query("SELECT 1 FROM pg_extension WHERE extname='timescaledb'"):
            self.query(
                "SELECT create_hypertable(?::regclass, ?::name, chunk_time_interval => ?::int, "
                "create_default_indexes => false)",
                (table, by, every),
            )

    def close(self) -> None:
        self._db.close()


def _own(sql: str) -> str:
    return sql.replace("?", "%s")


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
