"""Rows of alarms as the watch over hazardous stores writes them, without a store to watch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from host.alarms.alarm_log import CLEARED, RAISED, Body
from host.store import Store
from host.store import hazard as rows

BODY = Body(
    rule="capacity-90", kind="capacity", level="告警", site="hw-01", store="xq-01", subject="",
    value=92.5, unit="%", threshold=90, source="rules.csv", text="库存过多",
)  # fmt: skip


def add(
    db: Path, t: int, what: str = RAISED, alarm: int | None = None, n: int = 1, **more: object
) -> list[int]:
    """n rows, each about something else; their ids."""
    said = msgspec.structs.replace(BODY, **more)
    bodies = [msgspec.structs.replace(said, subject=f"{said.subject}{k or ''}") for k in range(n)]
    store = Store(db, create=True)
    ids = rows.add_alarms(
        store, [(alarm, what, t, msgspec.json.encode(body).decode()) for body in bodies]
    )
    store.close()
    return ids


def clear(db: Path, t: int, alarm: int, **more: Any) -> None:
    add(db, t, CLEARED, alarm, **more)


def became(db: Path, channel: str) -> dict[int, str]:
    """id of a row → what became of it."""
    store = Store(db)
    sql = "SELECT id, how FROM alarm_delivery WHERE channel=? ORDER BY id"
    found = dict(store.database.query(sql, (channel,)))
    store.close()
    return found
