"""`make bench-alarms`: a month of points, every kind of trouble planted, held to rules.csv.

Real are the rules, the watch over the points, the log of alarms and its store; made up are what
happens at the points and the readings of their boards. Ends with 1 where a goal is missed."""

from __future__ import annotations

import datetime as dt
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from arguments import Parser, whole

from host.alarms import alarm_log, rules
from host.common.local_days import LOCAL
from host.points.scene import Said
from host.points.site_days import SiteDays, scatter_of
from host.points.update import Watch
from host.registry import Bin, Device, Registry, Site
from host.store import Store

from . import physics, plan
from .boards import Boards
from .physics import Point, Reading
from .plan import DAY, HOUR
from .score import Told, report

ROOT = Path(__file__).resolve().parents[2]
START = int(dt.datetime(2026, 9, 1, tzinfo=LOCAL).timestamp())
TURN_S = 120  # as `qingyun alarms update --every 120`


def registry(sites: int) -> Registry:
    """So many points of four bins each."""
    windows = ("07:00-09:00", "18:00-20:00")
    places = [f"{n:04d}" for n in range(sites)]
    where = {f"p{n}": Site(f"p{n}", "x", "九亭镇", "collection", windows) for n in places}
    boards = {f"b{n:04d}": Device(f"b{n:04d}", f"p{n:04d}") for n in range(sites)}
    bins = tuple(
        Bin(
            *(f"p{n:04d}-{i + 1}", f"p{n:04d}", f"b{n:04d}", f"w{i + 1}", f"f{i + 1}", stream),
            *(physics.VOLUME_L, physics.TARE_G, "wheelie", physics.MAX_G, 50),
        )
        for n in range(sites)
        for i, stream in enumerate(physics.STREAMS)
    )
    return Registry(("九亭镇",), where, boards, bins)


def _site_days(point: Point, day: int) -> SiteDays:
    """What is booked of a point when a day begins."""
    date = dt.date(2026, 9, 1) + dt.timedelta(days=day - 1)
    first = dt.date(2026, 9, 1)
    made = SiteDays(
        {f"p{point.n:04d}-{i + 1}": first + dt.timedelta(days=d) for i, d in point.emptied.items()},
        date if day else None,
    )
    for i, stream in enumerate(physics.STREAMS):
        masses = [d[i] for d in point.days]
        if masses and (found := scatter_of(date, masses[-1], masses[:-1][-28:])):
            made.scatter[stream] = found
    return made


def _say(watch: Watch, points: Sequence[Point], now: int) -> None:
    """Boards say of themselves what has changed."""
    for point in points:
        device, said = f"b{point.n:04d}", _said(point, now)
        if watch.said.get(device) != said:
            watch.said[device] = said
            watch.boards[device].news = True


def _said(point: Point, t: int) -> Said:
    """What a board says of itself at Unix time t."""
    since = {k: p.start for k in ("safe", "clock") if (p := point.active(k, t))}
    queue = 900 if point.active("queue", t) else point.n % 7
    return Said(queue, since.get("safe"), since.get("clock"))


def _arrivals(
    points: Sequence[Point], day: int, outages: Sequence[tuple[int, int]], rng: random.Random
) -> Iterator[tuple[int, int, Reading]]:
    """(when it is stored, point, reading) of a day, in order."""
    made = []
    for point in points:
        for reading in point.readings(day):
            when = reading[0] + rng.randrange(1, 8)
            if rng.random() < 0.002:
                when += rng.randrange(10, 120)  # a reconnect
            for begin, end in outages:
                if begin <= when < end:
                    when = end + rng.randrange(60)
            made.append((when, point.n, reading))
    return iter(sorted(made, key=lambda x: (x[0], x[1])))


def run(
    sites: int,
    days: int,
    each: int,
    seed: int,
    folder: Path,
    *,
    kinds: Sequence[str] = plan.KINDS,
    turn_s: int = TURN_S,
) -> tuple[plan.Plan, Told]:
    """Go through the month; what was planted and what was told."""
    rng = random.Random(seed)  # noqa: S311  a simulation
    planted = plan.make(sites, days, each, START, rng, kinds=kinds)
    points = [
        Point(n, START, planted.by_site[n], random.Random(f"{seed}-{n}"))  # noqa: S311
        for n in range(sites)
    ]
    limits = [
        r
        for r in rules.load(ROOT / "registry", {})
        if r.kind in rules.OF_POINTS and r.kind != "unheard"  # no board was heard before the month
    ]
    watch = Watch(registry(sites), limits)
    boards = Boards(planted, seed, START, days)
    watch.metered = boards.metered()
    store = Store(folder / "alarms.db", create=True)
    keeper, rows = alarm_log.Keeper(0, []), list[alarm_log.Row]()
    troubled = [p for p in points if p.plants]
    for day in range(days):
        begin = START + day * DAY
        watch.days = {f"p{p.n:04d}": _site_days(p, day) for p in points}
        watch.handed = boards.handed(day)
        if (ends := boards.certificates(day)) != watch.certificates:
            watch.certificates = ends
        waiting = _arrivals(points, day, planted.outages, rng)
        coming = next(waiting, None)
        for now in range(begin + turn_s, begin + DAY + turn_s, turn_s):
            fresh: dict[int, list[Reading]] = defaultdict(list)
            while coming and (coming[0] <= now or now >= begin + DAY):
                fresh[coming[1]].append(coming[2])
                coming = next(waiting, None)
            for n, readings in fresh.items():
                watch.boards[f"b{n:04d}"].take(sorted(readings, key=lambda r: r[0]))
            _say(watch, troubled, now)
            if (now - begin) % HOUR == 0:
                boards.carry(watch.metered, now)
            changes = [c for place, found in watch.findings(now) for c in keeper.take(place, found)]
            rows += keeper.keep(store, changes, now)
    store.close()
    return planted, Told(rows, turn_s - TURN_S)


def main() -> int:
    """The exit code."""
    parser = Parser("bench-alarms", __doc__)
    parser.add_argument("--sites", type=whole(1, 20_000), default=280)
    parser.add_argument("--days", type=whole(3, 366), default=30)
    parser.add_argument("--each", type=whole(1, 10_000), default=100, help="plants of each kind")
    parser.add_argument("--seed", type=whole(0), default=1)
    args = parser.parse_args()
    sites, days = args.sites, args.days
    began = time.process_time()
    with tempfile.TemporaryDirectory(prefix="bench-alarms-") as folder:
        planted, told = run(sites, days, args.each, args.seed, Path(folder))
    cpu = time.process_time() - began
    lines, is_met = report(planted, told, START, sites * days)
    print(f"{sites} points, {days} days, seed {args.seed}; {cpu:.0f} s of CPU with the simulation")
    print("\n".join(lines))
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
