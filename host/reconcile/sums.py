"""What each witness weighed for a truck's route, a town, a stream, a day, a month, with its 95 %
interval. They stand beside each other and are never added."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..metrology import r76
from .gains import Gains
from .model import Collection, Lift, Load
from .robust import student

if TYPE_CHECKING:
    from .losses import Loss

# (number of a trip, local day, truck, stream)
Carried = tuple[int, int, str, str]
SIGMAS = 1.96  # 95 % of a normal distribution
_LEAST_SCALES = 2  # of one alone no spread is known
E_BRIDGE_G = 20_000  # of a weighbridge of class III up to 60 t
# The limit of a class in service is taken as two standard deviations: 95 of 100 scales keep it.
_OF_LIMIT = 0.5


@dataclass(frozen=True)
class Sum:
    """grams ± half (95 %), of n weighings. half None: of too few scales is it known how far they
    are off."""

    grams: int
    half: int | None
    n: int


def of_collections(collections: Iterable[Collection], gains: Gains) -> Sum:
    """What platforms saw go."""
    weighed = [(c.bin, c.grams, _platform_noise(c.e_g) ** 2) for c in collections]
    return _sum(weighed, gains.of_platforms, len(gains.platforms))


def of_lifts(lifts: Iterable[Lift], gains: Gains, e_g: int = 50) -> Sum:
    """What trucks weighed. e_g: of the platforms, whose noise is in that of the pairs."""
    variance = max(0.0, gains.noise_g**2 - _platform_noise(e_g) ** 2)
    weighed = [(x.truck, x.grams, variance) for x in lifts]
    return _sum(weighed, gains.of_trucks, len(gains.trucks))


def of_arriving(
    carried: Mapping[Carried, int], losses: Mapping[str, Loss], lifted: Sum | None = None
) -> Sum | None:
    """What of the g that trucks lifted should come over weighbridges, less what is usually lost.
    None for a stream of which no loss is known. lifted: the same as trucks weighed it; how far
    their scales are off is in the scatter of trips, and is added where that is not known."""
    if any(stream not in losses for *_, stream in carried):
        return None
    variance, grams = 0.0, 0.0
    of_truck: dict[tuple[str, str], int] = defaultdict(int)
    of_day: dict[tuple[int, str], int] = defaultdict(int)
    of_stream: dict[str, int] = defaultdict(int)
    for (_, day, truck, stream), mass in carried.items():
        grams += mass * (1 - losses[stream].share)
        variance += (losses[stream].trip * mass) ** 2
        of_truck[truck, stream] += mass
        of_day[day, stream] += mass
        of_stream[stream] += mass
    variance += sum((losses[s].truck * mass) ** 2 for (_, s), mass in of_truck.items())
    variance += sum((losses[s].day * mass) ** 2 for (_, s), mass in of_day.items())
    variance += sum((losses[s].error * mass) ** 2 for s, mass in of_stream.items())
    half: float | None = SIGMAS * math.sqrt(variance)
    if any(not losses[s].n for s in {key[-1] for key in carried}):
        scales = None if lifted is None else lifted.half
        half = None if scales is None else math.hypot(SIGMAS * math.sqrt(variance), scales)
    return Sum(round(grams), None if half is None else round(half), len(carried))


def of_loads(loads: Iterable[Load]) -> Sum:
    """What weighbridges weighed: two weighings each, one curve of errors for all of a bridge."""
    grams, n, variance = 0, 0, 0.0
    of_bridge: dict[str, float] = defaultdict(float)
    for load in loads:
        grams, n = grams + load.grams, n + 1
        variance += 2 * E_BRIDGE_G**2 / 12
        of_bridge[load.facility] += bridge_share(load.gross_g) * load.grams
    variance += sum(sd**2 for sd in of_bridge.values())
    return Sum(grams, round(SIGMAS * math.sqrt(variance)), n)


def bridge_share(gross_g: int) -> float:
    """Standard uncertainty of all that a weighbridge weighs, as a share."""
    return _OF_LIMIT * r76.in_service_g(gross_g, E_BRIDGE_G) / max(1, gross_g)


def _platform_noise(e_g: int) -> float:
    """Standard deviation of what went, in g: two loads at rest, shown in divisions."""
    return e_g / 2


def _sum(weighed: Iterable[tuple[str, int, float]], scale: float, scales: int) -> Sum:
    """scale: standard deviation of a share, known from so many scales."""
    is_known = scales >= _LEAST_SCALES
    scale *= student(SIGMAS, scales) / SIGMAS
    by_scale: dict[str, int] = defaultdict(int)
    variance, grams, n = 0.0, 0, 0
    for name, mass, random in weighed:
        by_scale[name] += mass
        variance, grams, n = variance + random, grams + mass, n + 1
    variance += sum((scale * mass) ** 2 for mass in by_scale.values())
    return Sum(grams, round(SIGMAS * math.sqrt(variance)) if is_known else None, n)
