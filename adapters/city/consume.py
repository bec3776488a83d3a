"""Example of a consumer of `qingyun export`: days into three tables of SQLite.

    python adapters/city/consume.py day.db export-2026-03-03.json …

It needs nothing but Python, refuses what it does not understand, and takes a day that is
exported again in place of the earlier one. Copy it and replace the tables by a platform's."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS total (date TEXT, town TEXT, label TEXT, collected_kg REAL,
    coverage REAL, PRIMARY KEY (date, town));
CREATE TABLE IF NOT EXISTS daily (date TEXT, site TEXT, stream TEXT, collected_kg REAL,
    collections INTEGER, coverage REAL, PRIMARY KEY (date, site, stream));
CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, date TEXT, site TEXT, bin TEXT,
    stream TEXT, kind TEXT, begin TEXT, kg REAL);
CREATE TABLE IF NOT EXISTS alarm (id INTEGER PRIMARY KEY, date TEXT, alarm INTEGER, what TEXT,
    store TEXT, rule TEXT, value REAL, unit TEXT);
CREATE TABLE IF NOT EXISTS ledger (id INTEGER PRIMARY KEY, date TEXT, sheet TEXT, batch TEXT,
    store TEXT, code TEXT, kg REAL, reverses INTEGER);
"""


class Refused(Exception):
    """A document that cannot be taken; one line."""


def read(path: Path) -> dict[str, Any]:
    """A document of version 1; fields that are new in it are nothing to be afraid of."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(f"{path}: expected a JSON document: {error}") from None
    schema = body.get("schema") if isinstance(body, dict) else None
    if schema != "qingyun.export/1":
        raise Refused(f"{path}: expected schema qingyun.export/1, found {schema!r}")
    found: dict[str, Any] = body
    return found


def take(db: sqlite3.Connection, body: dict[str, Any]) -> None:
    """Replace the day by what is said of it now. null stays NULL: not measured is not zero."""
    date = body["date"]
    with db:
        for table in ("total", "daily", "event", "alarm", "ledger"):
            db.execute(f"DELETE FROM {table} WHERE date=?", (date,))  # noqa: S608 – named above
        db.executemany(
            "INSERT INTO total VALUES (?,?,?,?,?)",
            [
                (date, t["town"] or body["district"], t["label"], t["collected_kg"], t["coverage"])
                for t in body["totals"]
            ],
        )
        db.executemany(
            "INSERT INTO daily VALUES (?,?,?,?,?,?)",
            [
                (
                    *(date, r["site"], r["stream"], r["collected_kg"]),
                    *(r["collections"], r["coverage"]),
                )
                for r in body["daily"] + body["stores"]
            ],
        )
        db.executemany(
            "INSERT INTO event VALUES (?,?,?,?,?,?,?,?)",
            [
                (
                    *(e["id"], date, e["site"], e["bin"], e["stream"]),
                    *(e["kind"], e["begin"], e["kg"]),
                )
                for e in body["events"]
            ],
        )
        # These two are absent where nobody keeps them.
        db.executemany(
            "INSERT INTO alarm VALUES (?,?,?,?,?,?,?,?)",
            [
                (
                    *(a["id"], date, a["alarm"], a["what"]),
                    *(a["store"], a["rule"], a["value"], a["unit"]),
                )
                for a in body.get("alarms", [])
            ],
        )
        db.executemany(
            "INSERT INTO ledger VALUES (?,?,?,?,?,?,?,?)",
            [
                (
                    *(e["id"], date, e["table"], e["batch"]),
                    *(e["store"], e["code"], e["kg"], e["reverses"]),
                )
                for e in body.get("ledger", [])
            ],
        )


def main(args: list[str]) -> int:
    if len(args) < 2:
        print("usage: consume.py DATABASE EXPORT.json …", file=sys.stderr)
        return 2
    db = sqlite3.connect(args[0])
    db.executescript(TABLES)
    try:
        for name in args[1:]:
            body = read(Path(name))
            take(db, body)
            absent = f"; not kept there: {', '.join(body['absent'])}" if body["absent"] else ""
            print(f"{name}: {body['date']}, {len(body['events'])} events{absent}")
    except Refused as error:
        print(f"consume: error: {error}", file=sys.stderr)
        return 2
    finally:
        db.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
