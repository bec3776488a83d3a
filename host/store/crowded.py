"""A day of a board has so many readings at most: each step writes the whole day anew.

A board makes one reading of a sample, and samples once a second at the most. What goes over it
comes from no board that is in order: it goes into quarantine, counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ..common.local_days import local_day
from ..readings.messages import wire
from . import growth, quarantine
from .chunk import Stored
from .database import Database
from .model import Refused

MOST = 90_000  # of a day: more than one a second
# Without a date: nearly a year of the default, one in five minutes, of a board that never learns
# the time.
MOST_UNDATED = 100_000
_MANY = 2_000  # fewer in one step are not looked at before they are in their day
_KEPT = 20_000  # of one step, in quarantine as far as its 8 MB reach; more are only counted


def admit(db: Database, stream: int, device: str, rows: Sequence[Stored], now: int) -> list[Stored]:
    """Of readings on their way into days those that there is room for, within a transaction; no
    day is read for it."""
    by_day: dict[int, list[Stored]] = defaultdict(list)
    for r in rows:
        by_day[-1 if r.t is None else local_day(r.t)].append(r)
    out: set[int] = set()
    for day, new in by_day.items():
        if len(new) < _MANY:
            continue
        have = db.query(
            "SELECT sum(d.n) FROM day d JOIN stream s ON s.id = d.stream "
            "WHERE s.device=? AND d.day=?",
            (device, day),
        )[0][0]
        room = max(0, (MOST_UNDATED if day < 0 else MOST) - int(have or 0))
        if len(new) > room:
            new.sort(key=lambda r: r.seq)
            out |= {r.seq for r in new[room:]}
    if not out:
        return list(rows)
    _refuse(db, stream, [r for r in rows if r.seq in out], now)
    return [r for r in rows if r.seq not in out]


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
    refused = [Refused(topic, wire(life, r), reason, sender=device) for r in rows[:_KEPT]]
    quarantine.put(db, refused, now)
    quarantine.not_kept(db, device, len(rows) - len(refused), now)
    growth.went_over(db, [(device, local_day(now), growth.CROWDED, 0, len(rows))])
