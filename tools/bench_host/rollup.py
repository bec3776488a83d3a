"""The daily rollup of a district from raw readings, beside only reading them.

    PYTHONPATH=tools .venv/bin/python -m bench_host.rollup --platforms 15000 --width 4

A row is a reading as a board made it, of all its platforms. The district is written through
the store itself. Each run is a process of its own, the three in turn within a round; printed
are medians of the rounds, and ratios within each."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path

from bench_host import load
from host import registry, rollup
from host.readings.messages import Reading
from host.rollup.day_figures import update_figures
from host.store import Batch, Store

OUT = Path("build/bench-host")
DATE = dt.date(2026, 9, 22)
PLATFORMS = 15_000
READINGS = 300  # of a platform on the day
WIDTHS = (1, 4)  # platforms of a board
_AT_ONCE = 50  # boards in a transaction
WAYS = ("rows", "columns", "rollup")
# Local hours at which people bring waste, with weights.
_BUSY = [1] * 6 + [20, 40, 45, 25, 8, 8, 8, 8, 8, 10, 20, 40, 50, 45, 25, 10, 2, 1]


def day_of(number: int, start: int, n: int = READINGS, width: int = 4) -> Iterator[Reading]:
    """A day of a board of so many platforms in n readings: deposits at the hours of people,
    each told by a reading in motion and one at rest, each bin lifted and emptied once, and
    between them a reading at least every five minutes; a scale shows a few grams of noise
    and drifts with the warmth of the day."""
    rng = random.Random(f"rollup {number}")  # noqa: S311
    told = list(_changes(rng, width))
    every = rollup.DAY_S / (n - len(told) + 1)
    times = [(start + round(every * (i + rng.random() / 2)), -1, 0, "") for i in range(n)]
    told = [(start + at, channel, grams, what) for at, channel, grams, what in told]
    rows = sorted([*told, *times[: n - len(told)]])
    life = f"{rng.getrandbits(32):08x}"
    gross = [rng.randrange(12_500, 16_000) for _ in range(width)]
    for seq, (t, channel, change, what) in enumerate(rows):
        q = {}
        if what == "moving":
            q = {f"w{channel + 1}": "moving"}
        elif what == "lifted":
            gross[channel] = 0
        elif what == "back":
            gross[channel] = 12_500 + change
        elif what:
            gross[channel] += change
        warmth = 1500 + abs((t - start) // 60 - 720)
        values = {"c1": warmth}
        for i, g in enumerate(gross, 1):
            values[f"w{i}"] = g + rng.randrange(-12, 13) + warmth // 90
            values[f"f{i}"] = min(1000, max(0, (g - 12_500) // 60))
        yield Reading(life, seq, 3, t, None, values, q)


def _changes(rng: random.Random, width: int) -> Iterator[tuple[int, int, int, str]]:
    """(second of the day, channel, grams, what) of everything that is told at once."""
    for channel in range(width):
        emptied = rng.randrange(10 * 3600, 16 * 3600)
        yield emptied, channel, 0, "moving"
        yield emptied + 9, channel, 0, "lifted"
        yield emptied + 50, channel, 0, "moving"
        yield emptied + 62, channel, rng.randrange(0, 700), "back"
        for hour in rng.choices(range(24), _BUSY, k=rng.randrange(5, 12)):
            at = 3600 * hour + rng.randrange(3590)
            if not emptied - 30 < at < emptied + 90:
                yield at, channel, 0, "moving"
                yield at + rng.randrange(5, 14), channel, rng.randrange(250, 6000), "deposit"


def build(folder: Path, platforms: int, width: int, where: str = "") -> tuple[str, Path]:
    """A district in a store (a file in folder, or where) and its registry."""
    boards = -(-platforms // width)
    db = where or str(folder / f"rollup-{platforms}-{width}.db")
    known = folder / f"rollup-registry-{platforms}-{width}"
    load.write_registry(known, boards, width)
    if not where and Path(db).exists():
        return db, known
    part = db if where else f"{db}.part"
    if not where:
        for old in folder.glob(f"{Path(part).name}*"):
            old.unlink()
    start = rollup.day_bounds(DATE)[0]
    with closing(Store(part, create=True)) as store:
        for first in range(0, boards, _AT_ONCE):
            batch = Batch()
            for number in range(first, min(first + _AT_ONCE, boards)):
                site, device = load.name(number)
                batch.readings += [
                    (device, site, r) for r in day_of(number, start, READINGS, width)
                ]
            store.add(batch, start + rollup.DAY_S)
            store.compact(start + rollup.DAY_S)
            print(f"\rbuild: board {first} of {boards} ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if not where:
        Path(part).rename(db)
    return db, known


# One run, in a process of its own


def once(way: str, db: str, known_at: Path, jobs: int) -> dict[str, float]:
    """Seconds of one run: all that it takes from an open registry to the figures."""
    known = registry.load(known_at)
    began = time.perf_counter()
    if way == "rollup":
        with closing(Store(db)) as store:
            update_figures(store, known, DATE, full=True, jobs=jobs)
            (day,) = rollup.days_of(store, known, [DATE])
        took = time.perf_counter() - began
        collected = sum(r.collected_g for r in day.rows)
        return {"s": took, "cpu_s": _cpu(), "n": len(day.platforms), "collected_g": collected}
    devices = list(dict.fromkeys(b.device for b in known.platforms()))
    shares = [devices[i::jobs] for i in range(jobs)]
    with ProcessPoolExecutor(jobs) as pool:
        n = sum(pool.map(_read, [way] * jobs, [db] * jobs, shares))
    return {"s": time.perf_counter() - began, "cpu_s": _cpu(), "n": n}


def _cpu() -> float:
    """CPU seconds of this process and its own, those that have ended."""
    return sum(os.times()[:4])


def _read(way: str, db: str, devices: list[str]) -> int:
    """Read every reading of these boards and do nothing with it; how many there were."""
    until = rollup.day_bounds(DATE)[1] + rollup.AFTER_S
    with closing(Store(db)) as store:
        if way == "rows":
            return sum(1 for device in devices for _ in store.readings(device, 0, until))
        return sum(len(store.columns(device, 0, until)) for device in devices)


def measure(
    platforms: int = PLATFORMS,
    rounds: int = 3,
    jobs: int | None = None,
    folder: Path = OUT,
    *,
    where: str = "",
    width: int = 4,
) -> dict[str, float]:
    """Medians of so many rounds; ratios are medians of those within a round."""
    jobs = jobs or os.cpu_count() or 1
    folder.mkdir(parents=True, exist_ok=True)
    db, known = build(folder, platforms, width, where)
    grown = 0.0
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    cpu: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            at = db
            if way == "rollup" and not where:  # nothing is booked yet
                at = f"{db}.run"
                Path(f"{at}-wal").unlink(missing_ok=True)
                shutil.copyfile(db, at)
            command = [sys.executable, "-m", "bench_host.rollup", "--once", way, "--db", at]
            command += ["--registry", str(known), "--jobs", str(jobs)]
            out = subprocess.run(command, check=True, capture_output=True, text=True)
            result = json.loads(out.stdout)
            if way == "rollup" and not where:
                grown = (_bytes(at) - _bytes(db)) / platforms
            taken[way].append(result["s"])
            cpu[way].append(result["cpu_s"])
    pairs = zip(taken["rollup"], taken["rows"], taken["columns"], strict=True)
    ratios = [(a / b, a / c) for a, b, c in pairs]
    return {
        "platforms": platforms,
        "readings": platforms * READINGS,
        "platforms of a board": width,
        "rows": platforms * READINGS // width,
        "processes": jobs,
        "only reading rows, s": round(statistics.median(taken["rows"]), 2),
        "only reading columns, s": round(statistics.median(taken["columns"]), 2),
        "rollup, s": round(statistics.median(taken["rollup"]), 2),
        "rollup ÷ reading rows": round(statistics.median(r for r, _ in ratios), 2),
        "bytes of a platform's day": round(grown),
        "rollup ÷ reading columns": round(statistics.median(c for _, c in ratios), 2),
        **{f"CPU of {way}, s": round(statistics.median(cpu[way]), 2) for way in WAYS},
    }


def _bytes(db: str) -> int:
    files = Path(db), Path(f"{db}-wal")
    return sum(path.stat().st_size for path in files if path.exists())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--platforms", type=int, default=PLATFORMS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--width", type=int, default=4, help="platforms of a board")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--db", default="", help="postgresql://… (default: a file, SQLite)")
    parser.add_argument("--once", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--registry", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.once:
        print(json.dumps(once(args.once, args.db, args.registry, args.jobs)))
        return 0
    figures = measure(args.platforms, args.rounds, args.jobs, where=args.db, width=args.width)
    print(
        f"{platform.python_version()} on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"{'PostgreSQL' if args.db else 'SQLite'}, {READINGS} readings a platform; "
        f"medians of {args.rounds} rounds"
    )
    for key, value in figures.items():
        print(f"  {key:32} {value:>12,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
