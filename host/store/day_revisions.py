"""The figures of each platform and day, revision by revision, and what they were made from.

Days are counted since 1970-01-01 in Shanghai, as in days. Masses are grams. Revisions are
only ever added; the highest one holds, in a closed month the highest of those that were
there when it was closed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ..common.local_days import date_of, day_of
from .database import Database

FIRST = "first computed"
NOT_OVER = "the day was not over when it was computed before"
BALANCE = (
    "opening, deposited, collected, removed, unattributed, closing, permissible, weighings, "
    "doubt, covered_s, collections, flags, fullest"
)
_FIGURE = f"p.bin, d.day, d.revision, d.computed, d.reason, {BALANCE}, d.id"
_EVENTS = (
    "SELECT d.id, e.body FROM platform_day d JOIN platform_day_events e "
    "ON e.platform=d.platform AND e.day=d.day AND e.revision=d.revision"
)
_EVER = 1 << 62
_AT_ONCE = 400  # names in one query


class PlatformDay(msgspec.Struct, frozen=True, gc=False):
    """One revision of the figures of a platform (the bin's name) and day; masses in grams,
    flags separated by blanks, fullest in permille by the fill sensor."""

    platform: str
    day: int
    revision: int
    computed: int
    reason: str
    opening: int
    deposited: int
    collected: int
    removed: int
    unattributed: int
    closing: int
    limit: int
    weighings: int
    doubt: int
    covered_s: int
    collections: int
    flags: str
    fullest: int | None = None
    id: int = 0

    @property
    def date(self) -> dt.date:
        return date_of(self.day)

    @property
    def has_scale(self) -> bool:
        """A day of a bin without one rests on no weighing."""
        return self.weighings > 0


@dataclass(frozen=True)
class Closing:
    """A month that was closed; last: the highest revision id of it."""

    month: str
    at: int
    by: str
    last: int
    registry: bytes


# Reading


def platform_days(
    db: Database, first: int, last: int, platforms: Iterable[str] | None = None
) -> list[PlatformDay]:
    """What holds for each platform and day from first to last, by day and platform: of days
    in closed months what held when they were closed. A platform without a row for a day
    told nothing then."""
    found = {(r.day, r.platform): r for r in reported(db, first, last, platforms)}
    return [found[key] for key in sorted(found)]


def latest(db: Database, platform: str, before: int) -> PlatformDay | None:
    """What holds for the last day before that one which has figures."""
    day = db.query(
        "SELECT max(d.day) FROM platform_day d JOIN platform p ON p.id=d.platform "
        "WHERE p.bin=? AND d.day<?",
        (platform, before),
    )[0][0]
    return None if day is None else platform_days_of(db, platform, day)


def platform_days_of(db: Database, platform: str, day: int) -> PlatformDay | None:
    """What holds for one platform and day."""
    ((_, _, upto),) = _stretches(db, day, day)
    held = [r for r in history(db, platform, day) if r.id <= upto]
    return held[-1] if held else None


def history(db: Database, platform: str, day: int) -> list[PlatformDay]:
    """Every revision of a platform and day, oldest first, those after a closing too."""
    return list(_rows(db, "p.bin=? AND d.day=?", (platform, day)))


def reported(
    db: Database, first: int, last: int, platforms: Iterable[str] | None = None
) -> list[PlatformDay]:
    """Every revision of days from first to last, by day, platform and revision; of closed
    months those that were there when they were closed."""
    where, names = "d.day BETWEEN ? AND ? AND d.id<=?", list(platforms or ())
    parts = [(where, names[:0])]
    if platforms is not None:
        some = [names[i : i + _AT_ONCE] for i in range(0, len(names), _AT_ONCE)]
        parts = [(f"p.bin IN ({','.join('?' * len(s))}) AND {where}", s) for s in some]
    return [
        row
        for start, end, upto in _stretches(db, first, last)
        for clause, args in parts
        for row in _rows(db, clause, (*args, start, end, upto))
    ]


def all_of(db: Database, platforms: Sequence[str]) -> list[PlatformDay]:
    """Every revision of platforms, by day, platform and revision."""
    marks = ",".join("?" * len(platforms))
    return list(_rows(db, f"p.bin IN ({marks})", platforms))


def collected_of(
    db: Database, day: int, platforms: Sequence[str] | None = None
) -> list[tuple[Any, ...]]:
    """Every revision of a day, or of these platforms, as little of it as a list of 15,000 platforms
    needs: bin, id, reason, computed, collected, deposited, collections, covered_s."""
    columns = (
        "SELECT p.bin, d.id, d.reason, d.computed, d.collected, d.deposited, d.collections, "
        "d.covered_s FROM "
    )
    if platforms is None:
        every = "platform_day d JOIN platform p ON p.id=d.platform WHERE d.day=?"
        return db.query(f"{columns}{every} ORDER BY d.revision", (day,))
    found: list[tuple[Any, ...]] = []
    for at in range(0, len(platforms), _AT_ONCE):
        some = platforms[at : at + _AT_ONCE]
        marks = ",".join("?" * len(some))
        # As CROSS JOIN: SQLite would else look at each platform of the day.
        named = f"platform p CROSS JOIN platform_day d WHERE p.bin IN ({marks}) AND d.platform=p.id"
        found += db.query(f"{columns}{named} AND d.day=? ORDER BY d.revision", (*some, day))
    return found


def days_since(db: Database, id_: int) -> list[int]:
    """Days with revisions after one."""
    query = "SELECT DISTINCT day FROM platform_day WHERE id>?"
    return [row[0] for row in db.query(query, (id_,))]


def renewed(db: Database, after: int, first: int, last: int) -> dict[str, int]:
    """Bin → how many of its days from first to last have a revision with an id above `after`."""
    rows = db.query(
        "SELECT p.bin, count(DISTINCT d.day) FROM platform_day d "
        "JOIN platform p ON p.id=d.platform WHERE d.id>? AND d.day BETWEEN ? AND ? GROUP BY p.bin",
        (after, first, last),
    )
    return {str(bin_): int(n) for bin_, n in rows}


def first_day(db: Database) -> int | None:
    """The first day that has figures."""
    found: int | None = db.query("SELECT min(day) FROM platform_day")[0][0]
    return found


def last_day(
    db: Database, first: int, upto: int, least_s: int, platforms: Sequence[str] | None = None
) -> int | None:
    """The last day from first to upto of which at least least_s seconds were measured of one
    of these platforms, or of any; of one without a scale, anything."""
    where, names = "", tuple(platforms or ())
    if platforms is not None:
        if not names:
            return None
        where = f"p.bin IN ({','.join('?' * len(names))}) AND "
    found = db.query(
        "SELECT d.day FROM platform_day d JOIN platform p ON p.id=d.platform "  # noqa: S608
        f"WHERE {where}d.day BETWEEN ? AND ? "
        "AND (d.covered_s>=? OR (d.covered_s=0 AND d.fullest IS NOT NULL)) "
        "ORDER BY d.day DESC LIMIT 1",
        (*names, first, upto, least_s),
    )
    return found[0][0] if found else None


def newest(db: Database) -> int:
    """The highest id of a revision."""
    return int(db.query("SELECT coalesce(max(id), 0) FROM platform_day")[0][0])


def event_bodies(db: Database, ids: Sequence[int]) -> dict[int, bytes]:
    """Id of a revision → its events as they were written; none where none began."""
    out: dict[int, bytes] = {}
    for at in range(0, len(ids), _AT_ONCE):
        some = ids[at : at + _AT_ONCE]
        marks = ",".join("?" * len(some))
        rows = db.query(f"{_EVENTS} WHERE d.id IN ({marks})", some)
        out |= {id_: bytes(body) for id_, body in rows}
    return out


def later(db: Database, closed: Closing, first: int, last: int) -> list[PlatformDay]:
    """Revisions that a closing came too early for, oldest first."""
    return list(_rows(db, "d.day BETWEEN ? AND ? AND d.id>?", (first, last, closed.last), "d.id"))


def closings(db: Database) -> dict[str, Closing]:
    """Closed months, YYYY-MM."""
    rows = db.query("SELECT month, at, by, last, registry FROM closing ORDER BY month")
    return {m: Closing(m, at, by, last, bytes(raw)) for m, at, by, last, raw in rows}


def _rows(
    db: Database, where: str, args: Sequence[Any], order: str = "d.day, d.platform, d.revision"
) -> Iterator[PlatformDay]:
    query = (
        f"SELECT {_FIGURE} FROM platform_day d JOIN platform p ON p.id=d.platform "  # noqa: S608
        f"WHERE {where} ORDER BY {order}"
    )
    return (PlatformDay(*row) for row in db.query(query, args))


def _stretches(db: Database, first: int, last: int) -> Iterator[tuple[int, int, int]]:
    """The days from first to last in stretches of one answer: (first, last, highest id)."""
    marks = sorted(
        (*month_days(m), last_id) for m, last_id in db.query("SELECT month, last FROM closing")
    )
    for start, end, upto in marks:
        if end < first or start > last:
            continue
        if first < start:
            yield first, start - 1, _EVER
        yield max(first, start), min(last, end), upto
        first = end + 1
    if first <= last:
        yield first, last, _EVER


def month_days(month: str) -> tuple[int, int]:
    """First and last day of YYYY-MM."""
    first = dt.date.fromisoformat(f"{month}-01")
    after = (first.replace(day=28) + dt.timedelta(4)).replace(day=1)
    return day_of(first), day_of(after) - 1
