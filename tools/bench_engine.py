"""make bench-engine [PLATFORMS=15000] [ROUNDS=3]

A district's day rolled up by one process, and by 1, 2 and 4 workers of Dask, in a PostgreSQL of
its own: the CPU time of each part, since two cores show no wall time of four workers. The figures
of every run are compared with those of the one process, to the byte."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import platform
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import marked_page
import psycopg
from arguments import Parser, whole
from bench_host import rollup as district
from dask_cluster import Cluster
from host_job import ALONE
from postgres import Postgres

from host import registry
from host.engine.address import Engine
from host.engine.update import bring_up_to_date
from host.rollup import shares
from host.rollup.day_figures import update_figures
from host.store import Store

BEGIN = "<!-- made by make bench-engine: do not edit below this line -->"
END = "<!-- made by make bench-engine: end -->"
WORKERS = (1, 2, 4)
WIDTH = 4  # platforms of a board
NOW = 1_800_000_000
_FIGURES = (
    "SELECT bin, device, made_with, booked FROM platform ORDER BY bin",
    "SELECT p.bin, d.day, d.revision, d.deposited, d.collected, d.closing, d.covered_s, d.flags, "
    "e.body FROM platform_day d JOIN platform p ON p.id=d.platform LEFT JOIN platform_day_events e "
    "ON e.platform=d.platform AND e.day=d.day AND e.revision=d.revision ORDER BY 1, 2, 3",
    "SELECT p.bin, c.day, c.opens, c.state, c.found FROM checkpoint c "
    "JOIN platform p ON p.id=c.platform ORDER BY 1, 2",
)


@dataclass(frozen=True)
class Run:
    """CPU seconds of the parts of one update; wall seconds; a hash of every figure."""

    workers: tuple[float, ...]
    driver: float
    scheduler: float
    server: float
    wall: float
    tasks: int
    figures: str


class Bench:
    def __init__(self, server: Postgres, folder: Path, platforms: int) -> None:
        self._server, self._folder, self._n = server, folder, 0
        self.registry = district.build(folder, platforms, WIDTH, self._url("postgres"))[1]
        self._known = registry.load(self.registry)
        with psycopg.connect(self._url("template1"), autocommit=True) as db:
            db.execute("CREATE DATABASE small")
        self._small = self._url("small")
        self._small_registry = district.build(folder / "small", 32, WIDTH, self._small)[1]

    def _url(self, name: str) -> str:
        return self._server.url.rpartition("/")[0] + "/" + name

    def _new(self) -> str:
        self._n += 1
        with psycopg.connect(self._url("template1"), autocommit=True) as db:
            db.execute(f"CREATE DATABASE run_{self._n} TEMPLATE postgres STRATEGY file_copy")
        return self._url(f"run_{self._n}")

    def _drop(self, url: str) -> None:
        with psycopg.connect(self._url("template1"), autocommit=True) as db:
            db.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def alone(self) -> Run:
        """One process, no engine."""
        url = self._new()
        began, cpu, server = time.monotonic(), time.process_time(), self._server.cpu_s()
        with closing(Store(url)) as store:
            update_figures(store, self._known, district.DATE, now=NOW, jobs=1)
        mine, wall = time.process_time() - cpu, time.monotonic() - began
        run = Run((mine,), 0.0, 0.0, self._server.cpu_s() - server, wall, 0, hashed(url))
        self._drop(url)
        return run

    def by(self, workers: int, days_in_share: int) -> Run:
        """So many workers. They have had a small update before: imports are paid once."""
        url, usual = self._new(), shares.DAYS_IN_SHARE
        config = self._folder / "qingyun.toml"
        with Cluster(self._folder / "dask") as cluster:
            engine = Engine("127.0.0.1", cluster.port)
            self._configure(config, self._small, self._small_registry)
            for _ in range(workers):
                cluster.worker({"QINGYUN_CONFIG": str(config)})
            shares.DAYS_IN_SHARE = 4
            bring_up_to_date(
                engine, self._small, self._small_registry, district.DATE, full=True, now=NOW
            )
            self._configure(config, url, self.registry)
            assert cluster.scheduler is not None
            parts = [*cluster.workers, cluster.scheduler]
            taken = [part.cpu_s() for part in parts]
            shares.DAYS_IN_SHARE = days_in_share
            tasks = self._tasks(url)
            began, cpu, server = time.monotonic(), time.process_time(), self._server.cpu_s()
            bring_up_to_date(engine, url, self.registry, district.DATE, now=NOW)
            driver, wall = time.process_time() - cpu, time.monotonic() - began
            taken = [part.cpu_s() - was for part, was in zip(parts, taken, strict=True)]
            server = self._server.cpu_s() - server
        shares.DAYS_IN_SHARE = usual
        run = Run(tuple(taken[:-1]), driver, taken[-1], server, wall, tasks, hashed(url))
        self._drop(url)
        return run

    def _tasks(self, url: str) -> int:
        with closing(Store(url)) as store:
            return len(shares.due(store, self._known, shares.update_of(district.DATE, now=NOW)))

    @staticmethod
    def _configure(file: Path, url: str, folder: Path) -> None:
        file.write_text(f"[store]\ndb = '{url}'\nregistry = '{folder.resolve()}'\n")


def hashed(url: str) -> str:
    """A hash of every figure and step of a store."""
    digest = hashlib.sha256()
    with psycopg.connect(url) as db:
        for sql in _FIGURES:
            for row in db.execute(sql):
                digest.update(repr(row).encode())
    return digest.hexdigest()


def _median(runs: list[Run]) -> Run:
    """The run whose CPU time in sum is in the middle."""
    return sorted(runs, key=lambda r: sum(r.workers))[len(runs) // 2]


def _rows(base: list[Run], runs: dict[tuple[int, int], list[Run]]) -> list[str]:
    """The table, a line each."""
    alone = sum(_median(base).workers)
    head = (
        "shares | CPU of each worker, s | in sum | ÷ one process | who gives shares, s | "
        "scheduler, s | a share, ms | PostgreSQL, s | wall, s"
    )
    lines = [f"| workers | {head} |", "| ---: |" + " ---: |" * 9]
    one, none = _median(base), " – |"
    alone_s = f"{alone:.2f} | {alone:.2f} | 1 |"
    lines.append(f"| none |{none} {alone_s}{3 * none} {one.server:.2f} | {one.wall:.1f} |")
    for (workers, _), found in runs.items():
        run = _median(found)
        total = sum(run.workers)
        each = " ".join(f"{x:.2f}" for x in run.workers)
        lines.append(
            f"| {workers} | {run.tasks} | {each} | {total:.2f} | {total / alone:.2f} | "
            f"{run.driver:.2f} | {run.scheduler:.2f} | {1000 * run.scheduler / run.tasks:.1f} | "
            f"{run.server:.2f} | {run.wall:.1f} |"
        )
    return lines


def _limits(runs: dict[tuple[int, int], list[Run]], platforms: int) -> str:
    """Where the end is, by the shares of one board, which show what a share costs."""
    small = _median(runs[max(WORKERS), WIDTH])
    usual = _median(runs[max(WORKERS), shares.DAYS_IN_SHARE])
    of_share = sum(usual.workers) / usual.tasks
    scheduler = small.scheduler / small.tasks
    driver = small.driver / small.tasks
    server = usual.server / platforms
    return (
        f"A share of {platforms / usual.tasks:.0f} days of platforms is {1000 * of_share:.0f} ms "
        f"of a worker. By {small.tasks:,} shares of one board each, a share takes "
        f"{1000 * scheduler:.1f} ms of the scheduler and {1000 * driver:.1f} ms of who gives it: "
        f"so a scheduler keeps {of_share / scheduler:.0f} workers busy, who gives shares "
        f"{of_share / driver:.0f}. PostgreSQL takes {1e6 * server:.0f} µs for a platform's day, "
        f"{usual.server / sum(usual.workers):.2f} of what workers take: a core of it serves "
        f"{sum(usual.workers) / usual.server:.1f} workers."
    )


def main() -> int:
    p = Parser("bench-engine", __doc__)
    p.add_argument("--platforms", type=whole(400), default=15_000)
    p.add_argument("--rounds", type=whole(1, 99), default=3)
    p.add_argument("--page", type=Path, help="page to put the figures in")
    args = p.parse_args()
    try:
        if args.page:
            marked_page.check(args.page, BEGIN, END)
    except marked_page.PageError as error:
        p.error(str(error))
    os.environ |= ALONE
    kinds = [(n, shares.DAYS_IN_SHARE) for n in WORKERS] + [(max(WORKERS), WIDTH)]
    base: list[Run] = []
    runs: dict[tuple[int, int], list[Run]] = {kind: [] for kind in kinds}
    with (
        tempfile.TemporaryDirectory(prefix="bench-engine-") as folder,
        Postgres("fsync=on") as server,
    ):
        bench = Bench(server, Path(folder), args.platforms)
        for _ in range(args.rounds):
            base.append(bench.alone())
            for kind in kinds:
                if kind[1] != WIDTH or not runs[kind]:  # once: it takes as long as all others
                    runs[kind].append(bench.by(*kind))
    every = [*base, *(run for found in runs.values() for run in found)]
    same = len({run.figures for run in every}) == 1
    load = os.getloadavg()[0]
    conditions = (
        f"{args.platforms:,} platforms, {WIDTH} a board, {district.READINGS} readings each; "
        f"CPython {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}, "
        f"PostgreSQL and all parts on them; medians of {args.rounds}; figures of {len(every)} runs "
        f"{'equal to the byte' if same else '**differ**'}. "
        f"`make bench-engine PLATFORMS={args.platforms} ROUNDS={args.rounds}`, {dt.date.today()}."
    )
    table = "\n".join(_rows(base, runs))
    text = f"{conditions}\n\n{table}\n\n{_limits(runs, args.platforms)}"
    print(text)
    if args.page:
        marked_page.put(args.page, BEGIN, END, text)
    return 0 if same else 1


if __name__ == "__main__":
    raise SystemExit(main())
