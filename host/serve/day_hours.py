"""Of a day, what was hauled in each hour, and at which sites the most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import nlargest

from ..reports.summary import HAULED
from ..rollup import packing
from ..store.database import Database

HOUR_S, HOURS = 3600, 24
MOST = 10  # sites
Hours = tuple[int, ...]  # grams in each of HOURS


@dataclass(frozen=True)
class Collected:
    """A bin's mass of a day (g): id of the revision, its site, 街镇 and stream."""

    id: int
    site: str
    town: str
    stream: str
    grams: int


def by_hour(db: Database, t0: int, bins: Iterable[Collected]) -> dict[str, Hours]:
    """街镇 → 清运量 by the hour in which each collection began. t0: where the day begins, Unix
    seconds."""
    towns = {b.id: b.town for b in bins if b.grams and b.stream in HAULED}
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * HOURS)
    for id_, t, grams in packing.collections(db, list(towns)):
        sums[towns[id_]][min(HOURS - 1, max(0, (t - t0) // HOUR_S))] += grams
    return {town: tuple(hours) for town, hours in sums.items()}


def added(hours: Mapping[str, Hours]) -> Hours:
    """Of all 街镇."""
    return tuple(map(sum, zip(*hours.values(), strict=True))) if hours else (0,) * HOURS


def top_sites(bins: Iterable[Collected]) -> tuple[tuple[str, int], ...]:
    """The MOST sites with the largest 清运量, as (site, grams)."""
    sums: dict[str, int] = defaultdict(int)
    for b in bins:
        if b.grams > 0 and b.stream in HAULED:
            sums[b.site] += b.grams
    return tuple(nlargest(MOST, sums.items(), key=lambda item: item[1]))
