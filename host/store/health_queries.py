"""SQL about the store itself: what waits in it, and when each board was last heard."""

from __future__ import annotations

from ..common.local_days import local_day
from . import Store
from .database import Sqlite


def last_stored(store: Store, now: int) -> dict[str, int]:
    """device → Unix seconds at which something of it was last stored, to half a minute;
    0 where that was before yesterday."""
    found = {str(device): 0 for (device,) in store.database.query("SELECT device FROM stream")}
    for sql, args in (
        (
            "SELECT s.device, max(a.received) FROM arrival a JOIN stream s ON s.id = a.stream "
            "GROUP BY s.device",
            (),
        ),
        (
            "SELECT s.device, max(d.changed) FROM day d JOIN stream s ON s.id = d.stream "
            "WHERE d.day>=? GROUP BY s.device",
            (local_day(now) - 1,),
        ),
    ):
        for device, t in store.database.query(sql, args):
            found[device] = max(found[device], int(t))
    return found


def last_reading(store: Store, device: str) -> int | None:
    """Unix second of the newest dated reading of a board that stands in the store; of one whose
    readings are all archived, of its last birth message. None: it was never heard."""
    sql = (
        "SELECT max(d.last_t) FROM day d JOIN stream s ON s.id = d.stream WHERE s.device=?",
        "SELECT max(b.received) FROM birth b JOIN stream s ON s.id = b.stream WHERE s.device=?",
    )
    found = (store.database.query(query, (device,))[0][0] for query in sql)
    return next((int(t) for t in found if t is not None), None)


def open_alarms(store: Store) -> list[str]:
    """The body of what raised each alarm that is not over."""
    sql = (
        "SELECT body FROM alarm a WHERE what='raised' AND NOT EXISTS "
        "(SELECT 1 FROM alarm c WHERE c.alarm=a.alarm AND c.what='cleared')"
    )
    return [str(row[0]) for row in store.database.query(sql)]


def unpublished(store: Store) -> int:
    """Rows of alarm that the broker has not taken."""
    sql = "SELECT (SELECT count(*) FROM alarm) - (SELECT count(*) FROM alarm_told)"
    return int(store.database.query(sql)[0][0])


def writable(store: Store, wait_s: int = 2) -> None:
    """Busy when the store takes nothing within so long; leaves nothing behind."""
    if isinstance(store.database, Sqlite):
        store.database.connection.execute(f"PRAGMA busy_timeout={wait_s * 1000}")
    with store.database.transaction():
        store.database.many("UPDATE schema_version SET version=version WHERE version=?", [(-1,)])
