"""What is planted: which trouble, at which point, from when to when."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

DAY, HOUR = 86_400, 3600
# Troubles that one point has for some hours; those of days; those of the whole district.
SHORT = (
    *("offline", "safe", "clock", "queue", "fault", "full", "load", "density"),
    *("away", "outside", "rise"),
)
DAYS_LONG = ("uncollected", "unlike")
KINDS = (*SHORT, *DAYS_LONG)
FIRST_DAY = 15  # of `unlike`: two weeks have to be known before


@dataclass(frozen=True)
class Plant:
    """A trouble at a point. start, end: Unix seconds; due: from then on the rule says that it is
    so; within_s: it has to be raised so soon after that. bin: 0 to 3."""

    kind: str
    site: int
    start: int
    end: int
    due: int
    within_s: int
    bin: int = 0


@dataclass
class Plan:
    """Everything planted, by point; outages: from when to when the broker is away."""

    by_site: dict[int, list[Plant]] = field(default_factory=dict)
    outages: list[tuple[int, int]] = field(default_factory=list)

    @property
    def plants(self) -> list[Plant]:
        return [p for plants in self.by_site.values() for p in plants]


def make(
    sites: int,
    days: int,
    each: int,
    start: int,
    rng: random.Random,
    *,
    kinds: Sequence[str] = KINDS,
) -> Plan:
    """Plant each kind so many times; start: first midnight (Unix seconds). No point has two
    troubles within three days, so that each alarm has one cause."""
    plan = Plan({n: [] for n in range(sites)})
    taken: dict[int, set[int]] = {n: set() for n in range(sites)}
    outage_days = {days - 1 - 9 * i for i in range(max(1, days // 10))}
    for day in sorted(outage_days):
        at = start + day * DAY + 3 * HOUR + 600
        plan.outages.append((at, at + 1800))
    for kind in kinds:
        left = each
        for _ in range(each * 200):
            if not left:
                break
            site, length = rng.randrange(sites), 4 if kind in DAYS_LONG else 1
            low = FIRST_DAY + 2 if kind == "unlike" else 1
            if days - length - 1 <= low:
                break
            day = rng.randrange(low, days - length)
            span = set(range(day - 1, day + length + 1))
            if span & taken[site] or (kind != "unlike" and span & outage_days):
                continue
            taken[site] |= span
            plan.by_site[site].append(_plant(kind, site, start + day * DAY, rng))
            left -= 1
    return plan


def _plant(kind: str, site: int, day: int, rng: random.Random) -> Plant:
    """A trouble on the day that begins then."""
    if kind == "uncollected":  # not emptied on three days: told when the second is over
        return Plant(kind, site, day + 9 * HOUR, day + 4 * DAY, day + 2 * DAY, HOUR, 1)
    if kind == "unlike":  # of a whole day: told when it is booked
        return Plant(kind, site, day, day + 2 * DAY, day + DAY, HOUR, 1)
    begin = day + 12 * HOUR + rng.randrange(4 * HOUR)
    long = rng.randrange(2 * HOUR, 5 * HOUR)
    bin_ = rng.randrange(4)
    if kind == "away":  # from a collection on
        begin = day + 10 * HOUR
        return Plant(kind, site, begin, begin + 5 * HOUR, begin + 2 * HOUR, 600, bin_)
    if kind == "density":
        bin_ = 0
    if kind in ("outside", "load", "density"):  # until the next collection
        return Plant(kind, site, begin, day + DAY + 10 * HOUR + 300, begin, 600, bin_)
    lasts = {"safe": 300, "clock": 1800, "fault": 900, "rise": 600}.get(kind, 0)
    return Plant(kind, site, begin, begin + long, begin + lasts, 600, bin_)
