"""Closed months: reported figures stay, later changes are adjustments.

A closing keeps the last revision of its time and the registry. It is never undone: an office
that has reported a month books later changes into a later month."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import msgspec

from ..common.errors import UserError
from ..common.local_days import bounds, date_of, local_day
from ..events import Platform
from ..registry import Bin, Registry
from ..store import Store, day_revisions, revision_writer
from ..store.day_revisions import Closing, PlatformDay
from ..store.revision_writer import Entry, Work
from .day_figures import Progress, update_figures
from .density import Density
from .folds import Filled, Scale
from .revisions import Revision
from .scales import platforms_of

QUIET = "nothing was told of it when the month was closed"


class ClosingError(UserError):
    """Why a month cannot be closed; one line."""


@dataclass(frozen=True)
class RegistrySnapshot:
    """The registry, and the densities for estimates, as they were at a moment."""

    known: Registry
    densities: dict[str, Density] = field(default_factory=dict)

    @cached_property
    def bins(self) -> list[Bin]:
        """Every bin that a board measures, by site in the order of the registry."""
        order = {site: i for i, site in enumerate(self.known.sites)}
        bins = [*self.known.platforms(), *self.known.fill_only()]
        return sorted(bins, key=lambda b: order[b.site])

    @cached_property
    def platforms(self) -> dict[str, Platform]:
        return platforms_of(self.known)

    def at(self, site: str) -> RegistrySnapshot:
        """The snapshot of one site."""
        sites = {s: self.known.sites[s] for s in (site,) if s in self.known.sites}
        bins = tuple(self.known.around(site))
        return RegistrySnapshot(
            replace(self.known, sites=sites, devices={}, bins=bins), self.densities
        )

    def pack(self) -> bytes:
        return zlib.compress(msgspec.json.encode([self.known, self.densities]))

    @classmethod
    def of(cls, closed: Closing) -> RegistrySnapshot:
        """The snapshot of a closed month."""
        raw = zlib.decompress(closed.registry)
        return cls(*msgspec.json.decode(raw, type=tuple[Registry, dict[str, Density]]))


def days_held(store: Store) -> str:
    """The days that have readings, as text."""
    span = store.span()
    return f"it has {date_of(span[0])} to {date_of(span[1])}" if span else "it has none of any day"


def check(store: Store, month: str, by: str, now: int) -> None:
    """ClosingError unless a month is over, not closed yet and has readings, and `by` is given;
    now: Unix seconds."""
    first, last = day_revisions.month_days(month)
    if not by.strip():
        raise ClosingError("--by: expected the name of whoever closes the month")
    if now < bounds(last)[1]:
        then = date_of(last + 1)
        raise ClosingError(
            f"--month: expected a month that is over, found {month}; close it from {then} on"
        )
    if closed := day_revisions.closings(store.database).get(month):
        on = date_of(local_day(closed.at))
        raise ClosingError(f"--month: {month} was closed on {on} by {closed.by}")
    store.compact()
    if not store.dated(first, last):
        raise ClosingError(
            f"--month: expected a month with readings, {store.where} has none of {month}; "
            f"{days_held(store)}"
        )


def close(
    store: Store,
    then: RegistrySnapshot,
    month: str,
    by: str,
    *,
    progress: Progress = iter,
    now: int | None = None,
) -> Closing:
    """Bring a month (YYYY-MM) up to date and close it; ClosingError where check() fails."""
    closed_at = int(time.time()) if now is None else now
    first, last = day_revisions.month_days(month)
    check(store, month, by, closed_at)
    db = store.database
    while True:
        update_figures(store, then.known, date_of(last), progress, now=closed_at)
        stamp = revision_writer.stamp(db)
        works = _quiet(store, then, first, last, closed_at)
        closed = Closing(month, closed_at, by.strip(), 0, then.pack())
        if revision_writer.close(db, stamp, works, closed):
            return day_revisions.closings(db)[month]


def _quiet(
    store: Store, then: RegistrySnapshot, first: int, last: int, computed: int
) -> list[Work]:
    """Figures of the days without readings, so that the month is complete; computed: Unix
    seconds."""
    db = store.database
    held: dict[str, dict[int, PlatformDay]] = {}
    for r in day_revisions.platform_days(db, first, last):
        held.setdefault(r.platform, {})[r.day] = r
    records = revision_writer.platform_records(db)
    works = []
    for bin_ in then.bins:
        mine = held.get(bin_.bin, {})
        fold = Scale(then.platforms[bin_.bin]) if bin_.channel else Filled()
        if len(mine) == last - first + 1:
            continue
        before = day_revisions.latest(db, bin_.bin, first)
        level = before.closing if before else 0
        entries = []
        for day in range(first, last + 1):
            if day in mine:
                level = mine[day].closing
            else:
                entries.append(Entry(day, 1, computed, QUIET, fold.silent(day, level), b""))
        works.append(Work(records[bin_.bin], entries=entries))
    return works


def closings(store: Store) -> dict[str, Closing]:
    """YYYY-MM -> its closing."""
    return day_revisions.closings(store.database)


def adjustments(store: Store, month: str | None = None) -> Iterator[Revision]:
    """Revisions after the closing of all closed months, or of one (YYYY-MM), oldest first."""
    db = store.database
    for name, closed in day_revisions.closings(db).items():
        if month is not None and name != month:
            continue
        bins = {b.bin: b for b in RegistrySnapshot.of(closed).bins}
        first, last = day_revisions.month_days(name)
        for after in day_revisions.later(db, closed, first, last):
            before = [
                r for r in day_revisions.history(db, after.platform, after.day) if r.id < after.id
            ]
            if after.platform in bins:  # other bins are no part of the month
                yield Revision(bins[after.platform], before[-1] if before else None, after)


def change(made: Sequence[Revision]) -> tuple[int, int]:
    """(deposited, collected): changes of a month's masses by these revisions, in g."""
    deposited = collected = 0
    for a in made:
        for sign, r in ((1, a.after), (-1, a.before)):
            if r is not None:
                deposited += sign * r.deposited
                collected += sign * r.collected
    return deposited, collected
