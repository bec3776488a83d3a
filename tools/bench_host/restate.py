"""Restating late site-days in a year of a district, and in a month of it.

python -m bench_host.restate [--sites N] [--days 30 365]

A board speaks every five minutes for four platforms, which are given waste some ten times
a day and emptied once. On every fifth day two hours are missing: not sent yet. One site is
put into the store and brought up to date by the host job; the others are copies of its
rows. Then 100 site-days, spread over the time, get the two hours that were missing, and the
time is measured until their figures are restated: with an emptying among them, and without.
The sums are those of each of the 100 sites on its day, from the figures. Beside the time
stands the CPU time, which is nearly the same while others use the machine."""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from host import rollup
from host.common.local_days import DAY_S, SHANGHAI_S, date_of
from host.readings.messages import Reading
from host.registry import Bin, Device, Registry, Site
from host.rollup import day_figures
from host.store import Batch, Store, day_revisions

LATE = 100
_EVERY, _FIRST = 5, 8  # days between two with an outage, and the first that is healed
FIRST_DAY = 20_454  # 2026-01-01
LIFE = "9c4e01aa"
SEQS = 400  # numbers that a day may take
STREAMS = ("干垃圾", "湿垃圾", "可回收物", "有害垃圾")
_MISSING = {True: (9, 11), False: (2, 4)}  # hours; with the emptying of 10:00 or without


@dataclass(frozen=True)
class Scale:
    """How much of a district: sites with one board of four platforms, days."""

    sites: int
    days: int


def registry(sites: int) -> Registry:
    """Sites of one board, each with four bins."""
    names = [f"p-{i:04}" for i in range(sites)]
    bins = tuple(
        Bin(
            f"{n}-{w}",
            n,
            f"qy-{n}",
            f"w{w}",
            "",
            STREAMS[w - 1],
            240,
            12_500,
            "wheelie",
            150_000,
            50,
        )
        for n in names
        for w in range(1, 5)
    )
    return Registry(
        ("街镇",),
        {n: Site(n, n, "街镇", "collection", ()) for n in names},
        {f"qy-{n}": Device(f"qy-{n}", n) for n in names},
        bins,
    )


def day_of(n: int) -> list[Reading]:
    """All readings of a board on the nth day."""
    rng = random.Random(n)  # noqa: S311
    start = (FIRST_DAY + n) * DAY_S - SHANGHAI_S
    moments: list[tuple[int, int, str]] = []  # second, platform, what
    for w in range(1, 5):
        moments += [(rng.randrange(86_000), w, "deposit") for _ in range(10)]
        moments += [(36_000 + 120 * w + rng.randrange(60), w, "lift")]
    moments += [(s, 0, "") for s in range(0, DAY_S, 300)]
    # What was in the bins at midnight is the same on each day, so that days can be copied.
    grams = dict.fromkeys(range(1, 5), 14_000)
    out: list[Reading] = []
    free = 0

    def say(s: int, moving: int = 0) -> None:
        nonlocal free
        values = {f"w{w}": g + rng.randrange(-6, 7) for w, g in grams.items()}
        q = {f"w{moving}": "moving"} if moving else {}
        out.append(Reading(LIFE, n * SEQS + len(out), 0, start + s, None, values, q))
        free = s + 1

    for s, w, what in sorted(moments):
        at = max(s, free)
        if at > DAY_S - 120:
            break
        if what:
            say(at, w)
        if what == "deposit":
            grams[w] += rng.randrange(300, 4_000)
            say(at + 9)
        elif what == "lift":
            grams[w] = 0
            say(at + 8)
            say(at + 45, w)
            grams[w] = 12_500 + rng.randrange(0, 400)
            say(at + 60)
        else:
            say(at)
    return out


def parted(n: int, emptied: bool) -> tuple[list[Reading], list[Reading]]:
    """(what came in time, what is late) of the nth day."""
    start = (FIRST_DAY + n) * DAY_S - SHANGHAI_S
    lo, hi = (start + 3600 * h for h in _MISSING[emptied])
    readings = day_of(n)
    if n % _EVERY != _FIRST % _EVERY:
        return readings, []
    late = [r for r in readings if lo <= (r.t or 0) < hi]
    return [r for r in readings if not lo <= (r.t or 0) < hi], late


def build(store: Store, scale: Scale, emptied: bool) -> Registry:
    """A store as it is after so many days of which each was rolled up."""
    known = registry(scale.sites)
    first = next(iter(known.sites))
    for n in range(scale.days):
        store.add(Batch(readings=[(f"qy-{first}", first, r) for r in parted(n, emptied)[0]]), 1)
    last = date_of(FIRST_DAY + scale.days - 1)
    day_figures.update_figures(store, registry(1), last)
    for site in list(known.sites)[1:]:
        _copy(store, first, site)
    day_figures.update_figures(store, known, last)  # what each of them is, is part of its record
    return known


