"""Figures of bins that the registry no longer has: they stay in the store, and are in no sum of a
month that is open."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from ..common.local_days import date_of, day_of
from ..common.quantity import kg
from ..registry import Registry
from ..store import Store, day_revisions, revision_writer
from ..store.day_revisions import PlatformDay

REMEDY = "bins.csv has it no more: keep its line until the month is closed"


@dataclass(frozen=True)
class LeftOut:
    """What is kept of a bin from first to last, masses in g."""

    bin: str
    first: dt.date
    last: dt.date
    deposited: int
    collected: int

    @property
    def words(self) -> str:
        """One line for people."""
        when = f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"
        masses = f"deposited {kg(self.deposited)}, collected {kg(self.collected)} kg"
        return f"{self.bin}: {masses} of {when} are in no sum; {REMEDY}"


def left_out(store: Store, known: Registry, first: dt.date, last: dt.date) -> list[LeftOut]:
    """Of the days from first to last, by bin; days of closed months have the registry of their
    closing. A bin that got another name is there under that one."""
    device_of = {b.bin: b.device for b in [*known.platforms(), *known.fill_only()]}
    records = revision_writer.platform_records(store.database)
    gone = {name: r.device for name, r in records.items() if name not in device_of}
    if not gone:
        return []
    closed = day_revisions.closings(store.database)
    boards = set(gone.values())
    asked = [*gone, *(name for name, device in device_of.items() if device in boards)]
    held = [
        r
        for r in day_revisions.platform_days(store.database, day_of(first), day_of(last), asked)
        if (r.deposited or r.collected) and f"{r.date:%Y-%m}" not in closed
    ]
    counted = {_load(r, device_of[r.platform]) for r in held if r.platform in device_of}
    days: dict[str, list[PlatformDay]] = defaultdict(list)
    for r in held:
        if r.platform in gone and _load(r, gone[r.platform]) not in counted:
            days[r.platform].append(r)
    return [
        LeftOut(
            *(name, date_of(mine[0].day), date_of(mine[-1].day)),
            *(sum(r.deposited for r in mine), sum(r.collected for r in mine)),
        )
        for name, mine in sorted(days.items())
    ]


def _load(r: PlatformDay, device: str) -> tuple[object, ...]:
    """What is the same for a bin under another name: the figures of the same readings."""
    return device, r.day, r.deposited, r.collected, r.collections, r.weighings
