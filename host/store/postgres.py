"""PostgreSQL below the store: several ingesters may write to one server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import psycopg
from psycopg.types import TypeInfo

from ..common.store_address import server, without_pieces
from .database import Busy, StoreError, insert_sql, on_conflict, remove_sql, update_sql

_CONNECT_S = 5
_LOCK_S = 10
# The other end, or the line to it, is gone where it says nothing for so long (idle, between
# probes, probes): else who is cut off holds its locks for two hours, and the other end waits.
_GONE = {"keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 4}
_FEW = 8  # up to so many rows go one by one


class Postgres:
    """A server named by postgresql://…; a lost connection is made anew."""

    types: ClassVar[dict[str, str]] = {
        "serial": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "blob": "BYTEA",
    }
    has_versions: ClassVar[bool] = True
    row_version: ClassVar[str] = "xmin::text"

    def __init__(self, url: str) -> None:
        self._url = url
        self._known_types: dict[tuple[str, str], list[TypeInfo]] = {}
        self._within = False  # a transaction is under way
        try:
            self._db = self._connect()
        except (psycopg.OperationalError, psycopg.ProgrammingError) as error:
            text = without_pieces(_first_line(error), url)
            raise StoreError(f"{server(url)}: {text}") from None

    def _connect(self) -> psycopg.Connection[Any]:
        asked: dict[str, Any] = {
            name: value for name, value in _GONE.items() if name not in self._url
        }
        db = psycopg.connect(self._url, autocommit=True, connect_timeout=_CONNECT_S, **asked)
        for name, value in _GONE.items():
            db.execute(f"SET tcp_{name} = {value}")
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

    def insert(
        self, table: str, columns: str, rows: Sequence[Sequence[Any]], *, key: str = ""
    ) -> None:
        """New rows, in this order; with a key they take the place of those that have the same."""
        if len(rows) <= _FEW:
            self.many(insert_sql(table, columns, key), rows)
        elif key:
            new, columns_of = self._unnested(table, columns, rows)
            sql = f"INSERT INTO {table} ({columns}) SELECT * FROM {new}"  # noqa: S608
            self._execute(sql + on_conflict(columns, key), columns_of)
        else:
            with self._reached(), self._db.cursor() as cursor:
                types = [kind.oid for kind in self._types(table, columns)]
                sql = f"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)"
                with cursor.copy(sql) as copy:
                    copy.set_types(types)
                    for row in rows:
                        copy.write_row(row)

    def update(self, table: str, columns: str, rows: Sequence[Sequence[Any]], *, key: str) -> None:
        """Other values of these columns. rows: the values, and last the key."""
        if len(rows) <= _FEW:
            self.many(update_sql(table, columns, key), rows)
            return
        new, columns_of = self._unnested(table, f"{columns}, {key}", rows)
        values = ", ".join(f"{name}=new.{name}" for name in columns.split(", "))
        sql = f"UPDATE {table} SET {values} FROM {new} WHERE {table}.{key}=new.{key}"  # noqa: S608
        self._execute(sql, columns_of)

    def remove(self, table: str, key: str, rows: Sequence[Sequence[Any]]) -> None:
        """Take out the rows with these keys."""
        if len(rows) <= _FEW:
            self.many(remove_sql(table, key), rows)
            return
        new, columns_of = self._unnested(table, key, rows)
        same = " AND ".join(f"{table}.{name}=new.{name}" for name in key.split(", "))
        self._execute(f"DELETE FROM {table} USING {new} WHERE {same}", columns_of)  # noqa: S608

    def pairs(self, rows: Sequence[tuple[str, str]]) -> tuple[str, list[Any]]:
        """A table of two columns of text as SQL, and its parameters."""
        return "SELECT * FROM unnest(?::text[], ?::text[])", _by_column(rows)

    def _execute(self, sql: str, args: Sequence[Any]) -> None:
        with self._reached():
            self._db.execute(sql, args)

    def _unnested(
        self, table: str, columns: str, rows: Sequence[Sequence[Any]]
    ) -> tuple[str, list[Any]]:
        """Rows as a table `new` of one statement, and its parameters: each column as an array,
        which a server takes many times faster than a statement for each row."""
        arrays = ", ".join(f"%b::{kind.name}[]" for kind in self._types(table, columns))
        return f"unnest({arrays}) AS new ({columns})", _by_column(rows)

    def _types(self, table: str, columns: str) -> list[TypeInfo]:
        """The types of columns of a table."""
        key = table, columns
        if key not in self._known_types:
            with self._reached():
                empty = self._db.execute(f"SELECT {columns} FROM {table} LIMIT 0")  # noqa: S608
                kinds = [self._db.adapters.types[c.type_code] for c in empty.description or ()]
            self._known_types[key] = kinds
        return self._known_types[key]

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

    def hold(self, lock: int, *, alone: bool) -> None:
        """Hold a lock until the transaction ends: alone, or with others who want it so."""
        self.query(f"SELECT pg_advisory_xact_lock{'' if alone else '_shared'}(?)", (lock,))

    def identity(self) -> str:
        """The same for who has opened the same database, by whatever address."""
        sql = (
            "SELECT system_identifier::text, current_database(), 'book'::regclass::oid::text "
            "FROM pg_control_system()"
        )
        return "/".join(self.query(sql)[0])

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


def _by_column(rows: Sequence[Sequence[Any]]) -> list[Any]:
    return [list(column) for column in zip(*rows, strict=True)]


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
