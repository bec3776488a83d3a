"""The log of alarms a page at a time, the latest first.

A page begins below an alarm and not at a place in a list, so it stays what it is while new alarms
come. What is read and held goes by the page and not by the log; for an account that sees a part,
the log is walked through for its own alarms, a piece in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from ..store import Store, alarm_pages
from . import alarm_log
from .alarm_log import ACKNOWLEDGED, CLEARED, RAISED, Row

# Of an alarm: the row that raised it, its acknowledgement and its end, None where there is none.
Changes = tuple[Row, Row | None, Row | None]


class Place(msgspec.Struct, frozen=True):
    """Where an alarm is: the part of its body that says who may see it."""

    site: str
    store: str


Sees = Callable[[Place], bool]
_place_of = msgspec.json.Decoder(Place).decode


@dataclass(frozen=True)
class Page:
    """rows: of the page; total: alarms in all; next: the alarm below which the next page begins,
    None where this is the last."""

    rows: list[Changes]
    total: int
    next: int | None


def trails(rows: Sequence[Row]) -> list[Changes]:
    """The changes of each alarm whose raising is among the rows, the latest alarm first."""
    seen = {r.alarm: r for r in rows if r.what == ACKNOWLEDGED}
    over = {r.alarm: r for r in rows if r.what == CLEARED}
    raised = sorted((r for r in rows if r.what == RAISED), key=lambda r: -r.alarm)
    return [(r, seen.get(r.alarm), over.get(r.alarm)) for r in raised]


def read(
    store: Store, limit: int, before: int | None = None, skip: int = 0, sees: Sees | None = None
) -> Page:
    """A page of every alarm there ever was. before: those below this alarm; skip: so many of them;
    sees: which the account may see, None: all."""
    if sees is None:
        total = alarm_pages.raised_count(store)
        wanted = [r[1] for r in alarm_pages.raised(store, before, limit + 1, skip)]
    else:
        total, passed, wanted = 0, 0, []
        for row in alarm_pages.walk(store):
            if not sees(_place_of(row[4])):
                continue
            total += 1
            if (before is None or row[1] < before) and len(wanted) <= limit:
                passed += 1
                if passed > skip:
                    wanted.append(row[1])
    found = alarm_pages.of_alarms(store, wanted[:limit])
    following = wanted[limit - 1] if len(wanted) > limit else None
    return Page(trails([alarm_log.as_row(r) for r in found]), total, following)


def read_open(
    store: Store, limit: int, before: int | None = None, skip: int = 0, sees: Sees | None = None
) -> Page:
    """As read(), of the alarms that are open."""
    mine = every_open(store, sees)
    below = [x for x in mine if before is None or x[0].alarm < before][skip:]
    following = below[limit - 1][0].alarm if len(below) > limit else None
    return Page(below[:limit], len(mine), following)


def every_open(store: Store, sees: Sees | None = None) -> list[Changes]:
    """The alarms that are open, the latest first: of years few are."""
    found = trails(alarm_log.read_open(store)[1])
    return [x for x in found if _may(x, sees)]


def _may(changes: Changes, sees: Sees | None) -> bool:
    body = changes[0].body
    return sees is None or sees(Place(body.site, body.store))


def one(store: Store, alarm: int, sees: Sees | None = None) -> Changes | None:
    """An alarm, open or over; None where there is none, or the account may not see it."""
    found = trails([alarm_log.as_row(r) for r in alarm_pages.of_alarms(store, [alarm])])
    return found[0] if found and _may(found[0], sees) else None
