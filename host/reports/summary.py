"""What a span of days comes to: by 街镇, by day, by stream, with coverage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from host.registry import DRY, HAZARDOUS, RECYCLABLE, WET
from host.rollup import DAY_S, DailyRow

HAULED = (DRY, WET)  # 清运量 is these two and nothing else
SHOWN = (DRY, WET, RECYCLABLE, HAZARDOUS)


@dataclass(frozen=True)
class Part:
    """Mass collected, and the seconds of bin-time that were seen and that there were."""

    grams: int = 0
    collections: int = 0
    covered_s: int = 0
    due_s: int = 0

    @property
    def coverage(self) -> Decimal | None:
        """0 to 1; None where nothing is registered."""
        return Decimal(self.covered_s) / self.due_s if self.due_s else None

    @property
    def tonnes(self) -> Decimal | None:
        """None where nothing was seen: not measured is not zero."""
        return Decimal(self.grams).scaleb(-6) if self.covered_s else None


def part(rows: Iterable[DailyRow]) -> Part:
    """Rows added up; the caller chooses such as may be added."""
    grams = collections = covered = due = 0
    for r in rows:
        grams += r.collected_g
        collections += r.collections
        covered += r.covered_s
        due += r.bins * DAY_S
    return Part(grams, collections, covered, due)


@dataclass(frozen=True)
class Summary:
    """The rows of roll_days from first to last. period: as people write it."""

    period: str
    first: dt.date
    last: dt.date
    rows: Sequence[DailyRow]
    notes: tuple[str, ...] = ()

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
