"""Which days of a stream bound the times of readings that come or move into others."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from .database import Database

_FEW = 8  # days that are asked for one by one


def beside(db: Database, stream: int, moved: dict[int, tuple[int, int]]) -> set[int]:
    """Days that have readings which are needed: those that `moved` goes into, those with
    readings among and before it that cannot be later, and the first that follows, than which
    it cannot be later. moved: day → lowest and highest seq."""
    if len(moved) > _FEW:
        rows = db.query("SELECT day, lo, hi FROM day WHERE stream=? AND day>=0", (stream,))
        return _of_many(rows, moved)
    found = set()
    for day, (lowest, highest) in moved.items():
        near = "day=? OR (day>? AND lo<?) OR (day>=0 AND lo<=? AND hi>=?)"
        found |= _days(db, stream, near, (day, day, highest, highest, lowest))
        found |= _days(db, stream, "day>=0 AND lo>?", (highest,), "ORDER BY lo LIMIT 1")
    return found


def _days(
    db: Database, stream: int, where: str, args: tuple[int, ...], order: str = ""
) -> set[int]:
    sql = f"SELECT day FROM day WHERE stream=? AND ({where}) {order}"  # noqa: S608
    return {row[0] for row in db.query(sql, (stream, *args))}


def _of_many(rows: Iterable[tuple[int, int, int]], moved: dict[int, tuple[int, int]]) -> set[int]:
    """The same where readings are scattered over many days: their number times its logarithm,
    and not their product."""
    by_day, by_lowest = sorted(moved), sorted(moved.values())
    # The highest seq that goes into a day before one, or that a lower seq goes with.
    before = list(accumulate((moved[day][1] for day in by_day), max, initial=-1))
    among = list(accumulate((highest for _, highest in by_lowest), max, initial=-1))
    lowests = [lowest for lowest, _ in by_lowest]
    found = set()
    for day, lo, hi in rows:
        earlier = before[bisect_right(by_day, day - 1)]
        if day in moved or lo < earlier or among[bisect_right(lowests, hi)] >= lo:
            found.add(day)
    in_order = sorted((lo, day) for day, lo, _ in rows)
    starts = [lo for lo, _ in in_order]
    for _, highest in moved.values():
        if (i := bisect_right(starts, highest)) < len(in_order):
            found.add(in_order[i][1])
    return found
