"""One measurement of the build that PYTHONPATH names; prints a number, less is better.

    PYTHONPATH=<tree>/tools:<tree> python tools/bench_versus/measures.py rollup-4 <folder>

It uses only what every build has had since 0.2.0, and nothing of this folder."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bench_host import load, restate
from bench_host import rollup as district
from postgres import Postgres

from host import registry
from host.common import periods
from host.common.local_days import LOCAL, day_of
from host.indicators.report import build
from host.readings.messages import reading
from host.rollup.day_figures import update_figures
from host.store import Batch, Store

PLATFORMS, BOARDS, BATCHES, STARTS = 1200, 3750, 8, 7


def _rollup(folder: Path, width: int) -> float:
    """µs of CPU time for each weight of a district's day, from readings to figures."""
    db, known_at = district.build(folder, PLATFORMS, width)
    known = registry.load(known_at)
    with closing(Store(db)) as store:
        began = time.process_time()
        update_figures(store, known, district.DATE, full=True, jobs=1)
        took = time.process_time() - began
    return took * 1e6 / (PLATFORMS * district.READINGS)


def _late(_folder: Path) -> float:
    """ms of CPU time to restate 100 late site-days of a month, an emptying among each, in this
    process: earlier builds did not count what others took."""
    os.cpu_count = lambda: 1
    found = restate.measure(100, (30,))
    return 1000 * found["30 days, an emptying among them"]["events_cpu_s"]


def _postgres(_folder: Path, *, of_server: bool) -> float:
    """µs of CPU time for each reading that is written, one of each board in a batch: of this
    process, or of the server."""
    with Postgres() as server, closing(Store(server.url, create=True)) as store:
        boards = [load.Board(i, 99, load.T0) for i in range(BOARDS)]
        took = 0.0
        for n in range(BATCHES):
            batch = Batch()
            batch.readings += [(b.device, b.site, reading(b.reading(), 1 << 33)) for b in boards]
            began = server.cpu_s() if of_server else time.process_time()
            store.add(batch, load.T0)
            spent = (server.cpu_s() if of_server else time.process_time()) - began
            took += spent if n else 0.0  # streams are made with the first
    return took * 1e6 / (BOARDS * (BATCHES - 1))


def _year(folder: Path) -> float:
    """ms of CPU time for the indicators of a year that was asked for never before, the morning
    after a nightly rollup."""
    db, known_at = district.build(folder, PLATFORMS, 4)
    known, day = registry.load(known_at), day_of(district.DATE)
    with closing(Store(db)) as store:
        update_figures(store, known, district.DATE, jobs=1)
        columns = [row[1] for row in store.database.query("PRAGMA table_info(platform_day)")]
        others = ", ".join(c for c in columns if c not in ("id", "day"))
        with store.database.transaction():  # the days before are as this one
            for before in range(day_of(district.DATE.replace(month=1, day=1)), day):
                store.database.query(
                    f"INSERT INTO platform_day (day, {others}) SELECT ?, {others} "  # noqa: S608
                    "FROM platform_day WHERE day=?",
                    (before, day),
                )
    subprocess.run(_rollup_command(db, known_at, folder), check=True, capture_output=True)
    with closing(Store(db)) as store:
        morning = dt.datetime.combine(district.DATE, dt.time(6), LOCAL) + dt.timedelta(1)
        began = time.process_time()
        build(store, known, periods.parse(str(district.DATE.year)), now=morning)
        return 1000 * (time.process_time() - began)


def _rollup_command(db: str, known_at: Path, folder: Path) -> list[str]:
    command = [sys.executable, "-m", "host.cli", "rollup", "--db", db, "--registry", str(known_at)]
    return [*command, "--date", str(district.DATE), "--out", str(folder)]


def _shell(folder: Path) -> float:
    """ms until `qingyun rollup` of one site has ended when nothing is dirty: the least of seven."""
    db, known_at = district.build(folder, 1, 1)
    command = _rollup_command(db, known_at, folder)
    environment = os.environ | {"PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    took = []
    for _ in range(STARTS + 1):  # the first compiles
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=environment)
        took.append(time.perf_counter() - began)
    return 1000 * min(took[1:])


MEASURES: dict[str, Callable[[Path], float]] = {
    "rollup-4": lambda folder: _rollup(folder, 4),
    "rollup-1": lambda folder: _rollup(folder, 1),
    "late": _late,
    "postgres": lambda folder: _postgres(folder, of_server=False),
    "postgres-server": lambda folder: _postgres(folder, of_server=True),
    "year": _year,
    "shell": _shell,
}

if __name__ == "__main__":
    name, folder = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    Path("build").mkdir(exist_ok=True)
    print(MEASURES[name](Path(folder)))
