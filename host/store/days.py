"""From arrivals to days: the readings of a stream and local day in one place.

Readings arrive in any order, days late, undated, or dated by a clock that was put right
later. A compaction takes arrivals in the order in which they came and puts each reading
into the day that it is taken to be of; the day is then changed, which is how later steps
know what to compute anew. One transaction for each step, bounded in time, as nothing is
stored meanwhile: killed at any moment, a reading is either among the arrivals or in its day."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ..common.local_days import DAY_S, local_day
from ..readings.messages import EARLIEST, LATEST
from . import chunk, crowded
from .chunk import Stored
from .database import Database
from .neighbours import beside

UNDATED = -1
STEP = 20_000  # readings in one transaction
_DAYS = 300  # of one stream in one transaction
_SECONDS = 0.3  # after which a transaction begins no further stream


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


def compact(db: Database, now: int, seen: set[int], device: str = "") -> tuple[int, bool]:
    """One step, within a transaction: how many readings were moved, and whether there may be
    more to do. A stream that there is no time for is left for the next step. seen: streams
    whose undated readings need no second look, as earlier steps found them. device: only what
    arrived from this board."""
    end = time.monotonic() + _SECONDS
    taken: dict[int, list[_Arrival]] = defaultdict(list)
    n = 0
    for id_, stream, count, received, body in _arrivals(db, device):
        if n and n + count > STEP:
            break
        taken[stream].append((id_, received, bytes(body)))
        n += count
    moved, any_done = 0, False
    gone: list[int] = []
    dateable = [] if device else _dateable(db)
    for stream in [*taken, *(s for s in dateable if s not in taken and s not in seen)]:
        if any_done and time.monotonic() > end:
            return _moved(db, moved, gone, more=True)
        seen.add(stream)
        rows, last, rest = _part(taken.get(stream, []))
        rows = _admitted(db, stream, rows, now)
        arrivals = [x for x in taken.get(stream, []) if x[0] <= last]
        changed = _merge(db, stream, rows, epochs(db, [stream]), now)
        touch(db, stream, changed, arrivals[-1][1] if arrivals else now)
        gone += [x[0] for x in arrivals if not rest or x[0] != last]
        if rest:
            body = chunk.of_arrivals(rest)
            db.many("UPDATE arrival SET n=?, body=? WHERE id=?", [(len(rest), body, last)])
        moved, any_done = moved + len(rows), True
    return _moved(db, moved, gone, more=n > 0)


_Arrival = tuple[int, int, bytes]  # id, when it was received, body


def compact_board(db: Database, device: str, now: int) -> None:
    """Move what arrived from one board into its days, at most one step, in a transaction: its
    readings are wanted at once, and those of others may wait."""
    sql = "SELECT 1 FROM arrival a JOIN stream s ON s.id=a.stream WHERE s.device=? LIMIT 1"
    if db.query(sql, (device,)):
        with db.transaction():
            compact(db, now, set(), device)


def _arrivals(db: Database, device: str) -> list[Any]:
    """(id, stream, n, received, body) of the first that arrived, of all boards or of one."""
    only = "WHERE stream IN (SELECT id FROM stream WHERE device=?)" if device else ""
    sql = f"SELECT id, stream, n, received, body FROM arrival {only} ORDER BY id LIMIT ?"  # noqa: S608
    return db.query(sql, (device, STEP) if device else (STEP,))


def _admitted(db: Database, stream: int, rows: list[Stored], now: int) -> list[Stored]:
    device = db.query("SELECT device FROM stream WHERE id=?", (stream,))[0][0]
    return crowded.admit(db, stream, device, rows, now)


def _moved(db: Database, moved: int, gone: list[int], *, more: bool) -> tuple[int, bool]:
    db.remove("arrival", "id", [(id_,) for id_ in gone])
    return moved, more


def _part(arrivals: list[_Arrival]) -> tuple[list[Stored], int, list[Stored]]:
    """The readings of a stream for one transaction, the id of the last arrival that they are
    of, and what of that one is left for the next."""
    rows: list[Stored] = []
    days: set[int] = set()
    last = -1
    for last, _, body in arrivals:
        came = chunk.arrivals(body)
        for i, r in enumerate(came):
            days.add(UNDATED if r.t is None else local_day(r.t))
            if len(days) > _DAYS or len(rows) == STEP:
                return rows, last, came[i:]
            rows.append(r)
    return rows, last, []


def crowded_boards(db: Database, day: int, least: int) -> set[str]:
    """Boards with more than so many readings of a local day."""
    rows = db.query(
        "SELECT s.device FROM day d JOIN stream s ON s.id = d.stream WHERE d.day=? "
        "GROUP BY s.device HAVING sum(d.n) > ?",
        (day, least),
    )
    return {row[0] for row in rows}


def touch(db: Database, stream: int, changed: list[tuple[int, int]], at: int) -> None:
    """Note the days whose figures are to be computed anew."""
    rows = [(stream, day, n, at) for day, n in changed if day != UNDATED]
    db.insert("touched", "stream, day, n, at", rows)


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
        spans = _spans([r for r in moved if r.at is not None])
        more = beside(db, stream, spans) - before.keys()
        if not more:
            break
        for day in more:
            before |= _bodies(db, stream, "day=?", (day,))
    after: dict[int, list[Stored]] = defaultdict(list)
    for r in joined:
        after[UNDATED if r.at is None else local_day(r.at)].append(r)
    crowded.thin(db, stream, after, was, now)
    return _write(db, stream, before, after, was=was, now=now)


def _spans(moved: list[Stored]) -> dict[int, tuple[int, int]]:
    """Day → lowest and highest seq of the readings that go there. moved: in order of seq."""
    spans: dict[int, tuple[int, int]] = {}
    for r in moved:
        day = local_day(r.at or 0)
        spans[day] = spans.get(day, (r.seq, 0))[0], r.seq
    return spans


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
    db.remove("day", "day, stream", [(day, stream) for day in gone])
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
    columns = "day, stream, n, lo, hi, first_t, last_t, changed, body"
    db.insert("day", columns, changed, key="day, stream")
    return touched
