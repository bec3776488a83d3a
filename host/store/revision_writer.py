"""Writing the book: what is to be booked, from what, and all of it or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct, field

from . import claims, day_sums
from .database import Database
from .day_revisions import BALANCE, Closing, newest

_AT_ONCE = 400  # names in one query
stamp = claims.stamp


class Step(Struct, frozen=True, gc=False):
    """What a day's readings did to a platform; see fold. opens: the second from which on
    what follows may tell of events."""

    day: int
    opens: int
    state: bytes
    found: bytes


class PlatformRecord(Struct, frozen=True, gc=False):
    """What is stored of a platform. made_with: with what its steps were made, "" for void;
    booked: the last day that has its figures. id 0: not written yet. version: another one
    whenever it was written, where writers do not wait for each other (see claims)."""

    bin: str
    device: str
    made_with: str = ""
    booked: int = -1
    id: int = 0
    version: str = ""


class Touch(Struct, frozen=True, gc=False):
    """Readings of a day came, went or were dated: n more than before, arrived at `at`."""

    id: int
    day: int
    n: int
    at: int


# opening … covered_s, collections, flags, fullest: as the columns of the table.
Facts = tuple[int | str | None, ...]


class Entry(Struct, frozen=True, gc=False):
    """A revision of a day's figures."""

    day: int
    revision: int
    computed: int
    reason: str
    facts: Facts
    events: bytes  # empty: none began


class Work(Struct):
    """What is to be written of one platform. void: all steps that are stored go."""

    record: PlatformRecord
    void: bool = False
    steps: dict[int, Step | None] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)


# Steps, to be followed by a condition; c: their table.
STEPS = (
    "SELECT c.day, c.opens, c.state, c.found, e.body FROM checkpoint c "
    "LEFT JOIN platform_day_events e "
    "ON e.platform=c.platform AND e.day=c.day AND e.revision=c.events WHERE "
)


def step_of(day: int, opens: int, state: bytes, found: bytes, events: bytes | None) -> Step:
    """A row of STEPS, whole again."""
    return Step(day, opens, bytes(state), bytes(found) + bytes(events or b""))


def _without_events(found: bytes, revision: int, events: bytes) -> tuple[bytes, int | None]:
    """What is stored of `found`: not the events again that its day has in a revision, which never
    changes. Also the number of that revision, None where all of it is stored."""
    if not events or not found.endswith(events):
        return found, None
    return found[: -len(events)], revision


class Steps:
    """The stored steps of a platform."""

    def __init__(self, db: Database, record: PlatformRecord) -> None:
        self._db = db
        self._id = record.id

    def before(self, day: int) -> Step | None:
        """The last step of a day before that one."""
        return self._one("c.day<? ORDER BY c.day DESC", day)

    def after(self, day: int) -> Step | None:
        """The first step of a day after that one."""
        return self._one("c.day>? ORDER BY c.day", day)

    def _one(self, where: str, day: int) -> Step | None:
        for row in self._db.query(f"{STEPS}c.platform=? AND {where} LIMIT 1", (self._id, day)):
            return step_of(*row)
        return None

    def days(self, first: int, last: int) -> list[int]:
        """Days from first to last that have one."""
        query = "SELECT day FROM checkpoint WHERE platform=? AND day BETWEEN ? AND ? ORDER BY day"
        return [row[0] for row in self._db.query(query, (self._id, first, last))]


def platform_records(db: Database, bins: Sequence[str] | None = None) -> dict[str, PlatformRecord]:
    """Every platform that was ever booked, or of these bins, by bin."""
    return {
        r[0]: PlatformRecord(*r)
        for where, args in _some("bin", bins)
        for r in _records(db, where, args)
    }


def by_device(records: Iterable[PlatformRecord]) -> dict[str, list[PlatformRecord]]:
    """Device → its records."""
    out: dict[str, list[PlatformRecord]] = defaultdict(list)
    for record in records:
        out[record.device].append(record)
    return out


def touched(db: Database, devices: Sequence[str] | None = None) -> dict[str, list[Touch]]:
    """Device → what its days were touched by since they were booked; of all boards or of these."""
    out: dict[str, list[Touch]] = defaultdict(list)
    for where, args in _some("s.device", devices):
        for device, *row in db.query(
            "SELECT s.device, t.id, t.day, t.n, t.at FROM touched t "  # noqa: S608
            f"JOIN stream s ON s.id=t.stream {where} ORDER BY t.id",
            args,
        ):
            out[device].append(Touch(*row))
    return out


def _records(db: Database, where: str, args: Sequence[str]) -> list[Any]:
    sql = f"SELECT bin, device, made_with, booked, id, {db.row_version} FROM platform {where}"  # noqa: S608
    return db.query(sql, args)


