"""What people, trucks and the weather do at one site on one day, decided ahead.

Times are seconds of the local day, masses grams. Everything is drawn from
generators seeded by (seed, date, site, ...), so a site's day does not depend on
which other sites are asked for.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from site_registry import Bin, Registry, Site

WET, DRY, RECYCLABLE, HARMFUL = "湿垃圾", "干垃圾", "可回收物", "有害垃圾"
LAST_ACTION = 86400 - 900  # nothing begins in the last quarter of an hour


@dataclass(frozen=True)
class Profile:
    """Of a stream: kg a day in a 240 L bin, g per deposit (low, mode, high), loose
    density in kg/L, kg left from earlier days, chance of a pickup at a truck's visit."""

    daily_kg: tuple[float, float]
    deposit_g: tuple[int, int, int]
    density: tuple[float, float]
    opening_kg: tuple[float, float]
    pickup: float


PROFILES = {
    WET: Profile((40, 100), (300, 1200, 4500), (0.50, 0.80), (0, 2), 0.5),
    DRY: Profile((15, 40), (300, 1000, 6000), (0.12, 0.22), (0, 3), 0.0),
    RECYCLABLE: Profile((3, 12), (300, 600, 3000), (0.04, 0.09), (2, 6), 0.25),
    HARMFUL: Profile((0.3, 3), (250, 400, 900), (0.20, 0.40), (5, 15), 0.15),
}


@dataclass(frozen=True)
class Action:
    """Something that happens to one bin at t; what `grams`, `seconds` mean is the kind's."""

    t: float
    kind: str
    grams: int = 0
    seconds: float = 0.0
    share: float = 0.0
    note: str = ""
    spare: Bin | None = None


@dataclass
class SitePlan:
    """What happens at a site as a whole. stops: (time, streams) of each truck's visit."""

    stops: list[tuple[float, set[str]]]
    swap: tuple[str, Bin] | None = None  # (channel of the bin that leaves, spare that comes)
    lift_return: str = ""  # channel of the bin lifted and put back unemptied
    rain: tuple[float, float] | None = None  # (start, seconds)
    windows: tuple[tuple[int, int], ...] = field(default=())


def rng(*parts: object) -> random.Random:
    """A generator of its own for each named thing; the same on every machine."""
    return random.Random("|".join(str(p) for p in parts))  # noqa: S311 - a simulation


def _chosen(names: Iterable[str], *parts: object) -> str:
    """The one name picked for the district today, or none of none."""
    return min(names, key=lambda name: rng(*parts, name).random(), default="")


@dataclass(frozen=True)
class District:
    """What is decided for all sites of a registry together. swaps: site -> (channel of
    the bin that leaves, spare that comes); swap, lift, rain, pair: the site where it
    is sure to happen today (elsewhere by chance), empty where none can."""

    key: str
    swaps: dict[str, tuple[str, Bin]]
    swap: str
    lift: str
    rain: str
    pair: str


def _spare_for(old: Bin, spares: Sequence[Bin], roams: bool) -> Bin | None:
    """The spare whose tare differs most, of the same size and if possible stream.
    A spare without a site can serve only one, the one it roams to."""
    fit = [
        s
        for s in spares
        if (s.site == old.site or (not s.site and roams))
        and s.container == "wheelie"
        and abs(s.volume_l - old.volume_l) < 1
        and s.tare_g != old.tare_g
    ]
    fit = [s for s in fit if s.stream == old.stream] or fit
    return max(fit, key=lambda s: abs(s.tare_g - old.tare_g), default=None)


def plan_district(registry: Registry, seed: int, date: str) -> District:
    """Choose, from the whole registry, where each rare thing is sure to happen."""
    key = f"{seed}|{date}"
    weighed = [b for b in registry.bins if b.channel and b.container == "wheelie"]
    sites = {b.site for b in weighed}
    roaming = _chosen(sites, key, "roaming")
    swaps: dict[str, tuple[str, Bin]] = {}
    for old in sorted(weighed, key=lambda b: rng(key, "swap", b.site, b.channel).random()):
        spare = _spare_for(old, registry.spares, old.site == roaming)
        if spare and old.stream in (WET, DRY) and old.site not in swaps:
            swaps[old.site] = (old.channel, spare)
    return District(
        key,
        swaps,
        swap=_chosen(swaps, key, "swap"),
        lift=_chosen(sites, key, "lift"),
        rain=_chosen(sites, key, "rain"),
        pair=_chosen(sites, key, "pair"),
    )


def plan_site(registry: Registry, district: District, site: Site) -> SitePlan:
    """Truck visits, swap, rain and the unemptied lift of one site."""
    draw = rng(district.key, site.name)
    wheelies = [b for b in registry.bins if b.site == site.name and b.container == "wheelie"]
    ends = [end for _, end in site.windows] or [36000, 73800]
    stops: list[tuple[float, set[str]]] = [
        (min(end + draw.uniform(900, 3600), LAST_ACTION - 600.0), set()) for end in ends
    ]
    stops[-1][1].add(WET)
    dry_stop = draw.randrange(len(stops))
    stops[-1 if site.name == district.pair else dry_stop][1].add(DRY)
    for _, streams in stops:
        streams.update(s for s, p in PROFILES.items() if draw.random() < p.pickup)
    plan = SitePlan(stops, windows=site.windows)
    swap, lift, rain = draw.random() < 0.25, draw.random() < 0.4, draw.random() < 0.3
    if site.name in district.swaps and (swap or site.name == district.swap):
        plan.swap = district.swaps[site.name]
    if wheelies and (lift or site.name == district.lift):
        plan.lift_return = draw.choice(wheelies).channel
    if rain or site.name == district.rain:
        plan.rain = (draw.uniform(3600, 64800), draw.uniform(3600, 7200))
    return plan


