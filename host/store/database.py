"""The engines below the store: SQLite as a file, PostgreSQL as a server.

Both take the same SQL, with ? for a parameter. A transaction that fails leaves nothing."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from ..common.errors import UserError


class StoreError(UserError):
    """The store cannot be used; one line."""


class Busy(Exception):
    """The store does not take anything just now (locked, full, away): try again."""


class Database(Protocol):
    """What the store asks of an engine."""

    types: ClassVar[dict[str, str]]  # how the engine spells {serial} and {blob}
    has_versions: ClassVar[bool]  # whether each row has a version, another one once it is written
    row_version: ClassVar[str]  # that as a column of a SELECT, as text

    def query(self, sql: str, args: Sequence[Any] = ()) -> list[Any]: ...
    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None: ...
    def insert(
        self, table: str, columns: str, rows: Sequence[Sequence[Any]], *, key: str = ""
    ) -> None: ...
    def update(
        self, table: str, columns: str, rows: Sequence[Sequence[Any]], *, key: str
    ) -> None: ...
    def remove(self, table: str, key: str, rows: Sequence[Sequence[Any]]) -> None: ...
    def pairs(self, rows: Sequence[tuple[str, str]]) -> tuple[str, list[Any]]: ...
    def script(self, sql: str) -> None: ...
    def transaction(self) -> Any: ...
    def changed_elsewhere(self) -> bool: ...
    def others(self) -> int | None: ...
    def locking(self) -> str: ...
    def hold(self, lock: int, *, alone: bool) -> None: ...
    def identity(self) -> str: ...
    def has_table(self, name: str) -> bool: ...
    def only_add(self, table: str, *keys: Sequence[str]) -> None: ...
    def part(self, table: str, by: str, every: int) -> None: ...
    def close(self) -> None: ...


# Names of columns are given as in SQL, with commas between them.


def insert_sql(table: str, columns: str, key: str) -> str:
    """INSERT of a row; one that has the same key takes its values."""
    names = columns.split(", ")
    sql = f"INSERT INTO {table} ({columns}) VALUES ({','.join('?' * len(names))})"  # noqa: S608
    return sql + on_conflict(columns, key)


def on_conflict(columns: str, key: str) -> str:
    """The end of an INSERT whose rows take the place of those with the same key."""
    others = [name for name in columns.split(", ") if name not in key.split(", ")]
    values = ", ".join(f"{name}=excluded.{name}" for name in others)
    return f" ON CONFLICT ({key}) DO UPDATE SET {values}" if key else ""


def update_sql(table: str, columns: str, key: str) -> str:
    """UPDATE of a row; the last column is its key."""
    values = ", ".join(f"{name}=?" for name in columns.split(", "))
    return f"UPDATE {table} SET {values} WHERE {key}=?"  # noqa: S608


def remove_sql(table: str, key: str) -> str:
    """DELETE of the rows with a key."""
    where = " AND ".join(f"{name}=?" for name in key.split(", "))
    return f"DELETE FROM {table} WHERE {where}"  # noqa: S608


# A disk that fails to read or write for a while is none: that is Busy, and waited for.
DAMAGE = sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB


class Sqlite:
    """A file in WAL mode; each commit is on disk before it returns."""

    types: ClassVar[dict[str, str]] = {"serial": "INTEGER PRIMARY KEY", "blob": "BLOB"}
    has_versions: ClassVar[bool] = False
    row_version: ClassVar[str] = "''"

    def __init__(self, path: Path, *, create: bool) -> None:
        if not create and not path.exists():
            raise StoreError(f"{path}: no such database; expected one made by qingyun ingest")
        _for_its_owner(path, create=create)
        try:
            self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA foreign_keys=ON")
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{path}: cannot be opened: {error}") from None
        self._path = path
        self._version = self._data_version()

    @property
    def connection(self) -> sqlite3.Connection:
        """For backups, and tests that look behind the store."""
        return self._db

    def _data_version(self) -> int:
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def query(self, sql: str, args: Sequence[Any] = ()) -> list[Any]:
        """Every row of the answer."""
        try:
            return self._db.execute(sql, args).fetchall()
        except sqlite3.DatabaseError as error:
            self._damaged(error)
            raise

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        try:
            self._db.executemany(sql, rows)
        except sqlite3.DatabaseError as error:
            self._damaged(error)
            raise

    def insert(
        self, table: str, columns: str, rows: Sequence[Sequence[Any]], *, key: str = ""
    ) -> None:
        """New rows, in this order; with a key they take the place of those that have the same."""
        self.many(insert_sql(table, columns, key), rows)

    def update(self, table: str, columns: str, rows: Sequence[Sequence[Any]], *, key: str) -> None:
        """Other values of these columns. rows: the values, and last the key."""
        self.many(update_sql(table, columns, key), rows)

    def remove(self, table: str, key: str, rows: Sequence[Sequence[Any]]) -> None:
        """Take out the rows with these keys."""
        self.many(remove_sql(table, key), rows)

    def pairs(self, rows: Sequence[tuple[str, str]]) -> tuple[str, list[Any]]:
        """A table of two columns of text as SQL, and its parameters."""
        marks = ",".join(["(?,?)"] * len(rows))
        return f"VALUES {marks}", [text for row in rows for text in row]

    def _damaged(self, error: sqlite3.DatabaseError) -> None:
        """StoreError when it is the file that is not right, and not what was asked."""
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGE:
            text = f"{self._path}: damaged: {error}; qingyun restore puts a backup in its place"
            raise StoreError(text) from error

    def script(self, sql: str) -> None:
        """Several statements, within the transaction under way."""
        for statement in sql.split(";\n"):
            if statement.strip():
                self._db.execute(statement)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; Busy when the file cannot be written now."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise Busy(str(error)) from error
            raise

    def others(self) -> int | None:
        """A number that is another one once another process has committed; None where writers
        do not wait for each other."""
        return self._data_version()

    def changed_elsewhere(self) -> bool:
        """Whether another process has committed since this was last asked."""
        before, self._version = self._version, self._data_version()
        return before != self._version

    def locking(self) -> str:
        """Appended to a SELECT whose rows will be updated: here the file is locked already."""
        return ""

    def hold(self, lock: int, *, alone: bool) -> None:
        """The file is locked already."""

    def identity(self) -> str:
        """The same for who has opened the same database, on whatever machine."""
        return str(self._path.resolve())

    def has_table(self, name: str) -> bool:
        return bool(self.query("SELECT 1 FROM sqlite_master WHERE name=?", (name,)))

    def only_add(self, table: str, *keys: Sequence[str]) -> None:
        """From now on rows of a table can be neither changed nor removed. keys: columns that are
        unique together: INSERT OR REPLACE, which fires no trigger of DELETE, is refused."""
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table}: only ever added to'); END"
        for what in ("UPDATE", "DELETE"):
            name = f"{table}_{what.lower()}"
            self._db.execute(f"CREATE TRIGGER {name} BEFORE {what} ON {table} {refuse}")
        for key in keys:
            same = " AND ".join(f"{c}=NEW.{c}" for c in key)
            there = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608
            name = f"{table}_insert_{key[0]}"
            self._db.execute(f"CREATE TRIGGER {name} BEFORE INSERT ON {table} {there} {refuse}")

    def part(self, table: str, by: str, every: int) -> None:
        """One file is one part."""

    def close(self) -> None:
        self._db.close()


def _for_its_owner(path: Path, *, create: bool) -> None:
    """Make the file, if it is to be made, with the mode 0600, which SQLite gives to the files
    beside it too; one that everybody can read gets that mode."""
    with contextlib.suppress(OSError):  # SQLite says what is wrong, in its words
        if create and not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        for file in filter(Path.is_file, (Path(f"{path}{end}") for end in ("", "-wal", "-shm"))):
            status = file.stat()
            if status.st_mode & 0o004 and status.st_uid == os.geteuid():
                file.chmod(0o600)


def copy_file(path: Path, into: Path) -> list[str]:
    """Copy a SQLite file as of one moment, while others write; the names of the archived days
    that the copy refers to. StoreError when the copy is damaged."""
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as source:
        with contextlib.closing(sqlite3.connect(into)) as copy:
            # In one step: a writer between steps would restart it for ever.
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            if (result := copy.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
                raise StoreError(f"{path}: is damaged: {result}")
            return [str(row[0]) for row in copy.execute("SELECT file FROM archive")]
