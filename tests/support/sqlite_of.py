"""SQLite below a store: for what a test does to it past the store."""

from __future__ import annotations

import sqlite3

from host.store import Store
from host.store.database import Sqlite


def sqlite_of(store: Store) -> sqlite3.Connection:
    """The store's own connection."""
    assert isinstance(store.database, Sqlite)
    return store.database.connection
