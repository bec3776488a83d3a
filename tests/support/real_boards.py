"""Days of the hazardous month as the real firmware tells them.

What stands on the platforms and how warm it is goes through field physics and the firmware's
own sampling under MicroPython; its readings take the place of made ones."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from accuracy.ours import readings, sample_day, samples
from accuracy.scene import DEVICE, SITE, Scene
from day_play import RUN_IN, Row
from hazard_month import DAY, EVERY_S, StorePlan
from site_registry import Bin

from host.common.local_days import LOCAL
from host.events import Sample

RAMP_S = 10  # waste that leaks goes in so small steps


@dataclass
class RealDay:
    """Of one store. channel → what the board told within the day; celsius in 0.01 °C."""

    start: int
    weights: dict[int, list[Sample]] = field(default_factory=dict)
    celsius: list[tuple[int, int]] = field(default_factory=list)
    readings: int = 0


def play(plan: StorePlan, day: int, folder: Path) -> RealDay:
    """One day of one store's board, in field physics; without power where it is silent."""
    start = plan.at(day, 0)
    bins = [
        Bin(f"p{p}", SITE, DEVICE, f"w{p + 1}", "", "危险废物", 0.0, 0, "platform", 150_000)
        for p in range(4)
    ]
    cells = {b.channel: (1000 * n, 21_000.0 + 100 * n) for n, b in enumerate(bins)}
    date = dt.datetime.fromtimestamp(start, LOCAL).date()
    scene = Scene(plan.store, plan.n, date, bins, [], cells)
    for p, bin_ in enumerate(bins):
        scene.rows += [Row(t, bin_.channel, g / 1000) for t, g in _loads(plan, p, start)]
    before = [v for t, v in plan.temperatures if t <= start - RUN_IN]
    scene.rows.append(Row(-RUN_IN, "c1", (before[-1] if before else 1200) / 100))
    scene.rows += [
        Row(t - start, "c1", v / 100)
        for t, v in plan.temperatures
        if start - RUN_IN < t < start + DAY
    ]
    scene.rows.append(Row(DAY + RUN_IN, "c1", scene.rows[-1].value))  # a board runs to the last row
    scene.dark = [(a - start, b - start) for a, b, which in plan.silent if start <= a < start + DAY]
    _, _, counts = scene.board_files(folder)
    sample_day(scene, folder, counts)
    rows = [r for r in readings(folder / "readings.jsonl") if start <= r["t"] < start + DAY]
    made = RealDay(start, readings=len(rows))
    for p, bin_ in enumerate(bins):
        made.weights[p] = samples(rows, bin_.channel)
    made.celsius = [
        (r["t"], round(100 * r["c1"])) for r in rows if "c1" in r and "c1" not in r.get("q", {})
    ]
    return made


def _loads(plan: StorePlan, platform: int, start: int) -> list[tuple[float, int]]:
    """(s of the day, grams) from the run-in on; what is slow is spread over its interval."""
    changes = [(t, g) for t, p, g in plan.steps if p == platform]
    for t, p, g in plan.slow:
        if p != platform:
            continue
        dark = any(a <= t < b for a, b, which in plan.silent if p in which)
        parts = 1 if dark else EVERY_S // RAMP_S
        changes += [(t + RAMP_S * k - (0 if dark else EVERY_S), g // parts) for k in range(parts)]
    load = 0
    found: list[tuple[float, int]] = []
    first = start - RUN_IN
    for t, g in sorted(changes):
        if t <= first:
            load += g
        elif t < start + DAY:
            if not found:
                found.append((-RUN_IN, load))
            load += g
            found.append((t - start, load))
    return found or [(-RUN_IN, load)]
