"""SQL of the log of alarms a piece at a time: rows as store.hazard has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from . import Store

AlarmRow = tuple[int, int, str, int, str]  # id, alarm, what, t, body
_AT_ONCE = 500  # alarms asked about in one query
_PIECE = 2000  # rows of a walk that are in memory
_LAST = 1 << 62  # above every id


def raised_count(store: Store) -> int:
    """How many alarms there ever were."""
    sql = "SELECT count(*) FROM alarm WHERE what='raised'"
    return int(store.database.query(sql)[0][0])


def raised(store: Store, before: int | None, most: int, skip: int = 0) -> list[AlarmRow]:
    """The rows that raised alarms, the latest first; before: those below this alarm."""
    return store.database.query(
        "SELECT id, alarm, what, t, body FROM alarm WHERE what='raised' AND alarm<? "
        "ORDER BY alarm DESC LIMIT ? OFFSET ?",
        (before or _LAST, most, skip),
    )


def walk(store: Store) -> Iterator[AlarmRow]:
    """The rows that raised alarms, the latest first, a piece of them in memory."""
    before: int | None = None
    while found := raised(store, before, _PIECE):
        yield from found
        before = found[-1][1]


def of_alarms(store: Store, alarms: Sequence[int]) -> list[AlarmRow]:
    """Every row of these alarms, in order."""
    found: list[AlarmRow] = []
    for at in range(0, len(alarms), _AT_ONCE):
        some = alarms[at : at + _AT_ONCE]
        marks = ",".join("?" * len(some))
        found += store.database.query(
            f"SELECT id, alarm, what, t, body FROM alarm WHERE alarm IN ({marks})",  # noqa: S608
            some,
        )
    return sorted(found)