def _copy(store: Store, first: str, site: str) -> None:
    db = store.database
    with db.transaction():
        db.many(
            "INSERT INTO stream (device, site, life, spans, boots) "
            "SELECT ?, ?, life, spans, boots FROM stream WHERE device=?",
            [(f"qy-{site}", site, f"qy-{first}")],
        )
        stream = "(SELECT id FROM stream WHERE device=?)"
        db.many(
            "INSERT INTO day (day, stream, n, lo, hi, first_t, last_t, changed, body) "  # noqa: S608
            f"SELECT day, {stream}, n, lo, hi, first_t, last_t, changed, body FROM day "
            f"WHERE stream={stream}",
            [(f"qy-{site}", f"qy-{first}")],
        )
        for w in range(1, 5):
            old, new = f"{first}-{w}", f"{site}-{w}"
            db.many(
                "INSERT INTO platform (bin, device, made_with, booked) "
                "SELECT ?, ?, replace(made_with, ?, ?), booked FROM platform WHERE bin=?",
                [(new, f"qy-{site}", f"qy-{first}", f"qy-{site}", old)],
            )
            platform = "(SELECT id FROM platform WHERE bin=?)"
            for table, columns in (
                ("checkpoint", "day, opens, state, found, events"),
                ("platform_day", f"day, revision, computed, reason, {day_revisions.BALANCE}"),
                ("platform_day_events", "day, revision, body"),
            ):
                db.many(
                    f"INSERT INTO {table} (platform, {columns}) "  # noqa: S608
                    f"SELECT {platform}, {columns} FROM {table} WHERE platform={platform}",
                    [(new, old)],
                )


def once(store: Store, known: Registry, scale: Scale, emptied: bool) -> dict[str, float]:
    """Let the late readings arrive, and measure what follows."""
    rng = random.Random(scale.days)  # noqa: S311
    sites = rng.sample(list(known.sites), LATE)
    where = [(site, rng.randrange(_FIRST, scale.days, _EVERY)) for site in sites]
    for site, n in where:
        late = parted(n, emptied)[1]
        store.add(Batch(readings=[(f"qy-{site}", site, r) for r in late]), int(time.time()))
    last = date_of(FIRST_DAY + scale.days - 1)
    marks = [_clocks()]
    store.compact()
    marks.append(_clocks())
    done = day_figures.update_figures(store, known, last)
    marks.append(_clocks())
    rows = list(_sums(store, known, where))
    marks.append(_clocks())
    took = {
        f"{name}_{kind}": after[i] - before[i]
        for name, before, after in zip(
            ("compact", "events", "sums"), marks, marks[1:], strict=False
        )
        for i, kind in enumerate(("s", "cpu_s"))
    }
    return {
        **took,
        "platform_days": done.computed,
        "revisions": done.revisions,
        "collected_kg": sum(r.collected_g for r in rows) / 1000,
    }


def _clocks() -> tuple[float, float]:
    """Seconds of the clock, and of CPU: of this process and of those it started, which ended."""
    ended = os.times()
    return time.perf_counter(), time.process_time() + ended.children_user + ended.children_system


def _sums(store: Store, known: Registry, where: list[tuple[str, int]]) -> Iterator[rollup.DailyRow]:
    for site, n in where:
        date = date_of(FIRST_DAY + n)
        for day in rollup.days_of(store, known, [date], site=site):
            yield from day.rows


def measure(
    sites: int = 120, days: tuple[int, ...] = (30, 365), db: str | None = None
) -> dict[str, dict[str, float]]:
    """ "365 days, an emptying among them" → figures."""
    found = {}
    for n in days:
        for emptied in (True, False):
            with tempfile.TemporaryDirectory(dir="build") as folder:
                store = Store(db or Path(folder) / "q.db", create=True)
                known = build(store, Scale(sites, n), emptied)
                what = "an emptying among them" if emptied else "quiet hours"
                found[f"{n} days, {what}"] = once(store, known, Scale(sites, n), emptied)
                store.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=120)
    parser.add_argument("--days", type=int, nargs="+", default=[30, 365])
    args = parser.parse_args()
    if args.sites < LATE:
        parser.error(f"--sites: expected {LATE} or more, found {args.sites}")
    if min(args.days) <= _FIRST:
        parser.error(f"--days: expected more than {_FIRST}, found {min(args.days)}")
    Path("build").mkdir(exist_ok=True)
    print(f"{LATE} late site-days, two hours each; {args.sites} sites of 4 platforms, 288 readings")
    for what, f in measure(args.sites, tuple(args.days)).items():
        print(
            f"{what:36} events {f['events_s']:.2f} s (CPU {f['events_cpu_s']:.2f}), "
            f"sums {1000 * f['sums_s']:.0f} ms (CPU {1000 * f['sums_cpu_s']:.0f}), into days "
            f"{1000 * f['compact_s']:.0f} ms (CPU {1000 * f['compact_cpu_s']:.0f}); "
            f"{f['platform_days']:.0f} platform-days gone through, {f['revisions']:.0f} restated",
            flush=True,
        )


if __name__ == "__main__":
    main()
