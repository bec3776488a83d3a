"""What a store holds that tells of a platform's standing."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
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
from ..rollup.weight_series import WeightSeries
from ..store import Columns, Store, day_revisions, standings
from ..store import lifts as lift_rows
from ..store.standings import NOTHING, Held
from . import evidence
from .model import Known
from .temperature import Air
from .zero import WINDOW_S

_THERMOMETER = re.compile(r"c\d{1,2}")


@dataclass
class Found:
    """A platform. begin: of its evidence, Unix seconds: no calibration changed since; collected: g
    by local date; tickets: of the loads of its lifts, by name; held: what the store has of its
    board in that time."""

    bin: Bin
    known: Known
    begin: int
    calibration: str = ""
    counts_per_kg: float | None = None
    collected: dict[dt.date, int] = field(default_factory=dict)
    tickets: dict[str, str] = field(default_factory=dict)
    held: Held = NOTHING


@dataclass
class _Hauled:
    """What trucks lifted: by bin; tickets: lift → ticket of its load."""

    matches: Mapping[str, Sequence[Match]] = field(default_factory=dict)
    gains: Gains = field(default_factory=Gains)
    tickets: Mapping[str, str] = field(default_factory=dict)


def platforms(
    store: Store, register: Register, sites: Collection[str], first: dt.date, until: int
) -> list[Found]:
    """Platforms of these sites (all of them: none named) in the order of the registry, as known at
    Unix time `until`; collected from `first` on."""
    found = {f.bin.bin: f for f in each(store, register, sites, first, until)}
    return [found[b.bin] for b in register.known.platforms() if b.bin in found]


def each(
    store: Store, register: Register, sites: Collection[str], first: dt.date, until: int
) -> Iterator[Found]:
    """The same board by board, of which one is in memory: what trucks lifted is matched once for
    all."""
    registry = register.known
    since = min(until - WINDOW_S, bounds(day_of(first))[0])
    update_figures(store, registry, date_of(local_day(until - 1)))
    hauled = _hauled(store, register, since, until)
    by_device: dict[str, list[Bin]] = defaultdict(list)
    for b in registry.platforms():
        if not sites or b.site in sites:
            by_device[b.device].append(b)
    for bins in by_device.values():
        for found in _of_board(store, register, bins, hauled, (since, until)):
            found.collected = {d: g for d, g in found.collected.items() if d >= first}
            yield found


def _of_board(
    store: Store,
    register: Register,
    bins: Sequence[Bin],
    hauled: _Hauled,
    span: tuple[int, int],
) -> Iterator[Found]:
    """span: Unix seconds."""
    device, (since, until) = bins[0].device, span
    held = standings.held(store, [device], *span)[device]  # before the readings: none is missed
    columns = store.columns(device, since, until)
    happened, collected = _booked(store, [b.bin for b in bins], since, until)
    air = _air(columns)
    weights = WeightSeries(columns)
    for b in bins:
        begin, by = _last_calibration(store, b, columns, since)
        platform = scales.platform_of(register.known, b)
        correct = store.calibrations.corrector(b.device, b.channel)
        series = weights.of(b.channel, b.fill_channel, correct).part(begin, 1 << 40)
        events = [e for e in happened[b.bin] if e.t >= begin]
        k = _known(b, platform, series, events, air)
        matches, gains = hauled.matches.get(b.bin, ()), hauled.gains
        lifted = evidence.of_matches(matches, dict(gains.trucks), gains.noise_g)
        k.weighings = sorted([*k.weighings, *(w for w in lifted if w.t >= begin)])
        k.truck_error = _truck_error(matches, gains)
        names = [m.lifts[0].name for m in matches]
        tickets = {x: hauled.tickets[x] for x in names if x in hauled.tickets}
        yield Found(b, k, begin, *_of(by), collected[b.bin], tickets, held)


def _booked(
    store: Store, bins: Collection[str], since: int, until: int
) -> tuple[Mapping[str, list[Event]], Mapping[str, dict[dt.date, int]]]:
    """Events, and what was reported as collected by day, of each bin."""
    happened: dict[str, list[Event]] = defaultdict(list)
    collected: dict[str, dict[dt.date, int]] = defaultdict(dict)
    days = local_day(since), local_day(until - 1)
    rows = day_revisions.platform_days(store.database, *days, bins)
    by_revision = packing.events(store.database, rows)
    for r in rows:
        happened[r.platform] += by_revision.get(r.id, [])
        collected[r.platform][r.date] = r.collected
    return happened, collected


def _hauled(store: Store, register: Register, since: int, until: int) -> _Hauled:
    if next(iter(lift_rows.between(store, since, until, ())), None) is None:
        return _Hauled()
    seen = witnesses.read(store, register, since, until)
    done = witnesses.reconciled(store, seen)
    matched: dict[str, list[Match]] = defaultdict(list)
    for m in done.matched.matches:
        if len(m.collections) == 1:
            matched[m.collections[0].bin].append(m)
    tickets = {x.name: t.load.name for t in done.trips.all if t.load for x in t.lifts}
    return _Hauled(matched, done.gains, tickets)


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
