"""By how much each truck's scale and each platform is off, from what both have weighed.

A truck is compared with the many platforms at which it lifts, so that no single one decides; then
each platform with the trucks that lift there. Only differences show: an error that all platforms
share is in no figure of this module."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .model import Match, Trip
from .robust import beyond, median, middle, spread, trimmed
from .trips import Usual

_LEAST_G = 8_000  # below, the divisions of the scales say more than their gains
_LEAST_LIFTS = 5  # of a platform
_LEAST_PLATFORMS = 6  # of a truck
_LEAST_SPREAD = 0.001
_LEAST_TRUCKS = 3  # of a stream, before one of them stands in the middle


class Gain(NamedTuple):
    """value: natural logarithm of shown over true, about the share by which it is off; error: its
    standard uncertainty; n: weighings."""

    value: float
    error: float
    n: int


@dataclass
class Gains:
    """trucks, platforms: by name. arriving: truck → ln(ticket / lifted) less what is usual for the
    stream. noise_g: standard deviation of one weighing at a platform and by a truck together."""

    trucks: Mapping[str, Gain] = field(default_factory=dict)
    platforms: Mapping[str, Gain] = field(default_factory=dict)
    arriving: Mapping[str, Gain] = field(default_factory=dict)
    noise_g: float = 0.0
    of_trucks: float = 0.0  # standard deviation among trucks beyond their own uncertainties
    of_platforms: float = 0.0


def gains(matches: Iterable[Match], trips: Iterable[Trip], usual: Usual) -> Gains:
    """From pairs of one bin that one truck weighed once."""
    ratios: dict[str, dict[str, list[tuple[float, int]]]] = defaultdict(lambda: defaultdict(list))
    for m in matches:
        if not m.is_near or len(m.lifts) != 1 or len(m.collections) != 1:
            continue
        lift, c = m.lifts[0], m.collections[0]
        if c.grams >= _LEAST_G and lift.grams > 0:
            ratios[lift.truck][c.bin].append((math.log(lift.grams / c.grams), c.grams))
    trucks = {}
    for truck, bins in ratios.items():
        of_bins = [median([r for r, _ in each]) for each in bins.values()]
        if len(of_bins) >= _LEAST_PLATFORMS:
            value, error = middle(of_bins, _LEAST_SPREAD)
            trucks[truck] = Gain(value, error, sum(map(len, bins.values())))
    platforms, noise = _platforms(ratios, trucks)
    found = Gains(trucks, platforms, _arriving(trips, usual), noise)
    found.of_trucks = _of(trucks)
    found.of_platforms = _of(platforms)
    return found


def _platforms(
    ratios: Mapping[str, Mapping[str, list[tuple[float, int]]]], trucks: Mapping[str, Gain]
) -> tuple[dict[str, Gain], float]:
    each: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for truck, bins in ratios.items():
        if truck in trucks:
            for bin_, found in bins.items():
                each[bin_] += [(trucks[truck].value - r, g) for r, g in found]
    noise = spread(
        [(r - median([q for q, _ in found])) * g
         for found in each.values() if len(found) >= _LEAST_LIFTS for r, g in found]
    )  # fmt: skip
    platforms = {}
    for bin_, found in each.items():
        if len(found) < _LEAST_LIFTS:
            continue
        # Masses count by their square: the noise is the same number of grams for each.
        about = median([r for r, _ in found])
        kept = [(r, g) for r, g in found if abs(r - about) * g <= 4 * noise] or found
        weight = sum(g * g for _, g in kept)
        value = sum(r * g * g for r, g in kept) / weight
        platforms[bin_] = Gain(value, noise / math.sqrt(weight), len(kept))
    return platforms, noise


def _arriving(trips: Iterable[Trip], usual: Usual) -> dict[str, Gain]:
    """Of each truck, by the stream of most of its tickets; against the middle one of the trucks,
    which one that loses does not move."""
    ratios: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for trip in trips:
        load = trip.load
        if load is None or trip.grams <= 0 or load.stream not in usual.middle:
            continue
        if not usual.is_far(load, trip.grams):
            ratio = math.log(load.grams / trip.grams)
            ratios[load.stream][trip.truck].append(ratio - usual.middle[load.stream])
    best: dict[str, Gain] = {}
    for _, of_trucks in sorted(ratios.items()):
        known = {t: each for t, each in of_trucks.items() if len(each) >= _LEAST_LIFTS}
        made = {t: Gain(*trimmed(each, _LEAST_SPREAD), len(each)) for t, each in known.items()}
        is_many = len(made) >= _LEAST_TRUCKS
        about = median([g.value for g in made.values()]) if is_many else 0.0
        for truck, gain in made.items():
            if truck not in best or gain.n > best[truck].n:
                best[truck] = gain._replace(value=gain.value - about)
    return best


def _of(found: Mapping[str, Gain]) -> float:
    if not found:
        return 0.0
    return beyond([g.value for g in found.values()], [g.error for g in found.values()])
