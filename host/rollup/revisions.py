"""Earlier figures, and the reasons for later ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..common.local_days import day_of
from ..common.quantity import kg
from ..registry import Bin
from ..store import Store, day_revisions
from ..store.day_revisions import NOT_OVER, PlatformDay


@dataclass(frozen=True)
class Revision:
    """The figures of a bin and day, and those that they replace; before: None for the first."""

    bin: Bin
    before: PlatformDay | None
    after: PlatformDay

    @property
    def changes_mass(self) -> bool:
        old, new = ((r.deposited, r.collected) if r else (0, 0) for r in (self.before, self.after))
        return old != new

    @property
    def words(self) -> str:
        """Masses before and after in kg, and the reason."""
        old, new = self.before, self.after
        masses = (
            f"{mass} {kg(getattr(old, mass) if old else None)} → {kg(getattr(new, mass))} kg"
            for mass in ("deposited", "collected")
        )
        return f"{', '.join(masses)}; {self.after.reason}"


def restated(store: Store, bins: Iterable[Bin], first: dt.date, last: dt.date) -> list[Revision]:
    """Revisions of days from first to last that changed a mass after the day was over; in a
    closed month only those before its closing."""
    named = {b.bin: b for b in bins}
    rows = day_revisions.reported(store.database, day_of(first), day_of(last))
    revisions = (
        Revision(named[after.platform], before, after)
        for before, after in pairs(rows)
        if after.platform in named and before is not None and after.reason != NOT_OVER
    )
    return [r for r in revisions if r.changes_mass]


def pairs(rows: Sequence[PlatformDay]) -> Iterable[tuple[PlatformDay | None, PlatformDay]]:
    """Each revision with the one before it, or None. rows: sorted by day, platform, revision."""
    last: PlatformDay | None = None
    for row in rows:
        follows = last is not None and (last.day, last.platform) == (row.day, row.platform)
        yield last if follows else None, row
        last = row
