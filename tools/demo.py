"""The main job from end to end: a simulated day at three sites, and what the host made of it.

    python tools/demo.py [--seed 1] [--date 2026-03-03] [--out build/demo]

Real firmware on MicroPython plays a generated day through simulated sensors (field
physics), publishes to a real broker, and `qingyun` stores it and rolls it up. Prints
the rollup beside the ground truth; exit code 1 when they disagree.
"""

from __future__ import annotations

import csv
import datetime as dt
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from arguments import Parser, whole
from board_runs import run_boards
from broker import Broker
from host_job import Ingester, qingyun
from rich.console import Console
from run_folder import FolderError, fresh_folder, sigterm_as_interrupt
from sim_board import ROOT, BoardRun

from host.common import local_days, terminal
from host.common.quantity import MISSING

OUT = Path("build/demo")
REGISTRY = ROOT / "registry"
CONFIGS = ROOT / "boards" / "sim" / "demo"
WORST_PERCENT = 1.0
TRY = "what to try on them:"

Key = tuple[str, str]  # site, stream
Hours = tuple[int, int]  # of the day in Shanghai: from, to
WHOLE_DAY = (0, 24)
TAKEN = ("collection", "swap")


@dataclass(frozen=True)
class Line:
    """One site and stream: what the host says beside what is true, kg."""

    site: str
    stream: str
    collected: float
    true_collected: float
    collections: int
    true_collections: int
    deposited: float
    true_deposited: float
    coverage: float

    @property
    def error_percent(self) -> float:
        if self.true_collected == 0:
            return 0.0 if self.collected == 0 else 100.0
        return 100 * (self.collected - self.true_collected) / self.true_collected

    def faults(self) -> list[str]:
        """What is wrong with this line, one text each."""
        where = f"{self.site} {self.stream}"
        found = []
        if self.collections != self.true_collections:
            found.append(f"{where}: {self.collections} collections, {self.true_collections} true")
        if abs(self.error_percent) > WORST_PERCENT:
            found.append(f"{where}: collected mass off by {self.error_percent:+.2f} %")
        return found


