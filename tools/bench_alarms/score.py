"""What was found of what was planted, how soon, and the false alarms."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import median

from host.alarms.alarm_log import RAISED, Row
from host.registry import DISTRICT

from .plan import HOUR, KINDS, Plan, Plant

FOUND, FALSE_OF_1000 = 99.0, 1.0  # goals: percent, false alarms in 1,000 site-days
# What else a trouble is: who puts 145 kg in at noon does it outside the hours, and it is dense.
ALSO = {
    "load": ("density", "outside", "full"),
    "outside": ("density",),  # it is put in without a volume
    "density": ("outside", "full"),
    "uncollected": ("unlike", "load"),
    "data": ("data_ends",),
}


@dataclass
class Told:
    """rows: every change of an alarm; later_s: so much later it may come, as nobody looked."""

    rows: list[Row]
    later_s: int = 0


def _site(row: Row) -> int:
    return int(row.body.site[1:])


def _is_of(plant: Plant, row: Row) -> bool:
    """Whether an alarm tells of this trouble."""
    if row.body.kind not in (plant.kind, *ALSO.get(plant.kind, ())):
        return False
    if row.body.subject.startswith("p") and int(row.body.subject[-1]) != plant.bin + 1:
        return False
    return plant.start <= row.t <= max(plant.end, plant.due + plant.within_s) + HOUR


def report(plan: Plan, told: Told, start: int, site_days: int) -> tuple[list[str], bool]:
    """The table, and whether every goal is met."""
    raised = [r for r in told.rows if r.what == RAISED]
    of_site: dict[int, list[Row]] = defaultdict(list)
    for row in raised:
        if row.body.site != DISTRICT:
            of_site[_site(row)].append(row)
    found, delays, explained, late = (
        Counter[str](),
        defaultdict[str, list[int]](list),
        set[int](),
        [],
    )
    planted = Counter(p.kind for p in plan.plants)
    for p in plan.plants:
        mine = [r for r in of_site[p.site] if _is_of(p, r)]
        explained |= {r.id for r in mine}
        first = min((r.t for r in mine if r.body.kind == p.kind), default=None)
        if first is not None and p.due - p.early_s <= first <= p.due + p.within_s + told.later_s:
            found[p.kind] += 1
            delays[p.kind].append(first - p.due)
        else:
            when = "never" if first is None else f"at {first - start} s"
            late.append(f"{p.kind} p{p.site:04d} bin {p.bin + 1}: due at {p.due - start} s, {when}")
    outages = [r for r in raised if r.body.kind == "outage"]
    seen = sum(any(b <= r.t <= b + 600 for r in outages) for b, _ in plan.outages)
    false = [r for rows in of_site.values() for r in rows if r.id not in explained]
    false += [r for r in outages if not any(b <= r.t <= e + 300 for b, e in plan.outages)]
    lines = ["kind          planted  found  on time %   median s   longest s   false"]
    kinds = Counter(r.body.kind for r in false)
    for kind in KINDS:
        times = delays[kind] or [0]
        share = 100 * found[kind] / max(1, planted[kind])
        lines.append(
            f"{kind:12s} {planted[kind]:8d} {found[kind]:6d} {share:10.1f} {median(times):10.0f} "
            f"{max(times):11d} {kinds[kind]:7d}"
        )
    lines.append(f"{'outage':12s} {len(plan.outages):8d} {seen:6d}")
    rate = 1000 * len(false) / site_days
    share = 100 * sum(found.values()) / max(1, sum(planted.values()))
    lines.append(
        f"found on time {share:.2f} % (goal ≥ {FOUND:g}), false {len(false)}: {rate:.3f} for each "
        f"1,000 site-days (goal ≤ {FALSE_OF_1000:g})"
    )
    lines += [f"missed or late: {text}" for text in late[:12]]
    for r in false[:20]:
        s = r.body
        value = f"{s.value:g} {s.unit}"
        lines.append(f"false: {s.kind} {s.site} {s.subject}, {r.t - start} s, {value}")
    worst = min((100 * found[k] / planted[k] for k in KINDS if planted[k]), default=100.0)
    met = worst >= FOUND and rate <= FALSE_OF_1000 and seen == len(plan.outages)
    return lines, met
