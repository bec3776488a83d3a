"""A period of points, trucks and weighbridges, reconciled."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..common.local_days import local_day
from . import clocks, matching, planned, verdicts
from .gains import Gains, gains
from .losses import ASSUMED, Bounds, Loss, losses
from .matching import Matched, Pinned
from .model import Collection, Finding, Lift, Load, Measured
from .planned import Route
from .trips import Trips, trips


@dataclass
class Reconciled:
    """matched: what is which; trips: of which ticket; findings: what does not close, by time.
    losses: stream → what is usually lost on the way.
    clocks: (truck, local day) → seconds ahead. own_times: lift → its time by the truck's own
    clock, the same whatever is known of that clock later. broken_pins: lifts whose pin does not
    hold."""

    matched: Matched = field(default_factory=Matched)
    trips: Trips = field(default_factory=Trips)
    gains: Gains = field(default_factory=Gains)
    losses: Mapping[str, Loss] = field(default_factory=dict)
    clocks: Mapping[tuple[str, int], int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    own_times: Mapping[str, int] = field(default_factory=dict)
    broken_pins: list[str] = field(default_factory=list)


def reconcile(
    collections: Iterable[Collection],
    lifts: Iterable[Lift],
    loads: Iterable[Load],
    *,
    measured: Measured,
    town_of: Mapping[str, str],
    start: int,
    end: int,
    pinned: Pinned | None = None,
    bounds: Mapping[str, Bounds] = ASSUMED,
    routes: Iterable[Route] = (),
) -> Reconciled:
    """town_of: site → 街镇. bounds: stream → what may be lost on the way. routes: as planned; those
    after the day of the last lift are still to come. start, end: of the period, Unix seconds. The
    same for any order of what is given."""
    emptied = sorted(collections)
    at_sites: dict[str, list[Collection]] = defaultdict(list)
    for c in emptied:
        at_sites[c.site].append(c)
    by_truck_clock = list(lifts)
    offsets = clocks.offsets(by_truck_clock, at_sites)
    lifted = [x._replace(t=x.t - offsets[x.truck, local_day(x.t)]) for x in by_truck_clock]
    rough = clocks.rough_gains(lifted, at_sites)
    matched = matching.match(lifted, emptied, pinned, rough)
    made = trips(lifted, loads)
    found = gains([*matched.matches], made.all, made.usual)
    single = [
        *verdicts.loads(made.all, made.usual, town_of, end),
        *verdicts.mixed(matched, made.all),
        *verdicts.unseen(matched, measured),
        *verdicts.unweighed(matched, _weighed(lifted)),
    ]
    own_times = {x.name: x.t for x in by_truck_clock}
    lost = losses(made.all, made.usual, bounds, single)
    findings = [
        *verdicts.clocks(offsets),
        *verdicts.scales(found, start),
        *verdicts.streams(lost, start),
        *single,
        *planned.findings(routes, lifted, own_times, emptied),
    ]
    findings.sort(key=lambda f: (f.t, f.kind, f.subject))
    pins = pinned or Pinned()
    broken_pins = _broken_pins(matched, pins.pins, own_times)
    return Reconciled(matched, made, found, lost, offsets, findings, own_times, broken_pins)


def _broken_pins(
    matched: Matched, pins: Mapping[str, Sequence[str]], known: Iterable[str]
) -> list[str]:
    held = {m.lifts[0].name: {c.name for c in m.collections}
            for m in matched.matches if len(m.lifts) == 1}  # fmt: skip
    return [x for x in known if x in pins and held.get(x) != set(pins[x])]


def _weighed(lifts: Iterable[Lift]) -> dict[tuple[str, str], str]:
    """(site, stream) → the truck that weighs there most."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for x in lifts:
        counts[x.site, x.stream][x.truck] += 1
    return {key: min(c, key=lambda truck: (-c[truck], truck)) for key, c in sorted(counts.items())}