def generate(date: dt.date, seed: int, out: Path) -> None:
    """Traces and truth of a day, by the generator as a person would call it."""
    script = str(ROOT / "tools" / "trace_day.py")
    args = ["--registry", str(REGISTRY), "--date", str(date), "--seed", str(seed)]
    command = [sys.executable, script, *args, "--out", str(out)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def configure(out: Path) -> None:
    """A registry and a configuration beside the database: with it qingyun needs neither --db
    nor --registry, and what is tried there leaves the project's own registry as it is."""
    shutil.copytree(REGISTRY, out / "registry")
    lines = (
        "# Of the demo. Where QINGYUN_CONFIG names this file, or in this folder, qingyun needs",
        "# neither --db nor --registry.",
        "[store]",
        'db = "qingyun.db"',
        'registry = "registry"',
    )
    (out / "qingyun.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def compare(out: Path, date: dt.date, hours: Hours) -> list[Line]:
    """The rollup beside the truth of these hours, a line for each site and stream of either."""
    ours = _rows(out / "daily.csv")
    true = _true(out, date, hours)
    nothing = {"collected_kg": "0", "deposited_kg": "0", "collections": "0", "coverage": "0"}
    lines = []
    for key in ours | true:
        a, b = ours.get(key, nothing), true.get(key, _True())
        lines.append(
            Line(
                *key,
                _number(a["collected_kg"]),
                b.collected,
                int(_number(a["collections"])),
                b.collections,
                _number(a["deposited_kg"]),
                b.deposited,
                _number(a["coverage"]),
            )
        )
    return lines


@dataclass
class _True:
    """What is true of a site and stream, kg."""

    collected: float = 0.0
    collections: int = 0
    deposited: float = 0.0


def _true(out: Path, date: dt.date, hours: Hours) -> dict[Key, _True]:
    """From the events of what stands on scales: truth.csv is of the whole day."""
    start, until = window(date, hours)
    found = {key: _True() for key in _rows(out / "truth.csv")}
    with (out / "truth_events.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not (start <= float(row["t"]) < until and row["channel"].startswith("w")):
                continue
            true = found[row["site"], row["stream"]]
            if row["kind"] == "deposit":
                true.deposited += float(row["kg"])
            elif row["kind"] in TAKEN:
                true.collected += float(row["kg"])
                true.collections += 1
    return found


def window(date: dt.date, hours: Hours) -> Hours:
    """Unix s of hours of a day in Shanghai."""
    midnight = local_days.bounds(local_days.day_of(date))[0]
    return midnight + 3600 * hours[0], midnight + 3600 * hours[1]


def _number(text: str) -> float:
    """Of daily.csv; what was not measured is beside the truth like nothing collected."""
    return 0.0 if text == MISSING else float(text)


def _rows(path: Path) -> dict[Key, dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {(row["site"], row["stream"]): row for row in csv.DictReader(file)}


def show(lines: Sequence[Line], console: Console) -> None:
    table = terminal.table("清运量（投放点实测） beside the ground truth")
    terminal.columns(table, ("site",))
    terminal.columns(table, ("stream",), wrap=True)
    collected = ("collected\nkg", "true\nkg", "error\n%", "collections", "true")
    terminal.columns(table, (*collected, "deposited\nkg", "true\nkg", "coverage"), right=True)
    for x in lines:
        table.add_row(
            x.site,
            x.stream,
            f"{x.collected:.3f}",
            f"{x.true_collected:.3f}",
            f"{round(x.error_percent, 2) + 0.0:+.2f}",  # without -0.00
            str(x.collections),
            str(x.true_collections),
            f"{x.deposited:.3f}",
            f"{x.true_deposited:.3f}",
            f"{x.coverage:.4f}",
        )
    console.print(table)


def demo(
    date: dt.date, seed: int, out: Path, console: Console, hours: Hours = WHOLE_DAY
) -> list[str]:
    """Run the whole; the list of what does not agree is empty when all is well."""
    with fresh_folder(out) as folder:
        return _demo(date, seed, folder, console, hours)


def _demo(date: dt.date, seed: int, out: Path, console: Console, hours: Hours) -> list[str]:
    started = time.monotonic()
    generate(date, seed, out)
    runs = []
    with Broker(out / "broker") as broker:
        console.print(f"day {date}, seed {seed}; broker {broker.name} at {broker.address}")
        for config in sorted(CONFIGS.glob("*.json")):
            device = config.stem
            trace = out / f"{device}.csv"
            flash, report = out / f"{device}.flash", out / f"{device}.json"
            run = BoardRun(config, trace, flash, report, broker.address, "field", seed)
            runs.append(run if hours == WHOLE_DAY else _within(run, window(date, hours)))
        with Ingester(out / "qingyun.db", REGISTRY, broker.address) as ingester:
            ingester.wait_subscribed()
            reports = run_boards(runs, console)
            published = sum(r["published"] for r in reports)
            ingester.wait_for(published)
        counts = ingester.stats()
    configure(out)
    rollup = qingyun(
        *("rollup", "--date", str(date), "--db", out / "qingyun.db"),
        *("--registry", REGISTRY, "--out", out),
    )
    console.print()
    console.print(rollup.stdout.rstrip() or rollup.stderr.rstrip(), soft_wrap=True)
    console.print()
    if rollup.returncode != 0:
        return [f"qingyun rollup ended with {rollup.returncode}"]
    lines = compare(out, date, hours)
    show(lines, console)
    faults = [fault for line in lines for fault in line.faults()]
    made = sum(r["readings"] for r in reports)
    console.print()
    console.print(
        f"readings: {made} made, {published} published, {counts.get('readings')} received, "
        f"{counts.get('stored')} stored, {counts.get('duplicates')} duplicates, "
        f"{counts.get('quarantined')} quarantined"
    )
    if not made == published == counts.get("readings") == counts.get("stored"):
        faults.append("the counts of readings disagree")
    if counts.get("duplicates") or counts.get("quarantined"):
        faults.append("readings were doubled or quarantined")
    took = f"{time.monotonic() - started:.1f} s"
    console.print(f"{took}; where things are:", soft_wrap=True)
    for line in where(date, out):
        console.print(line, soft_wrap=True)
    return faults


def _within(run: BoardRun, seconds: Hours) -> BoardRun:
    """The same board, on from the first of these Unix seconds and off at the second."""
    return replace(run, start=seconds[0], until=seconds[1])


def where(date: dt.date, out: Path) -> list[str]:
    """Lines that say where the run has left what, and what to try on it."""
    near = _near(out)
    files = {
        "database": "qingyun.db qingyun.toml",
        "reports": "daily.csv balance.csv district.csv",
        "traces": "qy-*.csv",
        "truth": "truth.csv truth_events.csv",
        "boards": "qy-*.log qy-*.flash",
    }
    lines = [
        f"  {what:9} " + " ".join(str(near / name) for name in names.split())
        for what, names in files.items()
    ]
    return [*lines, TRY, *(f"  {c}" for c in commands(date, out))]


def commands(date: dt.date, out: Path) -> list[str]:
    """What a person may type next, in this order; files go beside the folder, not into it."""
    near, beside, day = _near(out), _near(out.parent), f"--date {date} --site fs-01"
    program = _near(Path(sys.executable).with_name("qingyun"))
    return [
        f"export QINGYUN_CONFIG={near / 'qingyun.toml'}",
        f"{program} events {day}",
        f"{program} explain {day} --out {beside / 'day.svg'}",
        f"{program} trace daily:{date}/fs-01/湿垃圾",
        f"{program} report --month {date:%Y-%m} --out {beside / 'month.xlsx'}",
    ]


def _near(path: Path) -> Path:
    """The path as one would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser("demo", __doc__)
    parser.add_argument("--seed", type=whole(0), default=1)
    parser.add_argument("--date", type=dt.date.fromisoformat, default=dt.date(2026, 3, 3))
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args(argv)
    console = terminal.console()
    try:
        with sigterm_as_interrupt():
            faults = demo(args.date, args.seed, args.out, console)
    except (RuntimeError, subprocess.CalledProcessError) as error:
        print(f"demo: error: {error}", file=sys.stderr)
        return 2 if isinstance(error, FolderError) else 1
    except KeyboardInterrupt:
        print("demo: stopped; everything it started was stopped with it", file=sys.stderr)
        return 130
    for fault in faults:
        print(f"demo: {fault}", file=sys.stderr)
    if not faults:
        console.print("demo: every collection found, none invented; every reading stored once")
        if args.out == OUT:
            console.print("make demo PAGE=1 opens the page on this day")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
