"""A day through the firmware's own sampling code and the host's event engine."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sim_board import ROOT, compiled, micropython

from accuracy import kept
from accuracy.field import Ints, clamped
from accuracy.scene import DAY_S, DEVICE, E_KG, MAX_KG, SITE, Scene
from host import registry, rollup
from host.events import Kind, Platform, Sample, Silences, derive
from host.events.balance import day_balance
from host.readings.messages import Birth, Reading
from host.rollup import density
from host.store import Batch, Store

HEAP = "24m"
BOOKED = {Kind.DEPOSIT: "deposit", Kind.COLLECTION: "collection", Kind.REMOVAL: "removal"}


@dataclass(frozen=True)
class Found:
    """Something that was booked; s of the local day, grams."""

    t: float
    t_end: float
    channel: str
    kind: str
    grams: int


@dataclass
class Day:
    """What was made of a day. notes: why somebody should look at it; bad: when each
    channel was first marked with which quality."""

    found: list[Found] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bad: dict[tuple[str, str], float] = field(default_factory=dict)
    readings: int = 0
    info: dict[str, Any] = field(default_factory=dict)
    estimate: tuple[int, int] | None = None  # of bins without a scale: grams, and their ±


def sample_day(scene: Scene, folder: Path, counts: dict[str, Ints]) -> dict[str, Any]:
    """Run the sampling under MicroPython; readings.jsonl is in the folder then."""
    for channel, x in counts.items():
        raw = clamped(x)
        if scene.has_instruments:  # its own converter makes grams of it
            zero, scale = scene.calibration[channel]
            raw = np.rint((raw - float(zero)) * (1000 / scale)).astype(np.int32)
        raw.tofile(folder / f"{channel}.bin")
    device = scene.bins[0].device
    command = [micropython(), "-X", f"heapsize={HEAP}", "-m", "counts"]
    options = {
        "config": folder / f"{device}.json",
        "trace": folder / f"{device}.csv",
        "counts": folder,
        "out": folder / "readings.jsonl",
        "faults": scene.faults,
        "seed": scene.seed,
    }
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    board = compiled()
    env = os.environ | {"MICROPYPATH": f"{board / 'boards' / 'sim'}:{board / 'firmware'}:.frozen"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    for channel in counts:
        (folder / f"{channel}.bin").unlink()
    if done.returncode:
        raise RuntimeError(f"{scene.family} {scene.seed}: {done.stdout}{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def readings(path: Path) -> Iterator[dict[str, Any]]:
    with path.open() as file:
        for line in file:
            yield json.loads(line)


def samples(rows: Iterable[dict[str, Any]], channel: str) -> list[Sample]:
    """As the host's store gives them; weights in whole grams."""
    made = []
    for row in rows:
        kg, q = row.get(channel), row.get("q", {}).get(channel)
        grams = None if kg is None else round(1000 * kg)
        if grams is not None or q is not None:
            made.append(Sample(row["t"], grams, q, row["life"], row["seq"], row["boot"]))
    return made


def host_day(scene: Scene, rows: list[dict[str, Any]]) -> Day:
    """What the event engine makes of the readings, and why it wants somebody to look."""
    day = Day(readings=len(rows))
    start, end = scene.midnight, scene.midnight + DAY_S
    spares = tuple(b.tare_g for b in scene.spares)
    silences = Silences({row["life"]: ((0, scene.every_s),) for row in rows[:1]})
    for bin_ in scene.bins:
        if not bin_.channel:
            continue
        wheelie = bin_.container == "wheelie"
        siblings = tuple(b.tare_g for b in scene.bins if b is not bin_) if wheelie else ()
        e_g, max_g = round(1000 * E_KG), 1000 * MAX_KG
        args = bin_.tare_g, wheelie, spares if wheelie else (), siblings, e_g, max_g
        platform = Platform(*args, silences=silences, shown=scene.has_instruments)
        series = samples(rows, bin_.channel)
        for s in series:
            if s.q not in (None, "moving"):
                day.bad.setdefault((bin_.channel, str(s.q)), s.t - start)
        outcome = derive(platform, series)
        for e in outcome.events:
            kind = BOOKED.get(e.kind)
            if kind and start <= e.t < end:
                found = Found(e.t - start, e.t_end - start, bin_.channel, kind, e.grams)
                day.found.append(found)
        flags = day_balance(platform, outcome, start, end).flags
        day.notes += [f"{bin_.channel}: {flag}" for flag in flags]
    if any(not b.channel for b in scene.bins):
        _estimate(day, scene, rows)
    day.found.sort(key=lambda f: (f.t, f.channel))
    return day


def _estimate(day: Day, scene: Scene, rows: list[dict[str, Any]]) -> None:
    """Of bins without a scale: what a rollup of a store with these readings says."""
    names = [b.fill_channel for b in scene.bins if not b.channel]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        store = Store(folder / "q.db", create=True)
        batch = Batch()
        for r in rows:
            values = {c: round(1000 * r[c]) for c in names if c in r}
            head = r["life"], r["seq"], r["boot"], r["t"]
            reading = Reading(*head, None, values, r.get("q", {}))
            batch.readings.append((DEVICE, SITE, reading))
        if rows:
            first = rows[0]
            named = first["life"], first["boot"], first["t"]
            birth = Birth(*named, 0, 0, b"{}", (), False, scene.every_s)
            batch.births.append((DEVICE, SITE, birth))
        store.add(batch, scene.midnight + 2 * DAY_S)
        known = registry.load(scene.registry(folder / "registry"))
        found = rollup.roll(store, known, scene.date, densities=density.load(folder)).rows
        store.close()
    day.estimate = (
        sum(r.estimated_g for r in found),
        sum(r.estimated_off_g for r in found),
    )
    day.notes += [f"fill: {flag}" for r in found for flag in r.flags]


def play(scene: Scene, folder: Path) -> tuple[Day, dict[str, Ints]]:
    """The whole of it; also the counts as an HX711 gives them, for whoever else wants them."""
    config, trace, counts = scene.board_files(folder)
    told = folder / "readings.jsonl"
    name = kept.key((config, trace), counts, scene.faults, scene.seed)
    info = kept.sampled(name, told, lambda: sample_day(scene, folder, counts))
    day = host_day(scene, list(readings(told)))
    day.info = info
    return day, {c: scene.damaged(c, x) for c, x in counts.items()}
