"""SQL of standings of platforms, as they were last computed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from ..common.local_days import local_day
from . import Store

_AT_ONCE = 400


class Held(NamedTuple):
    """What the store has of a board in a time: readings, and when the last of them came (Unix
    seconds; 0: there are none). Days that stand in archived files are not counted."""

    n: int
    changed: int


NOTHING = Held(0, 0)


class StandingRow(NamedTuple):
    """As the columns of standing, without body."""

    bin: str
    made: int
    since: int
    until: int
    after: int
    n: int
    changed: int
    place: str
    gravity: int
    far: float
    head: str


_COLUMNS = ", ".join(StandingRow._fields)


def replace(store: Store, rows: Iterable[tuple[StandingRow, bytes]]) -> None:
    """Let these be the standings of their bins; the others stay."""
    held = sorted((*row, body) for row, body in rows)
    with store.database.transaction():
        store.database.insert("standing", f"{_COLUMNS}, body", held, key="bin")


def drop_others(store: Store, bins: Collection[str]) -> None:
    """Remove those of other bins."""
    with store.database.transaction():
        there = {str(row[0]) for row in store.database.query("SELECT bin FROM standing")}
        gone = sorted(there - set(bins))
        store.database.remove("standing", "bin", [(name,) for name in gone])


def every(store: Store) -> list[StandingRow]:
    """Of every bin, by name."""
    sql = f"SELECT {_COLUMNS} FROM standing ORDER BY bin"  # noqa: S608
    return [StandingRow(*row) for row in store.database.query(sql)]


def find(store: Store, bin_: str) -> tuple[StandingRow, bytes] | None:
    """One with its body; None where there is none."""
    sql = f"SELECT {_COLUMNS}, body FROM standing WHERE bin=?"  # noqa: S608
    rows = store.database.query(sql, (bin_,))
    return (StandingRow(*rows[0][:-1]), bytes(rows[0][-1])) if rows else None


def held(store: Store, devices: Iterable[str], since: int, until: int) -> dict[str, Held]:
    """Board → what is there of the days of [since, until), Unix seconds; arrivals that are not in
    their day yet are not counted."""
    names = sorted(set(devices))
    found = dict.fromkeys(names, NOTHING)
    days = local_day(since), local_day(until - 1)
    for i in range(0, len(names), _AT_ONCE):
        some = names[i : i + _AT_ONCE]
        sql = (
            "SELECT s.device, sum(d.n), max(d.changed) FROM stream s JOIN day d ON d.stream=s.id "  # noqa: S608
            f"WHERE s.device IN ({','.join('?' * len(some))}) AND d.day BETWEEN ? AND ? "
            "GROUP BY s.device"
        )
        rows = store.database.query(sql, (*some, *days))
        found |= {str(device): Held(int(n), int(changed)) for device, n, changed in rows}
    return found


class Told(NamedTuple):
    """A calibration that a board told of. received: Unix seconds; again: that it had told of the
    same before, as in another life."""

    id: str
    received: int
    again: bool


def told_after(store: Store, t: int) -> dict[tuple[str, str], list[Told]]:
    """(board, channel) → calibrations that were received after Unix time `t`, in order."""
    sql = (
        "SELECT s.device, w.channel, w.calibration, w.received, EXISTS (SELECT 1 FROM weighed o "
        "JOIN stream p ON p.id=o.stream WHERE p.device=s.device AND o.channel=w.channel "
        "AND o.id<w.id AND o.calibration=w.calibration AND o.zero=w.zero "
        "AND o.counts_per_kg=w.counts_per_kg) "
        "FROM weighed w JOIN stream s ON s.id=w.stream WHERE w.received>? ORDER BY w.id"
    )
    found: dict[tuple[str, str], list[Told]] = {}
    for device, channel, id_, received, again in store.database.query(sql, (t,)):
        told = Told(str(id_), int(received), bool(again))
        found.setdefault((str(device), str(channel)), []).append(told)
    return found


def corrected(store: Store, since: int) -> set[tuple[str, str]]:
    """(board, channel) whose calibration was corrected after Unix time `since`."""
    sql = "SELECT device, channel FROM correction WHERE at>?"
    return {(str(d), str(c)) for d, c in store.database.query(sql, (since,))}
