"""The sums of a span of days: by 街镇, by day, by stream, with coverage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from ..common import quantity
from ..registry import DRY, HAZARDOUS, RECYCLABLE, WET
from ..rollup import DAY_S, DailyRow

DISTRICT = "松江区"
HAULED = (DRY, WET)  # 清运量 is these two and nothing else
SHOWN = (DRY, WET, RECYCLABLE, HAZARDOUS)


@dataclass(frozen=True)
class Part:
    """Mass collected (g), and the seconds of bin-time that were measured and that were
    registered. verified: of the mass, by verified instruments (g); None: none is registered."""

    grams: int = 0
    times: int = 0
    covered_s: int = 0
    due_s: int = 0
    verified: int | None = None

    @property
    def verified_share(self) -> Decimal | None:
        """Of the mass; None where no instrument is registered, or there is no mass."""
        return None if self.verified is None else quantity.share(self.verified, self.grams)

    @property
    def coverage(self) -> Decimal | None:
        """From 0 to 1; None where nothing is registered."""
        return quantity.share(self.covered_s, self.due_s)

    @property
    def collected(self) -> int | None:
        """Grams; None where nothing was measured, which is not zero."""
        return quantity.known(self.grams, self.covered_s)

    @property
    def tonnes(self) -> Decimal | None:
        """The collected mass in t."""
        return None if self.collected is None else Decimal(self.collected).scaleb(-6)

    @property
    def collections(self) -> int | None:
        """How often; None where nothing was measured."""
        return quantity.known(self.times, self.covered_s)


def add(parts: Iterable[Part]) -> Part:
    """The sum of parts; the caller passes only parts that may be added
    (indicators.addition_rules)."""
    grams = times = covered = due = 0
    verified: int | None = None
    for p in parts:
        grams, times = grams + p.grams, times + p.times
        covered, due = covered + p.covered_s, due + p.due_s
        if p.verified is not None:
            verified = (verified or 0) + p.verified
    return Part(grams, times, covered, due, verified)


def part(rows: Iterable[DailyRow]) -> Part:
    """The sum of rows."""
    return add(
        Part(r.collected_g, r.collections, r.covered_s, r.bins * DAY_S, r.verified_g) for r in rows
    )


@dataclass(frozen=True)
class Summary:
    """The rows of roll_days from first to last. period: its name for people; whose: of whom the
    sums are, as titles say."""

    period: str
    first: dt.date
    last: dt.date
    rows: Sequence[DailyRow]
    notes: tuple[str, ...] = ()
    whose: str = DISTRICT

    @property
    def measured(self) -> bool:
        """Whether anything was measured."""
        return any(r.measured for r in self.rows)

    @cached_property
    def towns(self) -> list[str]:
        """The 街镇 that have a collection point, in the order of the registry."""
        return list(dict.fromkeys(r.town for r in self.rows if r.stream in SHOWN))

    @cached_property
    def dates(self) -> list[dt.date]:
        """The days from first to last."""
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
        """One figure, of one 街镇 and day or of all."""
        return part(
            r
            for t in ([town] if town else self.towns)
            for d in ([date] if date else self.dates)
            for s in streams
            for r in self._index.get((t, d, s), ())
        )
