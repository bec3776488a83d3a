"""What a span of days comes to: by 街镇, by day, by stream, with coverage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from ..common import quantity
from ..registry import DRY, HAZARDOUS, RECYCLABLE, WET
from ..rollup import DAY_S, DailyRow

HAULED = (DRY, WET)  # 清运量 is these two and nothing else
SHOWN = (DRY, WET, RECYCLABLE, HAZARDOUS)


@dataclass(frozen=True)
class Part:
    """Mass collected, and the seconds of bin-time that were seen and that there were."""

    grams: int = 0
    times: int = 0
    covered_s: int = 0
    due_s: int = 0

    @property
    def coverage(self) -> Decimal | None:
        """0 to 1; None where nothing is registered."""
        return quantity.share(self.covered_s, self.due_s)

    @property
    def collected(self) -> int | None:
        """Grams; None where nothing was seen: not measured is not zero."""
        return quantity.known(self.grams, self.covered_s)

    @property
    def tonnes(self) -> Decimal | None:
        """The same in t."""
        return None if self.collected is None else Decimal(self.collected).scaleb(-6)

    @property
    def collections(self) -> int | None:
        return quantity.known(self.times, self.covered_s)


def add(parts: Iterable[Part]) -> Part:
    """Added up; the caller chooses such as may be added."""
    grams = times = covered = due = 0
    for p in parts:
        grams, times = grams + p.grams, times + p.times
        covered, due = covered + p.covered_s, due + p.due_s
    return Part(grams, times, covered, due)


def part(rows: Iterable[DailyRow]) -> Part:
    """The same of rows."""
    return add(Part(r.collected_g, r.collections, r.covered_s, r.bins * DAY_S) for r in rows)


@dataclass(frozen=True)
class Summary:
    """The rows of roll_days from first to last. period: as people write it."""

    period: str
    first: dt.date
    last: dt.date
    rows: Sequence[DailyRow]
    notes: tuple[str, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether anything was seen."""
        return any(r.measured for r in self.rows)

    @cached_property
    def towns(self) -> list[str]:
        """街镇 that have a collection point, in the order of the registry."""
        return list(dict.fromkeys(r.town for r in self.rows if r.stream in SHOWN))

    @cached_property
    def dates(self) -> list[dt.date]:
        return list(dict.fromkeys(r.date for r in self.rows))

    @cached_property
    def _index(self) -> dict[tuple[str, dt.date, str], list[DailyRow]]:
        index: dict[tuple[str, dt.date, str], list[DailyRow]] = {}
        for r in self.rows:
            index.setdefault((r.town, r.date, r.stream), []).append(r)
        return index

    def of(
        self, streams: Sequence[str], town: str | None = None, date: dt.date | None = None
    ) -> Part:
        """One figure; every town or day where none is named."""
        return part(
            r
            for t in ([town] if town else self.towns)
            for d in ([date] if date else self.dates)
            for s in streams
            for r in self._index.get((t, d, s), ())
        )
