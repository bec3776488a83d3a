"""Plays one trace through the real firmware and the host job, and shows each day.

    python tools/replay.py --trace T.csv --config C.json [--registry DIR] [--physics ideal]
        [--seed 1] [--out build/replay]

The registry says what stands on each channel: --registry, or else the project's, if it knows
the board. Otherwise one is made up, and the first line says so: its site, every weight channel
an open platform of 危险废物, tare 0.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from arguments import Parser, whole
from board.errors import BoardError
from board.files import configuration
from broker import Broker
from host_job import Ingester, qingyun
from rich.console import Console
from run_folder import FolderError, fresh_folder, sigterm_as_interrupt
from sim_board import ROOT, BoardRun
from trace_file import LINES, Trace, TraceError, check

from host import registry as registry_
from host.common import terminal
from host.common.errors import UserError
from host.common.local_days import date_of, local_day

OURS = ROOT / "registry"
WRONG_USE = (BoardError, FolderError, TraceError, UserError)


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
                name = f"{device}-{ch['id']}"
                row = (name, site, device, ch["id"], "", "危险废物", "", 0, "platform")
                out.writerow((*row, ch["max_kg"], ch["e_kg"]))
    return folder


def find_registry(config: dict[str, Any], named: Path | None) -> Path | None:
    """The folder that knows the board; None: there is none. UserError when the one that was
    named does not know it, or knows it elsewhere."""
    folder = named or OURS
    known = registry_.load(folder)
    if folder.is_relative_to(Path.cwd()):
        folder = folder.relative_to(Path.cwd())  # as one would type it here
    device, site = config["device"], config["site"]
    if device not in known.devices:
        if named is None:
            return None
        names = " ".join(list(known.devices)[:10]) or "none"
        raise UserError(f"{folder}/devices.csv: expected {device}, found {names}")
    if (found := known.devices[device].site) != site:
        raise UserError(f"{folder}/devices.csv: {device}: expected the site {site}, found {found}")
    return folder


def assumed(config: dict[str, Any], folder: Path | None) -> str:
    """What the figures go by."""
    device = config["device"]
    if folder is None:
        return (
            f"no registry knows {device}, one is made up: every weight channel is an open "
            "platform of 危险废物, tare 0 kg; REGISTRY=FOLDER names one that knows its bins"
        )
    bins = [b for b in registry_.load(folder).bins if b.device == device]
    told = (
        f"{b.channel or b.fill_channel} {b.stream} {b.container}, tare {b.tare_g / 1000:g} kg"
        for b in bins
    )
    return f"registry {folder} knows {device}: {'; '.join(told) or 'no bin on it'}"


def gaps(config: dict[str, Any], trace: Trace, folder: Path | None) -> list[str]:
    """What will be missing in the figures: a line each."""
    ids = {c["id"]: c["kind"] for c in config["channels"]}
    said = []
    if mute := [c for c in ids if c not in trace.channels]:
        said.append(f"no rows of {' '.join(mute)}: these sensors do not answer")
    if folder is not None:
        on = {b.channel for b in registry_.load(folder).bins if b.device == config["device"]}
        weights = [c for c, kind in ids.items() if kind == "weight" and c in trace.channels]
        if loose := [c for c in weights if c not in on]:
            said.append(f"no bin of {folder}/bins.csv on {' '.join(loose)}: not in the figures")
    return said


def replay(
    trace: Path, config: Path, out: Path, *, registry: Path | None, physics: str, seed: int
) -> dict[str, Any]:
    """Run it; the board's report. The database is out/qingyun.db, the days out/DATE/."""
    described = configuration(config)
    more = LINES if "uplinks" in described else ()
    spans = check(trace, [*(c["id"] for c in described["channels"]), *more])
    known = find_registry(described, registry)
    needed = (trace, config, *([known] if known else []))
    with fresh_folder(out, *needed) as folder:
        print(f"replay: {assumed(described, known)}", flush=True)
        for line in gaps(described, spans, known):
            print(f"replay: {line}", flush=True)
        played = folder / "config.json"  # the broker of a replay asks for no certificate
        mqtt = {k: v for k, v in described["mqtt"].items() if k not in ("tls", "user", "password")}
        played.write_text(json.dumps(described | {"mqtt": mqtt}, ensure_ascii=False))
        known = known or make_registry(described, folder / "registry")
        board = folder / "board.flash", folder / "board.json"
        with Broker(folder / "broker") as broker:
            with Ingester(folder / "qingyun.db", known, broker.address) as ingester:
                ingester.wait_subscribed()
                run = BoardRun(
                    *(played, trace.resolve(), *board, broker.address, physics, seed),
                )
                with Console(stderr=True).status("board …"):  # silent where there is no terminal
                    run.launch().wait()
                report = run.result()
                ingester.wait_for(report["published"])
            report["host"] = ingester.stats()
        for day in range(local_day(int(spans.first)), local_day(int(spans.last)) + 1):
            date = str(date_of(day))
            rollup = qingyun(
                *("rollup", "--date", date, "--db", folder / "qingyun.db"),
                *("--registry", known, "--out", folder / date),
            )
            if rollup.returncode:
                raise RuntimeError(rollup.stderr.strip())
    return report


def show(out: Path, site: str) -> None:
    """Each day's line for each stream of the site, as it stands in daily.csv."""
    table = terminal.table()
    terminal.columns(table, ("date", "stream"))
    figures = ("deposited_kg", "collected_kg", "collections", "coverage", "unattributed_kg")
    terminal.columns(table, (name.replace("_", "\n") for name in figures), right=True)
    for path in sorted(out.glob("*/daily.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                if row["site"] == site:
                    table.add_row(row["date"], row["stream"], *(row[name] for name in figures))
    terminal.console().print(table)


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser("replay", __doc__)
    parser.add_argument("--trace", type=Path, required=True)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--registry", type=Path)
    parser.add_argument("--out", type=Path, default=Path("build/replay"))
    parser.add_argument("--physics", choices=("ideal", "field"), default="ideal")
    parser.add_argument("--seed", type=whole(0), default=1)
    a = parser.parse_args(argv)
    try:
        with sigterm_as_interrupt():
            report = replay(
                a.trace, a.config, a.out, registry=a.registry, physics=a.physics, seed=a.seed
            )
    except KeyboardInterrupt:
        print("replay: stopped; everything it started was stopped with it", file=sys.stderr)
        return 130
    except (*WRONG_USE, RuntimeError) as error:
        print(f"replay: error: {error}", file=sys.stderr)
        return 2 if isinstance(error, WRONG_USE) else 1
    show(a.out, json.loads(a.config.read_text())["site"])
    host = report["host"]
    print(
        f"{report['virtual_s']} s simulated in {report['wall_s']} s, {report['frames']} HX711 "
        f"frames\n{report['readings']} readings made, {report['published']} published, "
        f"{host.get('stored')} stored, {host.get('quarantined')} quarantined; files: {a.out}"
    )
    if report["readings"] != host.get("stored") or host.get("quarantined"):
        print("replay: error: the counts of readings disagree", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
