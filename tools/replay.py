"""Plays one trace through the real firmware and the host job, and shows each day.

    python tools/replay.py --trace T.csv --config C.json [--physics ideal] [--out build/replay]

Without --registry one is made for the board: its site, every weight channel an open
platform of 危险废物 (tare 0), which is the plainest reading of a weight series.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from broker import Broker
from host_job import Ingester, qingyun
from rich.console import Console
from sim_board import BoardRun

from host import tables

LOCAL = dt.timezone(dt.timedelta(hours=8))


class ReplayError(Exception):
    """One line: what cannot be replayed, and why."""


def make_registry(config: dict[str, Any], folder: Path) -> Path:
    """A registry that knows just this board."""
    folder.mkdir(parents=True, exist_ok=True)
    site, device = config["site"], config["device"]
    (folder / "towns.csv").write_text("code,town\n000000000,-\n")
    (folder / "sites.csv").write_text(
        f"site,name,town,kind,windows\n{site},replay of {site},-,hazardous,\n"
    )
    (folder / "devices.csv").write_text(f"device,site\n{device},{site}\n")
    with (folder / "bins.csv").open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(
            (
                *("bin", "site", "device", "channel", "fill_channel", "stream", "volume_l"),
                *("tare_kg", "container", "max_kg", "e_kg"),
            )
        )
        for ch in config["channels"]:
            if ch["kind"] == "weight":
                scale = ch.get("max_kg", 150), ch.get("e_kg", 0.05)
                name = f"{device}-{ch['id']}"
                row = (name, site, device, ch["id"], "", "危险废物", "", 0, "platform")
                out.writerow(row + scale)
    return folder


def days(trace: Path) -> list[dt.date]:
    """The Shanghai days that a trace touches."""
    try:
        lines = trace.read_text().split()
        first, last = (float(lines[i].split(",")[0]) for i in (1, -1))
    except (OSError, ValueError, IndexError):
        raise ReplayError(f"{trace}: expected a trace of t,channel,value rows") from None
    start = dt.datetime.fromtimestamp(first, LOCAL).date()
    end = dt.datetime.fromtimestamp(last, LOCAL).date()
    return [start + dt.timedelta(n) for n in range((end - start).days + 1)]


def replay(
    trace: Path, config: Path, out: Path, *, registry: Path | None, physics: str, seed: int
) -> dict[str, Any]:
    """Run it; the board's report. The database is out/qingyun.db, the days out/DATE/."""
    try:
        described = json.loads(config.read_text())
        touched = days(trace)
    except (OSError, ValueError) as error:
        raise ReplayError(f"{config}: expected a board configuration: {error}") from None
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    known = registry or make_registry(described, out / "registry")
    run_args = (config, trace, out / "board.flash", out / "board.json")
    with Broker(out / "broker") as broker:
        with Ingester(out / "qingyun.db", known, broker.address) as ingester:
            ingester.wait_subscribed()
            run = BoardRun(*run_args, broker.address, physics, seed)
            with Console(stderr=True).status("board …"):  # silent where there is no terminal
                run.launch().wait()
            report = run.result()
            ingester.wait_for(report["published"])
        report["host"] = ingester.stats()
    for date in touched:
        rollup = qingyun(
            *("rollup", "--date", str(date), "--db", out / "qingyun.db"),
            *("--registry", known, "--out", out / str(date)),
        )
        if rollup.returncode:
            raise ReplayError(rollup.stderr.strip())
    return report


def show(out: Path) -> None:
    """Each day's line for each stream, as it stands in daily.csv."""
    table = tables.table()
    tables.columns(table, ("date", "stream"))
    figures = ("deposited_kg", "collected_kg", "collections", "coverage", "unattributed_kg")
    tables.columns(table, (name.replace("_", "\n") for name in figures), right=True)
    for path in sorted(out.glob("*/daily.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                table.add_row(row["date"], row["stream"], *(row[name] for name in figures))
    tables.console().print(table)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trace", type=Path, required=True)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--registry", type=Path)
    parser.add_argument("--out", type=Path, default=Path("build/replay"))
    parser.add_argument("--physics", choices=("ideal", "field"), default="ideal")
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args(argv)
    try:
        report = replay(
            a.trace, a.config, a.out, registry=a.registry, physics=a.physics, seed=a.seed
        )
    except (ReplayError, RuntimeError) as error:
        print(f"replay: error: {error}", file=sys.stderr)
        return 2
    show(a.out)
    host = report["host"]
    print(
        f"{report['virtual_s']} s simulated in {report['wall_s']} s, {report['frames']} HX711 "
        f"frames\n{report['readings']} readings made, {report['published']} published, "
        f"{host.get('stored')} stored, {host.get('quarantined')} quarantined; files: {a.out}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
