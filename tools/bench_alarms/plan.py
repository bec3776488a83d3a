"""What is planted: which trouble, at which point, from when to when."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

DAY, HOUR = 86_400, 3600
# Troubles that one point has for some hours; those of days; those of the whole district.
SHORT = (
    *("offline", "safe", "clock", "queue", "fault", "full", "load", "density"),
    *("away", "outside", "rise", "lifted", "wear", "lives", "certificate"),
)
DAYS_LONG = ("data_ends", "data", "uncollected", "unlike")
KINDS = (*SHORT, *DAYS_LONG)
# Of those that whole days have: seconds from their begin to their end, and until they are due;
# within how many it is told then; bin; so much before it may be told too.
_OF_DAYS = {
    "uncollected": (4 * DAY, 2 * DAY, HOUR, 1, 600),  # told when the second day is over
    "unlike": (2 * DAY, DAY, HOUR, 1, 600),  # told when the day is booked
    "data_ends": (4 * DAY, 3 * DAY, 2 * HOUR, 0, 3 * DAY),  # told once three days went so
    **dict.fromkeys(("certificate", "wear", "lives"), (DAY, 0, 600, 0, 600)),
}
# How long others have to have lasted.
_LASTS = {"safe": 300, "clock": 1800, "fault": 900, "rise": 600, "away": 2 * HOUR, "lifted": 900}
# First days: of `unlike`, two weeks have to be known before; of `data`, the pace of a week.
FIRST_DAY = {"unlike": 17, "data": 6}
LAST_DAY = 12  # of `data_ends`: later the month is over before the data


@dataclass(frozen=True)
class Plant:
    """A trouble at a point. start, end: Unix seconds; due: from then on the rule says that it is
    so; within_s: it has to be raised so soon after that. bin: 0 to 3. early_s: so much before
    it may be raised too."""

    kind: str
    site: int
    start: int
    end: int
    due: int
    within_s: int
    bin: int = 0
    early_s: int = 600


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
    for kind in sorted(kinds, key=lambda k: k not in DAYS_LONG):  # while there is room
        left = each
        for _ in range(each * 200):
            if not left:
                break
            site, length = rng.randrange(sites), 4 if kind in DAYS_LONG else 1
            low = FIRST_DAY.get(kind, 1)
            if days - length - 1 <= low:
                break
            high = LAST_DAY if kind == "data_ends" else days
            day = rng.randrange(low, min(high, days - length))
            span = set(range(day - 1, day + length + 1))
            if kind == "lives" and any(p.kind == kind for p in plan.by_site[site]):
                continue  # what it tells lasts for a week
            if span & taken[site] or (kind != "unlike" and span & outage_days):
                continue
            taken[site] |= span
            plan.by_site[site].append(_plant(kind, site, start + day * DAY, rng))
            left -= 1
    return plan


def _plant(kind: str, site: int, day: int, rng: random.Random) -> Plant:
    """A trouble on the day that begins then."""
    bin_ = rng.randrange(4)
    if kind in _OF_DAYS:
        lasts, due, within_s, which, early_s = _OF_DAYS[kind]
        start = day + 9 * HOUR if kind == "uncollected" else day
        return Plant(kind, site, start, day + lasts, day + due, within_s, which, early_s)
    begin = day + 12 * HOUR + rng.randrange(4 * HOUR)
    end = begin + rng.randrange(2 * HOUR, 5 * HOUR)
    if kind == "data":  # boards tell of it on the hour
        begin, end = begin - begin % HOUR, end - end % HOUR
    elif kind == "lifted":  # at night: told when it stands there again
        begin = day + HOUR + rng.randrange(2 * HOUR)
        end, bin_ = begin + 12 * HOUR, 1
    elif kind == "away":  # from a collection on
        begin = day + 10 * HOUR
        end = begin + 5 * HOUR
    elif kind in ("outside", "load", "density"):  # until the next collection
        end = day + DAY + 10 * HOUR + 300
        bin_ = 0 if kind == "density" else bin_
    return Plant(kind, site, begin, end, begin + _LASTS.get(kind, 0), 600, bin_)