def _some(column: str, names: Sequence[str] | None) -> Iterator[tuple[str, Sequence[str]]]:
    """The end of a SELECT, and its parameters, for all rows or for those with these names."""
    if names is None:
        yield "", ()
        return
    for at in range(0, len(names), _AT_ONCE):
        some = names[at : at + _AT_ONCE]
        yield f"WHERE {column} IN ({','.join('?' * len(some))})", some


def held(db: Database, record: PlatformRecord, first: int, last: int) -> dict[int, Entry]:
    """The latest revision of each day from first to last, closed or not."""
    if not record.id:
        return {}
    query = (
        f"SELECT d.day, d.revision, d.computed, d.reason, e.body, {BALANCE} "  # noqa: S608
        "FROM platform_day d LEFT JOIN platform_day_events e "
        "ON e.platform=d.platform AND e.day=d.day AND e.revision=d.revision "
        "WHERE d.platform=? AND d.day BETWEEN ? AND ? ORDER BY d.day, d.revision"
    )
    out = {}
    for day, revision, computed, reason, body, *facts in db.query(query, (record.id, first, last)):
        out[day] = Entry(day, revision, computed, reason, tuple(facts), bytes(body or b""))
    return out


def last_before(db: Database, record: PlatformRecord, day: int) -> Entry | None:
    """The latest revision of the last day before that one."""
    query = "SELECT max(day) FROM platform_day WHERE platform=? AND day<?"
    found = db.query(query, (record.id, day))[0][0]
    return None if found is None else held(db, record, found, found)[found]


def write(db: Database, before: int, works: Sequence[Work], taken: Iterable[int]) -> bool:
    """One transaction; taken: ids of touches that are booked with it. False, and nothing
    written, when somebody else has written figures since the stamp was `before`: of these
    platforms, where the engine knows (see claims), or any."""
    try:
        with (
            db.transaction(),
            claims.of(db, before, {w.record.bin: w.record.version for w in works}),
        ):
            _write(db, works)
            db.remove("touched", "id", [(id_,) for id_ in taken])
    except claims.Lost:
        return False
    return True


def close(db: Database, before: int, works: Sequence[Work], closed: Closing) -> bool:
    """Close a month with the figures that are there and these; False when anybody has written
    figures since the stamp was `before`."""
    try:
        with db.transaction(), claims.of_all(db, before):
            _write(db, works)
            last = newest(db)
            db.many(
                "INSERT INTO closing (month, at, by, last, registry) VALUES (?,?,?,?,?)",
                [(closed.month, closed.at, closed.by, last, closed.registry)],
            )
    except claims.Lost:
        return False
    return True


def _write(db: Database, works: Sequence[Work]) -> None:
    records = [(a.bin, a.device, a.made_with, a.booked) for a in (w.record for w in works)]
    db.insert("platform", "bin, device, made_with, booked", records, key="bin")
    ids = {w.record.bin: w.record.id for w in works}
    new = [bin_ for bin_, id_ in ids.items() if not id_]
    for at in range(0, len(new), _AT_ONCE):
        some = new[at : at + _AT_ONCE]
        marks = ",".join("?" * len(some))
        ids |= db.query(f"SELECT bin, id FROM platform WHERE bin IN ({marks})", some)  # noqa: S608
    placed = [(ids[w.record.bin], w) for w in works]
    db.remove("checkpoint", "platform", [(i,) for i, w in placed if w.void])
    steps = [(i, day, step) for i, w in placed for day, step in w.steps.items()]
    db.remove("checkpoint", "platform, day", [(i, day) for i, day, step in steps if step is None])
    entries = [(i, e) for i, w in placed for e in w.entries]
    have = {(i, e.day): (e.revision, e.events) for i, e in entries}
    for i, w in placed:
        have |= _events_held(db, i, [d for d, s in w.steps.items() if s and (i, d) not in have])
    made = [
        (i, day, s.opens, s.state, *_without_events(s.found, *have.get((i, day), (0, b""))))
        for i, day, s in steps
        if s is not None
    ]
    db.insert("checkpoint", "platform, day, opens, state, found, events", made, key="platform, day")
    figures = [(i, e.day, e.revision, e.computed, e.reason, *e.facts) for i, e in entries]
    db.insert("platform_day", f"platform, day, revision, computed, reason, {BALANCE}", figures)
    events = [(i, e.day, e.revision, e.events) for i, e in entries if e.events]
    db.insert("platform_day_events", "platform, day, revision, body", events)
    day_sums.drop(db, (e.day for _, e in entries))


def _events_held(
    db: Database, platform: int, days: Sequence[int]
) -> dict[tuple[int, int], tuple[int, bytes]]:
    """(platform, day) → the last revision of the day that has events, and these."""
    if not days:
        return {}
    rows = db.query(
        "SELECT day, revision, body FROM platform_day_events "
        "WHERE platform=? AND day BETWEEN ? AND ? ORDER BY day, revision",
        (platform, min(days), max(days)),
    )
    return {(platform, day): (revision, bytes(body)) for day, revision, body in rows}
