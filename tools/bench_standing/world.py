"""A seed: platforms with each fault and some without, and the trucks that lift there and elsewhere.

A lift scale in motion has 350 g of noise and divisions of 500 g (as in bench_reconcile), or what is
asked for; a truck is off by 0.2 % (standard deviation), and lifts at 23 other platforms, which are
off by 0.1 %."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from host.common.local_days import DAY_S
from host.events import Kind as Happened
from host.events import derive
from host.events.sample_columns import series
from host.reconcile.gains import Gain, gains
from host.reconcile.matching import match
from host.reconcile.model import Collection, Lift, Match
from host.reconcile.trips import Usual
from host.standing import evidence, temperature
from host.standing.model import Known

from . import air, platform
from .platform import E_G, Told

START = 1_772_294_400  # 2026-03-01 00:00 in Shanghai
SEASONS_D = 365
OTHERS = 23
NONE = 4  # platforms without a fault: a board


@dataclass
class World:
    known: list[tuple[Told, Known]]
    start: int
    days: int
    lag_s: float
    around: air.Air


def make(
    seed: int, days: int, onset: int, noise_g: float, division_g: int, *, exact: bool = False
) -> World:
    """exact: by how much each truck is off is known, and not found from what it lifted."""
    luck = random.Random(seed)  # noqa: S311
    start = START + luck.randrange(SEASONS_D) * DAY_S
    lag_s = luck.uniform(1800, 3 * 3600)
    around = air.make(luck, start, days, lag_s)
    names = ["none"] * NONE + [k for k in platform.KINDS if k != "none"]
    told = [
        platform.make(
            luck, around, platform.plan(luck, kind, start + onset * DAY_S),
            f"{i:02x}", luck.randrange(1 << 30),
        )
        for i, kind in enumerate(names)
    ]  # fmt: skip
    made = _known(luck, told, around, noise_g, division_g, exact=exact)
    return World(made, start, days, lag_s, around)


def _known(
    luck: random.Random,
    told: Sequence[Told],
    around: air.Air,
    noise_g: float,
    division_g: int,
    *,
    exact: bool,
) -> list[tuple[Told, Known]]:
    gain = {s: luck.gauss(0, 0.002) for s in ("湿垃圾", "干垃圾")}
    measured = temperature.Air(
        [(around.start + i * air.STEP_S, round(c, 2)) for i, c in enumerate(around.air)]
    )
    known: list[tuple[Told, Known]] = []
    lifts: list[Lift] = []
    emptied: list[Collection] = []
    for i, one in enumerate(told):
        rows = series(one.samples)
        happened = derive(one.platform, rows).events
        k = Known(E_G, one.platform.tare_g)
        k.weighings = evidence.of_events(happened, one.platform, f"qy-{i}/w1", measured.at)
        k.activity = sorted(e.t for e in happened)
        k.quiet = evidence.quiet_of(rows, one.platform.limits.step_g)
        k.air = measured
        k.settled = evidence.settled(happened, rows)
        known.append((one, k))
        place = f"p{i}", f"p{i}/b", one.stream
        for e in happened:
            if e.kind is Happened.COLLECTION:
                name = f"qy-{i}/w1/{e.before.life}/{e.before.seq}"
                emptied.append(Collection(e.t, e.grams, *place, name, E_G))
        for t, true in one.emptied:
            if luck.random() < 0.97:
                shown = _lift(luck, true, gain[one.stream], noise_g, division_g)
                at = t + round(luck.gauss(20, 15))
                name = f"l{len(lifts)}"
                lifts.append(Lift(at, shown, one.stream, place[0], one.stream, "", name))
    matched = match(sorted(lifts), sorted(emptied)).matches
    others = _elsewhere(luck, gain, around, noise_g, division_g)
    found = gains([*matched, *others], [], Usual({}, {}))
    if exact:
        found.trucks = {s: Gain(g, 0.0, found.trucks[s].n) for s, g in gain.items()}
    for i, (_, k) in enumerate(known):
        mine = [m for m in matched if m.collections[0].site == f"p{i}"]
        k.weighings += evidence.of_matches(mine, dict(found.trucks), found.noise_g)
        k.weighings.sort()
        k.truck_error = max((g.error for g in found.trucks.values()), default=0.0)
    return known


def _lift(luck: random.Random, true: float, gain: float, noise_g: float, division_g: int) -> int:
    return round((true * (1 + gain) + luck.gauss(0, noise_g)) / division_g) * division_g


def _elsewhere(
    luck: random.Random, gain: dict[str, float], around: air.Air, noise_g: float, division_g: int
) -> list[Match]:
    found = []
    days = len(around.air) * air.STEP_S // DAY_S
    for stream, off in gain.items():
        for p in range(OTHERS):
            mine, about = luck.gauss(0, 0.001), luck.uniform(12_000, 45_000)
            for day in range(days):
                true = about * luck.lognormvariate(0, 0.3)
                name, t = f"{stream}{p}-{day}", around.start + day * DAY_S
                place = f"o{p}", f"o{stream}{p}", stream
                c = Collection(t, round(true * (1 + mine)), *place, name, E_G)
                shown = _lift(luck, true, off, noise_g, division_g)
                found.append(Match((Lift(t, shown, stream, c.site, stream, "", name),), (c,)))
    return found


def true_zero(one: Told, now: int, over_s: int = 7 * DAY_S) -> float:
    """Median error (g) of the bare platform in the last days."""
    t = [at for at, _ in one.zero_g]
    part = [g for _, g in one.zero_g[bisect_left(t, now - over_s) : bisect_right(t, now)]]
    return median(part) if part else 0.0
