"""What a store holds that tells of a platform's standing."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ..common.local_days import bounds, date_of, day_of, local_day
from ..events import Event, Platform, Series
from ..hazard.register import Register
from ..readings.messages import Weighed
from ..reconcile import evidence as witnesses
from ..reconcile.gains import Gains
from ..reconcile.model import Match
from ..registry import Bin
from ..rollup import packing, scales
from ..rollup.day_figures import update_figures
from ..rollup.days import days_of
from ..rollup.period import days
from ..rollup.weight_series import WeightSeries
from ..store import Columns, Store
from ..store import lifts as lift_rows
from . import evidence
from .model import Known
from .temperature import Air
from .zero import WINDOW_S

_THERMOMETER = re.compile(r"c\d{1,2}")


@dataclass
class Found:
    """A platform. begin: of its evidence, Unix seconds: no calibration changed since; collected: g
    by local date."""

    bin: Bin
    known: Known
    begin: int
    calibration: str = ""
    counts_per_kg: float | None = None
    collected: dict[dt.date, int] = field(default_factory=dict)


def platforms(
    store: Store, register: Register, sites: Collection[str], first: dt.date, until: int
) -> list[Found]:
    """Platforms of these sites (all of them: none named), as known at Unix time `until`; collected
    from `first` on."""
    registry = register.known
    since = min(until - WINDOW_S, bounds(day_of(first))[0])
    mine = [b for b in registry.platforms() if not sites or b.site in sites]
    last = date_of(local_day(until - 1))
    update_figures(store, registry, last)
    happened, collected = _booked(store, register, mine, since, last)
    matches, gains = _matched(store, register, since, until)
    matched: dict[str, list[Match]] = defaultdict(list)
    for m in matches:
        matched[m.collections[0].bin].append(m)
    found = []
    by_device: dict[str, list[Bin]] = defaultdict(list)
    for b in mine:
        by_device[b.device].append(b)
    for device, bins in by_device.items():
        columns = store.columns(device, since, until)
        air = _air(columns)
        weights = WeightSeries(columns)
        for b in bins:
            begin, by = _last_calibration(store, b, columns, since)
            platform = scales.platform_of(registry, b)
            correct = store.calibrations.corrector(b.device, b.channel)
            series = weights.of(b.channel, b.fill_channel, correct).part(begin, 1 << 40)
            events = [e for e in happened[b.bin] if e.t >= begin]
            k = _known(b, platform, series, events, air)
            lifted = evidence.of_matches(matched[b.bin], dict(gains.trucks), gains.noise_g)
            k.weighings = sorted([*k.weighings, *(w for w in lifted if w.t >= begin)])
            k.truck_error = _truck_error(matched[b.bin], gains)
            days_ = {d: g for d, g in collected[b.bin].items() if d >= first}
            found.append(Found(b, k, begin, *_of(by), days_))
    order = {b.bin: n for n, b in enumerate(mine)}
    return sorted(found, key=lambda f: order[f.bin.bin])


def _booked(
    store: Store, register: Register, mine: Collection[Bin], since: int, last: dt.date
) -> tuple[Mapping[str, list[Event]], Mapping[str, dict[dt.date, int]]]:
    """Events, and what was reported as collected by day, of each bin."""
    happened: dict[str, list[Event]] = defaultdict(list)
    collected: dict[str, dict[dt.date, int]] = defaultdict(dict)
    names = {b.bin for b in mine}
    span = days(date_of(local_day(since)), last)
    for date, day in zip(span, days_of(store, register.known, span), strict=True):
        booked = [p for p in day.platforms if p.booked and p.bin.bin in names]
        by_revision = packing.events(store.database, [p.booked for p in booked if p.booked])
        for p in booked:
            assert p.booked is not None
            happened[p.bin.bin] += by_revision.get(p.booked.id, [])
            collected[p.bin.bin][date] = p.balance.collected
    return happened, collected


def _matched(store: Store, register: Register, since: int, until: int) -> tuple[list[Match], Gains]:
    if next(iter(lift_rows.between(store, since, until, ())), None) is None:
        return [], Gains()
    seen = witnesses.read(store, register, since, until)
    done = witnesses.reconciled(store, seen)
    return [m for m in done.matched.matches if len(m.collections) == 1], done.gains


def _truck_error(matches: Collection[Match], gains: Gains) -> float:
    errors = [g.error for m in matches if (g := gains.trucks.get(m.lifts[0].truck))]
    return max(errors, default=0.0)


def _known(
    b: Bin, platform: Platform, series: Series, events: Collection[Event], air: Air | None
) -> Known:
    known = Known(b.e_g, b.tare_g, air=air)
    if platform.wheelie:
        place = f"{b.device}/{b.channel}"
        at = air.at if air else _no_air
        known.weighings = evidence.of_events(events, platform, place, at)
    known.activity = sorted(e.t for e in events)
    known.quiet = evidence.quiet_of(series, platform.limits.step_g)
    known.settled = evidence.settled(events, series)
    return known


def _no_air(_: int) -> float | None:
    return None


def _air(columns: Columns) -> Air | None:
    """Of the first thermometer of a board."""
    name = min((n for n in columns.values if _THERMOMETER.fullmatch(n)), default=None)
    if name is None:
        return None
    bad = {i for i, reasons in columns.q.items() if name in reasons}
    pairs = enumerate(zip(columns.t, columns.values[name], strict=True))
    return Air([(t, c / 100) for i, (t, c) in pairs if c is not None and i not in bad])


def _of(by: Weighed | None) -> tuple[str, float | None]:
    return (by.id, by.counts_per_kg) if by else ("", None)


def _last_calibration(
    store: Store, b: Bin, columns: Columns, since: int
) -> tuple[int, Weighed | None]:
    """Unix time since when its calibration is the same, and that."""
    entries = store.calibrations.weighed(b.device, b.channel)
    found = [(i, w) for stream, w in entries if (i := _index(columns, stream, w.since)) is not None]
    begin, by = since, None
    for i, w in sorted(found, key=lambda each: each[0]):
        if by is not None and w.id != by.id:
            begin = columns.t[i]
        by = w
    return begin, by


def _index(columns: Columns, stream: int, seq: int) -> int | None:
    """The first reading of a stream from a seq on."""
    for i, (s, n) in enumerate(zip(columns.stream, columns.seq, strict=True)):
        if s == stream and n >= seq:
            return i
    return None
