"""What was planned beside what was lifted: sites that were not, and lifts that nobody planned."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..common.local_days import bounds, local_day
from .model import Collection, Finding, Kind, Lift

_VISIT_S = 1_200  # lifts of one visit are nearer to each other
_NOON_S = 43_200


class Route(NamedTuple):
    """What a truck was to empty on a local day, over all shifts: a site as often as it is to come
    there."""

    day: int
    truck: str
    sites: tuple[str, ...]


def findings(
    routes: Iterable[Route],
    lifts: Iterable[Lift],
    own_times: Mapping[str, int],
    collections: Iterable[Collection],
) -> list[Finding]:
    """Of the days before that of the last lift: others may still be on their way. own_times: lift →
    its time by the truck's own clock, which says the day. Of a truck with lifts that name no site,
    so many missed sites are taken as theirs and not named."""
    of_route: dict[tuple[int, str], list[Lift]] = defaultdict(list)
    at_site: dict[tuple[int, str], list[Lift | Collection]] = defaultdict(list)
    for x in lifts:
        day = local_day(own_times[x.name])
        of_route[day, x.truck].append(x)
        at_site[day, x.site].append(x)
    for c in collections:
        at_site[local_day(c.t), c.site].append(c)
    found: list[Finding] = []
    last = max((day for day, _ in of_route), default=0)
    for route in routes:
        if route.day < last:
            found += _of(route, of_route.get((route.day, route.truck), []), at_site)
    return found


def _of(
    route: Route,
    lifts: Sequence[Lift],
    at_site: Mapping[tuple[int, str], Sequence[Lift | Collection]],
) -> list[Finding]:
    noon = bounds(route.day)[0] + _NOON_S
    if not lifts:
        return [Finding(Kind.NOT_DRIVEN, route.truck, route.truck, noon, len(set(route.sites)))]
    found = []
    visited = _visits(lifts)
    nowhere = sum(not x.site for x in lifts)
    missed = [s for s, n in sorted(Counter(route.sites).items()) if visited[s] < n]
    if len(missed) > nowhere:
        for site in missed:
            # Somebody else may have been there.
            others = [w for w in at_site.get((route.day, site), ()) if w not in lifts]
            names = tuple(w.name for w in others)
            found.append(Finding(Kind.NOT_LIFTED, site, route.truck, noon, 0, 0, names))
    planned = set(route.sites)
    off: dict[str, list[Lift]] = defaultdict(list)
    for x in lifts:
        if x.site and x.site not in planned:
            off[x.site].append(x)
    for site, each in sorted(off.items()):
        names, grams = tuple(x.name for x in each), sum(x.grams for x in each)
        found.append(Finding(Kind.OFF_PLAN, site, route.truck, each[0].t, grams, 0, names))
    return found


def _visits(lifts: Iterable[Lift]) -> Counter[str]:
    """How often a truck came to each site."""
    visits: Counter[str] = Counter()
    last: dict[str, int] = {}
    for x in sorted(lifts):
        if x.site not in last or x.t - last[x.site] >= _VISIT_S:
            visits[x.site] += 1
        last[x.site] = x.t
    return visits
