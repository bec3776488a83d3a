"""From arrivals to days: the readings of a stream and local day in one place.

Readings arrive in any order, days late, undated, or dated by a clock that was put right
later. A compaction takes arrivals in the order in which they came and puts each reading
into the day that it is taken to be of; the day is then changed, which is how later steps
know what to compute anew. One transaction for each step: killed at any moment, a reading
is either among the arrivals or in its day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from ..common.local_days import DAY_S, local_day
from ..readings.messages import EARLIEST, LATEST
from . import chunk
from .chunk import Stored
from .database import Database

UNDATED = -1
STEP = 20_000  # readings in one transaction


def epochs(db: Database, streams: Iterable[int]) -> dict[tuple[int, int], int]:
    """(stream, boot) → Unix time of second 0 of that start, by the last birth that tells."""
    found: dict[tuple[int, int], int] = {}
    for stream in streams:
        for boot, epoch in db.query(
            "SELECT boot, t - up FROM birth WHERE stream=? AND t IS NOT NULL ORDER BY id", (stream,)
        ):
            found[stream, boot] = epoch
    return found


def settle(
    rows: list[Stored], stream: int, known: dict[tuple[int, int], int], latest_t: int = LATEST
) -> None:
    """Give each reading its time. No reading is later than the next of the same start:
    where a clock was ahead and was put right, what it dated too late gets the time of what
    follows, so that the order in which things happened stays. A time that was found before
    rests on readings that may not be here, and only becomes earlier. What its seconds since a
    start put after latest_t or before 2015 has no time. rows: in order of seq."""
    latest: dict[int, int] = {}
    for r in reversed(rows):
        t = r.t
        if t is None and r.up is not None and (stream, r.boot) in known:
            t = known[stream, r.boot] + r.up
            t = t if EARLIEST <= t <= latest_t else None
        if r.at is not None:
            t = r.at if t is None else min(t, r.at)
        if t is not None:
            t = latest[r.boot] = min(t, latest.get(r.boot, t))
        r.at = t


def compact(db: Database, now: int) -> int:
    """One step; how many readings were moved. Within a transaction."""
    taken: dict[int, list[Stored]] = defaultdict(list)
    came: dict[int, int] = {}
    last, n = 0, 0
    for id_, stream, count, received, body in db.query(
        "SELECT id, stream, n, received, body FROM arrival ORDER BY id LIMIT ?", (STEP,)
    ):
        if n and n + count > STEP:
            break
        taken[stream] += chunk.arrivals(bytes(body))
        came[stream] = received
        last, n = id_, n + count
    for stream in _dateable(db):
        taken.setdefault(stream, [])
    known = epochs(db, taken)
    for stream, rows in taken.items():
        touch(db, stream, _merge(db, stream, rows, known, now), came.get(stream, now))
    if n:
        db.many("DELETE FROM arrival WHERE id<=?", [(last,)])
    return n


def touch(db: Database, stream: int, changed: list[tuple[int, int]], at: int) -> None:
    """Note the days whose figures are to be computed anew."""
    db.many(
        "INSERT INTO touched (stream, day, n, at) VALUES (?,?,?,?)",
        [(stream, day, n, at) for day, n in changed if day != UNDATED],
    )


def _dateable(db: Database) -> list[int]:
    """Streams with undated readings of a start whose time has become known since."""
    return [
        row[0]
        for row in db.query(
            "SELECT DISTINCT d.stream FROM day d JOIN birth b ON b.stream = d.stream "
            "WHERE d.day=? AND b.t IS NOT NULL AND b.received >= d.changed",
            (UNDATED,),
        )
    ]


def _merge(
    db: Database, stream: int, rows: list[Stored], known: dict[tuple[int, int], int], now: int
) -> list[tuple[int, int]]:
    """Put readings of a stream among those that are there; only days that they go into,
    that they move, or that bound their times are read."""
    before = dict(_bodies(db, stream, "day=?", (UNDATED,)))
    was: dict[int, int | None] = {}  # seq → time of what was there
    while True:
        old = [r for day in before.values() for r in day]
        was |= {r.seq: r.at for r in old if r.seq not in was}
        joined = sorted([*rows, *old], key=lambda r: r.seq)
        settle(joined, stream, known, now + DAY_S)
        moved = [r for r in joined if r.seq not in was or was[r.seq] != r.at]
        more = _beside(db, stream, moved, before)
        if not more:
            break
        before |= more
    after: dict[int, list[Stored]] = defaultdict(list)
    for r in joined:
        after[UNDATED if r.at is None else local_day(r.at)].append(r)
    return _write(db, stream, before, after, was=was, now=now)


def _beside(
    db: Database, stream: int, moved: list[Stored], before: Mapping[int, list[Stored]]
) -> dict[int, list[Stored]]:
    """Days that readings which come or move need and that are not there yet: the one they
    go into, those with readings among and before them that cannot be later, and the first
    that follows, than which they cannot be later."""
    seqs: dict[int, list[int]] = defaultdict(list)
    for r in moved:
        if r.at is not None:
            seqs[local_day(r.at)].append(r.seq)
    found: dict[int, list[Stored]] = {}
    for day, of_day in seqs.items():
        lowest, highest = of_day[0], of_day[-1]
        near = "day=? OR (day>? AND lo<?) OR (day>=0 AND lo<=? AND hi>=?)"
        wanted = _days(db, stream, near, (day, day, highest, highest, lowest))
        wanted += _days(db, stream, "day>=0 AND lo>?", (highest,), "ORDER BY lo LIMIT 1")
        for one in wanted:
            if one not in before and one not in found:
                found |= _bodies(db, stream, "day=?", (one,))
    return found


def _days(
    db: Database, stream: int, where: str, args: tuple[int, ...], order: str = ""
) -> list[int]:
    sql = f"SELECT day FROM day WHERE stream=? AND ({where}) {order}"  # noqa: S608
    return [row[0] for row in db.query(sql, (stream, *args))]


def _bodies(
    db: Database, stream: int, where: str, args: tuple[int, ...]
) -> dict[int, list[Stored]]:
    """Days of a stream, decoded."""
    sql = f"SELECT day, body FROM day WHERE stream=? AND ({where})"  # noqa: S608
    return {day: chunk.day(bytes(body)) for day, body in db.query(sql, (stream, *args))}


def _write(
    db: Database,
    stream: int,
    before: Mapping[int, list[Stored]],
    after: Mapping[int, list[Stored]],
    *,
    was: Mapping[int, int | None],
    now: int,
) -> list[tuple[int, int]]:
    """The days that are others now: (day, readings more than before)."""
    gone = [day for day in before if day not in after]
    db.many("DELETE FROM day WHERE day=? AND stream=?", [(day, stream) for day in gone])
    touched = [(day, -len(before[day])) for day in gone]
    changed = []
    for day, rows in after.items():
        old = before.get(day, [])
        same = len(rows) == len(old) and all(r.seq in was and was[r.seq] == r.at for r in rows)
        if same and day != UNDATED:
            continue
        times = [r.at for r in rows if r.at is not None]
        touched.append((day, len(rows) - len(old)))
        facts = (len(rows), rows[0].seq, rows[-1].seq)
        span = (min(times, default=None), max(times, default=None))
        changed.append((day, stream, *facts, *span, now, chunk.of_day(rows)))
    db.many(
        "INSERT INTO day (day, stream, n, lo, hi, first_t, last_t, changed, body) "
        "VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (day, stream) DO UPDATE SET n=excluded.n, "
        "lo=excluded.lo, hi=excluded.hi, first_t=excluded.first_t, last_t=excluded.last_t, "
        "changed=excluded.changed, body=excluded.body",
        changed,
    )
    return touched
