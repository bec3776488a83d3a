"""From arrivals to days: the readings of a stream and local day in one place.

Readings arrive in any order, days late, undated, or dated by a clock that was put right
later. A compaction takes arrivals in the order in which they came and puts each reading
into the day that it is taken to be of; the day is then changed, which is how later steps
know what to compute anew. One transaction for each step: killed at any moment, a reading
is either among the arrivals or in its day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from host.store import chunk
from host.store.chunk import Stored
from host.store.database import Database

SHANGHAI_S = 8 * 3600
DAY_S = 86_400
UNDATED = -1
STEP = 20_000  # readings in one transaction


def local_day(t: int) -> int:
    """Days since 1970-01-01 in Asia/Shanghai."""
    return (t + SHANGHAI_S) // DAY_S


def epochs(db: Database, streams: Iterable[int]) -> dict[tuple[int, int], int]:
    """(stream, boot) → Unix time of second 0 of that start, by the last birth that tells."""
    found: dict[tuple[int, int], int] = {}
    for stream in streams:
        for boot, epoch in db.query(
            "SELECT boot, t - up FROM birth WHERE stream=? AND t IS NOT NULL ORDER BY id", (stream,)
        ):
            found[stream, boot] = epoch
    return found


def settle(rows: list[Stored], stream: int, known: dict[tuple[int, int], int]) -> None:
    """Give each reading its time. No reading is later than the next of the same start:
    where a clock was ahead and was put right, what it dated too late gets the time of what
    follows, so that the order in which things happened stays. rows: in order of seq."""
    latest: dict[int, int] = {}
    for r in reversed(rows):
        t = r.t
        if t is None and r.up is not None and (stream, r.boot) in known:
            t = known[stream, r.boot] + r.up
        if t is not None:
            t = latest[r.boot] = min(t, latest.get(r.boot, t))
        r.at = t


def compact(db: Database, now: int) -> int:
    """One step; how many readings were moved. Within a transaction."""
    taken: dict[int, list[Stored]] = defaultdict(list)
    last, n = 0, 0
    for id_, stream, count, body in db.query(
        "SELECT id, stream, n, body FROM arrival ORDER BY id LIMIT ?", (STEP,)
    ):
        if n and n + count > STEP:
            break
        taken[stream] += chunk.arrivals(bytes(body))
        last, n = id_, n + count
    for stream in _dateable(db):
        taken.setdefault(stream, [])
    known = epochs(db, taken)
    for stream, rows in taken.items():
        _merge(db, stream, rows, known, now)
    if n:
        db.many("DELETE FROM arrival WHERE id<=?", [(last,)])
    return n


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
) -> None:
    rows.sort(key=lambda r: r.seq)
    settle(rows, stream, known)
    first = min((local_day(r.at) for r in rows if r.at is not None), default=1 << 30)
    lowest = rows[0].seq if rows else -1
    # Days that the new readings go into or can move: those from the first of them on, and
    # those with readings that come after one of them.
    before = _bodies(db, stream, "day>=? OR hi>? OR day=?", (first, lowest, UNDATED))
    while True:
        old = (r for day in before.values() for r in day)
        joined = sorted([*rows, *old], key=lambda r: r.seq)
        settle(joined, stream, known)
        after: dict[int, list[Stored]] = defaultdict(list)
        for r in joined:
            after[UNDATED if r.at is None else local_day(r.at)].append(r)
        # What was undated, or has moved, may belong into a day before those.
        early = [day for day in after if day < first and day not in before]
        more = [x for day in early for x in _bodies(db, stream, "day=?", (day,)).items()]
        if not more:
            break
        before |= dict(more)
    _write(db, stream, before, after, now)


def _bodies(
    db: Database, stream: int, where: str, args: tuple[int, ...]
) -> dict[int, list[Stored]]:
    """Days of a stream, decoded."""
    sql = f"SELECT day, body FROM day WHERE stream=? AND ({where})"  # noqa: S608
    return {day: chunk.day(bytes(body)) for day, body in db.query(sql, (stream, *args))}


def _write(
    db: Database,
    stream: int,
    before: dict[int, list[Stored]],
    after: dict[int, list[Stored]],
    now: int,
) -> None:
    gone = [(day, stream) for day in before if day not in after]
    db.many("DELETE FROM day WHERE day=? AND stream=?", gone)
    changed = []
    for day, rows in after.items():
        if day != UNDATED and day in before and before[day] == rows:
            continue
        times = [r.at for r in rows if r.at is not None]
        facts = (len(rows), rows[-1].seq, min(times, default=None), max(times, default=None))
        changed.append((day, stream, *facts, now, chunk.of_day(rows)))
    db.many(
        "INSERT INTO day (day, stream, n, hi, first_t, last_t, changed, body) "
        "VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (day, stream) DO UPDATE SET n=excluded.n, "
        "hi=excluded.hi, first_t=excluded.first_t, last_t=excluded.last_t, "
        "changed=excluded.changed, body=excluded.body",
        changed,
    )