def _deposit_time(draw: random.Random, windows: Sequence[tuple[int, int]]) -> tuple[float, str]:
    """When somebody brings waste, and whether that is 误时 (outside the windows)."""
    if not windows:
        return draw.triangular(21600, 79200), ""
    if draw.random() < 0.03:
        t = draw.uniform(23400, 81000)
        inside = any(start <= t < end for start, end in windows)
        return t, "" if inside else "误时"
    start, end = draw.choice(windows)
    return draw.triangular(start, min(end, LAST_ACTION)), ""


def _pickups(old: Bin, site: SitePlan, draw: random.Random) -> list[Action]:
    """The truck's visits to one bin: bins of one stop are lifted within a minute,
    some of them at the same time."""
    actions = []
    for i, (t, streams) in enumerate(site.stops):
        start, seconds = t + draw.uniform(0, 60), draw.uniform(20, 90)
        residue, sticky, half = draw.uniform(0, 0.02), draw.uniform(0, 1000), draw.random() < 0.03
        if i == len(site.stops) - 1 and site.swap and site.swap[0] == old.channel:
            actions.append(Action(start, "swap", seconds=seconds, spare=site.swap[1]))
        elif old.stream in streams and half and old.stream in (WET, DRY):
            share = draw.uniform(0.3, 0.6)
            actions.append(Action(start, "collection", 0, seconds, share, "half emptied"))
        elif old.stream in streams:
            least = round(sticky) if draw.random() < 0.3 else 0  # g that stay whatever the load
            actions.append(Action(start, "collection", least, seconds, residue))
    return actions


def plan_bin(bin_: Bin, site: SitePlan, draw: random.Random) -> list[Action]:
    """Everything that will be tried on one wheelie bin in the day, in no order."""
    profile = PROFILES.get(bin_.stream, PROFILES[HARMFUL])
    scale = 1.0 if bin_.stream == HARMFUL else bin_.volume_l / 240
    target = draw.uniform(*profile.daily_kg) * 1000 * scale
    actions = _pickups(bin_, site, draw)
    low, mode, high = profile.deposit_g
    brought = 0
    while brought < target:
        grams = round(draw.triangular(low, high, mode))
        t, note = _deposit_time(draw, site.windows)
        seconds = draw.choice([0.0, 0.0, round(draw.uniform(1, 3), 1)])
        share = draw.uniform(0.3, 1.4)  # of the mass on the scale halfway through
        actions.append(Action(t, "deposit", grams, seconds, share, note))
        brought += grams
    if site.lift_return == bin_.channel:
        t = draw.uniform(39600, 61200)
        actions.append(Action(t, "lift_return", seconds=draw.uniform(20, 90)))
    if bin_.stream in (DRY, RECYCLABLE):
        for _ in range(draw.choice([0, 1, 1, 2])):
            press = round(draw.uniform(8000, 25000))
            t = draw.uniform(30000, 75000)
            actions.append(Action(t, "compaction", press, 3.0, draw.uniform(0.75, 0.92)))
    if bin_.stream == WET:
        per_hour = draw.uniform(0.0008, 0.003)
        actions += [Action(900.0 * i, "drain", share=per_hour / 4) for i in range(1, 95)]
    if site.rain:
        actions += _weather(site.rain, round(draw.uniform(200, 1500)), draw)
    return actions


def _weather(rain: tuple[float, float], grams: int, draw: random.Random) -> list[Action]:
    """Rain onto the lid in steps of a few minutes, then the evaporation of a part."""
    start, seconds = rain
    steps = round(seconds / 240)
    marks = [round(grams * i / steps) for i in range(steps + 1)]
    actions = [Action(start + 240 * i, "rain", marks[i + 1] - marks[i]) for i in range(steps)]
    dry_from = start + seconds + 1800
    hours = draw.uniform(2, 4)
    share = draw.uniform(0.4, 0.9)
    rows = round(hours * 6)
    evaporated = [
        Action(dry_from + 600 * i, "evaporation", round(grams * share / rows)) for i in range(rows)
    ]
    return actions + [a for a in evaporated if a.t < LAST_ACTION]


def plan_platform(site: SitePlan, draw: random.Random) -> list[Action]:
    """Drums brought and taken away in working hours; which, the platform's load decides."""
    start, end = (site.windows or ((28800, 61200),))[0]
    count = draw.randint(3, 6)
    slot = (min(end, LAST_ACTION) - start) / count
    return [
        Action(start + slot * (i + draw.uniform(0.1, 0.8)), "drum", share=draw.random())
        for i in range(count)
    ]
