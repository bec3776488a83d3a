"""A day of a stream has so many readings at most: each step writes the whole day anew.

A board makes one reading of a sample, and samples once a second at the most. What goes over it
comes from no board that is in order: it goes into quarantine, counted."""

from __future__ import annotations

from collections.abc import Mapping

from ..common.local_days import local_day
from ..readings.messages import wire
from . import growth, quarantine
from .chunk import Stored
from .database import Database
from .model import Refused

MOST = 90_000  # of a day: more than one a second
MOST_UNDATED = 600_000  # more than a year of one a minute from a board that never learns the time


def thin(
    db: Database,
    stream: int,
    days: dict[int, list[Stored]],
    was: Mapping[int, object],
    now: int,
) -> None:
    """Take what comes and is too much out of days of a stream, within a transaction. days: by
    their number, below 0 those without a date; was: seqs of readings that were in a day."""
    for day, rows in days.items():
        over = len(rows) - (MOST_UNDATED if day < 0 else MOST)
        if over <= 0:
            continue
        new = [r for r in rows if r.seq not in was][-over:]
        out = {r.seq for r in new}
        days[day] = [r for r in rows if r.seq not in out]
        _refuse(db, stream, new, now)


def _refuse(db: Database, stream: int, rows: list[Stored], now: int) -> None:
    device, site, life = db.query("SELECT device, site, life FROM stream WHERE id=?", (stream,))[0]
    topic = f"qingyun/1/{site}/{device}/reading"
    reason = f"more readings of one day than a board makes: {MOST} are kept"
    refused = [Refused(topic, wire(life, r), reason, sender=device) for r in rows]
    quarantine.put(db, refused, now)
    growth.went_over(db, [(device, local_day(now), growth.CROWDED, 0, len(rows))])
