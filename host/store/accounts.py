"""SQL of who may use the page and what each of them did; rows are only ever added."""

from __future__ import annotations

from typing import Any

from .database import Database

_ACCOUNT = "SELECT id, name, role, secret, at, by, scope FROM account"
Row = tuple[Any, ...]  # id, name, role, secret, at, by, scope
Deed = tuple[Any, ...]  # id, at, who, address, action, object, outcome, detail, scope


def latest(db: Database, name: str) -> Row | None:
    """The row of a name that holds."""
    rows = db.query(f"{_ACCOUNT} WHERE name=? ORDER BY id DESC LIMIT 1", (name,))
    return rows[0] if rows else None


def all_latest(db: Database) -> list[Row]:
    """Of each name the row that holds, by name."""
    newest = "SELECT max(id) FROM account GROUP BY name"
    return db.query(f"{_ACCOUNT} WHERE id IN ({newest}) ORDER BY name")


def put(db: Database, row: Row) -> None:
    """Add a row without its id."""
    with db.transaction():
        sql = "INSERT INTO account (at, name, role, secret, by, scope) VALUES (?,?,?,?,?,?)"
        db.many(sql, [row])


def put_deed(db: Database, deed: Deed) -> None:
    """Add to the audit trail, without the id."""
    with db.transaction():
        db.many(
            "INSERT INTO audit (at, who, address, action, object, outcome, detail, scope) "
            "VALUES (?,?,?,?,?,?,?,?)",
            [deed],
        )


def deeds(db: Database, before: int, limit: int, scope: str | None = None) -> list[Deed]:
    """Of the audit trail those below an id, the latest first; scope: only what accounts did that
    belonged to it then, None: everything."""
    mine, args = ("", ()) if scope is None else ("scope=? AND ", (scope,))
    return db.query(
        "SELECT id, at, who, address, action, object, outcome, detail, scope FROM audit "  # noqa: S608
        f"WHERE {mine}id<? ORDER BY id DESC LIMIT ?",
        (*args, before, limit),
    )
