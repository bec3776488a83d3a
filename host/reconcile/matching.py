"""Which weighing of a truck is which emptying of a platform: by place, time, stream and mass.

First what a person has pinned, then one to one, the best pair first; then weighings of several
bins together, emptyings in several weighings, and bins of another stream. Each is used once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from .model import Collection, Lift, Match

WINDOW_S = 300
_TIME_S = 120  # so far apart in time is as bad as the limit of mass
_SHARE, _LEAST_G = 0.04, 1_200  # as much may two scales differ at one bin
_FAR_SHARE, _FAR_LEAST_G = 0.25, 4_000  # and so much where time and place leave no other
_TOGETHER_S = 120  # bins on one lifter, or two weighings of one bin
_MOST_TOGETHER = 3


@dataclass
class Pinned:
    """What persons have decided. pins: lift → its collections; cuts: (lift, collection) that do
    not belong together; all by name."""

    pins: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cuts: frozenset[tuple[str, str]] = frozenset()


@dataclass
class Matched:
    matches: list[Match] = field(default_factory=list)
    mixed: list[Match] = field(default_factory=list)  # of another stream than the lift says
    lifts: list[Lift] = field(default_factory=list)  # without a collection
    collections: list[Collection] = field(default_factory=list)  # without a lift


def match(
    lifts: Iterable[Lift],
    collections: Iterable[Collection],
    pinned: Pinned | None = None,
    gains: Mapping[str, float] | None = None,
) -> Matched:
    """Match those of all sites; times of lifts are corrected already. gains: truck → what its
    scale shows of 1. The order of what is given changes nothing."""
    pinned, gains = pinned or Pinned(), gains or {}
    by_site: dict[str, tuple[list[Lift], list[Collection]]] = defaultdict(lambda: ([], []))
    for lift in lifts:
        by_site[lift.site][0].append(lift)
    for collection in collections:
        by_site[collection.site][1].append(collection)
    done = Matched()
    for site in sorted(by_site):
        mine, theirs = by_site[site]
        _Site(sorted(mine), sorted(theirs), pinned, gains).run(done)
    return done


def _off(lifted: float, emptied: int, share: float, least: int) -> float:
    """Difference as a part of what is allowed: 1 is the limit."""
    return abs(lifted - emptied) / max(least, share * max(lifted, emptied))


class _Site:
    def __init__(
        self,
        lifts: list[Lift],
        collections: list[Collection],
        pinned: Pinned,
        gains: Mapping[str, float],
    ) -> None:
        self._lifts, self._collections = lifts, collections
        self._lifted = [x.grams / gains.get(x.truck, 1.0) for x in lifts]
        self._pinned = pinned
        self._free_lifts = dict.fromkeys(range(len(lifts)))
        self._free = dict.fromkeys(range(len(collections)))

    def run(self, done: Matched) -> None:
        self._take_pins(done)
        self._pairs(done.matches, _SHARE, _LEAST_G, same_stream=True)
        self._together(done.matches, same_stream=True)
        self._pairs(done.matches, _FAR_SHARE, _FAR_LEAST_G, same_stream=True)
        self._pairs(done.mixed, _SHARE, _LEAST_G, same_stream=False)
        self._together(done.mixed, same_stream=False)
        done.lifts += [self._lifts[i] for i in self._free_lifts]
        done.collections += [self._collections[j] for j in self._free]

    def _take(
        self,
        into: list[Match],
        lifts: Sequence[int],
        collections: Sequence[int],
        *,
        is_near: bool = True,
    ) -> None:
        mine = tuple([self._lifts[i] for i in lifts])
        into.append(Match(mine, tuple([self._collections[j] for j in collections]), is_near))
        for i in lifts:
            del self._free_lifts[i]
        for j in collections:
            del self._free[j]

    def _take_pins(self, done: Matched) -> None:
        if not self._pinned.pins:
            return
        places = {c.name: j for j, c in enumerate(self._collections)}
        for i, lift in enumerate(self._lifts):
            wanted = [places[n] for n in self._pinned.pins.get(lift.name, ()) if n in places]
            if wanted and all(j in self._free for j in wanted):
                self._take(done.matches, [i], wanted)

    def _near(self, *, same_stream: bool) -> Iterable[tuple[int, int]]:
        """Free pairs near in time that nothing forbids."""
        first = 0
        free = list(self._free)
        for i in self._free_lifts:
            lift = self._lifts[i]
            while first < len(free) and self._collections[free[first]].t < lift.t - WINDOW_S:
                first += 1
            for j in free[first:]:
                c = self._collections[j]
                if c.t > lift.t + WINDOW_S:
                    break
                is_same = not lift.stream or lift.stream == c.stream
                named = not lift.bin or lift.bin == c.bin
                cut = (lift.name, c.name) in self._pinned.cuts
                if is_same == same_stream and (named or not same_stream) and not cut:
                    yield i, j

    def _pairs(self, into: list[Match], share: float, least: int, *, same_stream: bool) -> None:
        if not self._free_lifts or not self._free:
            return
        offers = []
        for i, j in self._near(same_stream=same_stream):
            c = self._collections[j]
            off = _off(self._lifted[i], c.grams, share, least)
            if off <= 1:
                offers.append((off + abs(self._lifts[i].t - c.t) / _TIME_S, i, j))
        for _, i, j in sorted(offers):
            if i in self._free_lifts and j in self._free:
                self._take(into, [i], [j], is_near=share == _SHARE)

    def _together(self, into: list[Match], *, same_stream: bool) -> None:
        """One weighing of several bins, or one bin in several weighings."""
        if not self._free_lifts or not self._free:
            return
        near: dict[int, list[int]] = defaultdict(list)
        back: dict[int, list[int]] = defaultdict(list)
        for i, j in self._near(same_stream=same_stream):
            near[i].append(j)
            back[j].append(i)
        offers: list[tuple[float, tuple[int, ...], tuple[int, ...]]] = []
        for i, mine in near.items():
            for group in _groups(mine, [c.t for c in self._collections]):
                emptied = sum(self._collections[j].grams for j in group)
                off = _off(self._lifted[i], emptied, _SHARE, _LEAST_G)
                offers.append((off, (i,), group))
        for j, mine in back.items():
            for group in _groups(mine, [x.t for x in self._lifts]):
                lifted = sum(self._lifted[i] for i in group)
                off = _off(lifted, self._collections[j].grams, _SHARE, _LEAST_G)
                offers.append((off, group, (j,)))
        for off, lifts, collections in sorted(offers):
            free = all(i in self._free_lifts for i in lifts)
            if off <= 1 and free and all(j in self._free for j in collections):
                self._take(into, lifts, collections)


def _groups(members: Sequence[int], times: Sequence[int]) -> Iterable[tuple[int, ...]]:
    """Two or three of them within _TOGETHER_S."""
    for size in range(2, _MOST_TOGETHER + 1):
        for group in combinations(sorted(members), size):
            if times[group[-1]] - times[group[0]] <= _TOGETHER_S:
                yield group
