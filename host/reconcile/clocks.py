"""How far a truck's clock is off, from the times at which platforms saw its bins go; and roughly
its scale, so that bins are told apart by their masses."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..common.local_days import SHANGHAI_S, local_day
from .model import Collection, Lift
from .robust import median

FARTHEST_S = 900
_WIDTH_S = 90  # votes this near to each other are one opinion
_LEAST_VOTES = 8
_MASS_SHARE, _MASS_G = 0.1, 1_500
_LEAST_G = 8_000  # of less, _MASS_G is too large a share to tell anything of a scale


def fits(lift: Lift, collection: Collection) -> bool:
    """Whether they may be the same bin, by stream, name and mass."""
    if lift.stream and lift.stream != collection.stream:
        return False
    if lift.bin and lift.bin != collection.bin:
        return False
    return abs(lift.grams - collection.grams) <= max(_MASS_G, _MASS_SHARE * collection.grams)


def offsets(
    lifts: Iterable[Lift], at_sites: Mapping[str, Sequence[Collection]]
) -> dict[tuple[str, int], int]:
    """(truck, local day) of every lift → seconds that its clock is ahead. A day with few votes has
    the truck's median; a truck without any may be set to UTC (_zone), else it is taken as right.
    at_sites: site → collections by time."""
    held = list(lifts)
    votes: dict[tuple[str, int], list[int]] = {(x.truck, local_day(x.t)): [] for x in held}
    for lift, near in _near(held, at_sites, FARTHEST_S):
        votes[lift.truck, local_day(lift.t)] += [lift.t - c.t for c in near]
    found = {key: densest(sorted(each)) for key, each in votes.items()}
    by_truck: dict[str, list[int]] = defaultdict(list)
    for (truck, _), offset in found.items():
        if offset is not None:
            by_truck[truck].append(offset)
    usual = {truck: sorted(each)[len(each) // 2] for truck, each in by_truck.items()}
    unsure: dict[str, list[Lift]] = defaultdict(list)
    for lift in held:
        if lift.truck not in usual:
            unsure[lift.truck].append(lift)
    usual |= {truck: _zone(mine, at_sites) for truck, mine in unsure.items()}
    return {
        key: usual.get(key[0], 0) if offset is None else offset for key, offset in found.items()
    }


def _zone(lifts: Sequence[Lift], at_sites: Mapping[str, Sequence[Collection]]) -> int:
    """Seconds that the clock of a truck is ahead which shows UTC, or has Shanghai's eight hours
    twice; 0 where most lifts at platforms do not agree on it."""
    here = [x for x in lifts if at_sites.get(x.site)]
    for zone in (-SHANGHAI_S, SHANGHAI_S):
        moved = [x._replace(t=x.t - zone) for x in here]
        votes = [[x.t - c.t for c in near] for x, near in _near(moved, at_sites, FARTHEST_S)]
        offset = densest(sorted(v for each in votes for v in each))
        if offset is not None:
            agree = sum(any(abs(v - offset) <= _WIDTH_S for v in each) for each in votes)
            if 2 * agree >= len(here):
                return zone + offset
    return 0


def rough_gains(
    lifts: Iterable[Lift], at_sites: Mapping[str, Sequence[Collection]]
) -> dict[str, float]:
    """truck → lifted / emptied, the median; times of lifts are corrected."""
    ratios: dict[str, list[float]] = defaultdict(list)
    for lift, near in _near(lifts, at_sites, _WIDTH_S // 2):
        ratios[lift.truck] += [lift.grams / c.grams for c in near if c.grams >= _LEAST_G]
    return {truck: median(each) for truck, each in ratios.items() if len(each) >= _LEAST_VOTES}


def _near(
    lifts: Iterable[Lift], at_sites: Mapping[str, Sequence[Collection]], within_s: int
) -> Iterator[tuple[Lift, list[Collection]]]:
    """Each lift and what may be its bin."""
    times = {site: [c.t for c in there] for site, there in at_sites.items()}
    for lift in lifts:
        if at := times.get(lift.site):
            first, last = bisect_left(at, lift.t - within_s), bisect_right(at, lift.t + within_s)
            yield lift, [c for c in at_sites[lift.site][first:last] if fits(lift, c)]


def densest(votes: Sequence[int]) -> int | None:
    """The middle of the most votes within _WIDTH_S; None where too few agree. votes: sorted."""
    best: tuple[int, int, int] | None = None
    first = 0
    for last, vote in enumerate(votes):
        while vote - votes[first] > _WIDTH_S:
            first += 1
        if best is None or last - first + 1 > best[0]:
            best = last - first + 1, first, last
    if best is None or best[0] < _LEAST_VOTES:
        return None
    return votes[(best[1] + best[2]) // 2]
