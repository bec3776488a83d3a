"""Six real outdoor load cells through the whole chain, and what came of them.

    python tools/icrisat_replay.py --data load_cells.csv --out build/icrisat

Each series is converted (trace_icrisat), played through the pin-level HX711 as one
platform by the real firmware, stored by the ingester, and turned into events.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from board_runs import run_boards
from broker import Broker
from host_job import Ingester
from icrisat_series import SUPPLY_GAP_S, Sample, gaps, impulses, read_cells, waterings
from rich.console import Console
from run_folder import FolderError, fresh_folder
from sim_board import ROOT, BoardRun
from trace_icrisat import device_of

from host import registry
from host.events import Event, Kind, Outcome, derive
from host.rollup import covered_seconds
from host.rollup.scales import platform_of, samples
from host.store import Store


def replay_cells(data: Path, out: Path, console: Console) -> dict[str, Outcome]:
    """Device → everything derived of it. RuntimeError when a reading was lost.

    What an earlier run left in out is removed."""
    with fresh_folder(out, data) as folder:
        return _replay_cells(data, folder, console)


def _replay_cells(data: Path, out: Path, console: Console) -> dict[str, Outcome]:
    script = str(ROOT / "tools" / "trace_icrisat.py")
    command = [sys.executable, script, "--data", str(data), "--out", str(out)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    known = registry.load(out / "registry")
    db = out / "q.db"
    with Broker(out / "broker") as broker, Ingester(db, out / "registry", broker.address) as host:
        host.wait_subscribed()
        runs = [
            BoardRun(
                out / f"{device}.json",
                out / f"{device}.csv",
                out / f"{device}.flash",
                out / f"{device}.report.json",
                broker.address,
            )
            for device in known.devices
        ]
        reports = run_boards(runs, console)
        made = sum(r["readings"] for r in reports)
        if not host.wait_for(made) or any(r["queued"] or r["dropped"] for r in reports):
            raise RuntimeError(f"of {made} readings {host.stats().get('stored')} are stored")
    store = Store(db)
    store.compact()
    return {
        b.device: derive(platform_of(known, b), samples(store, b.device, b.channel, 1 << 40))
        for b in known.platforms()
    }


BEFORE_S = 1800  # the list names the first row of an hour in which the weight went up
PLACES = {"watering": 4 * 3600, "impulse": 2100}  # until so long after it: run-off; two rows


DOWN = (Kind.COLLECTION, Kind.REMOVAL)


def _where(event: Event, cell: list[Sample]) -> str:
    """What of the series an event stands beside."""
    for place, found in (("watering", waterings(cell)), ("impulse", impulses(cell))):
        if any(-BEFORE_S <= event.t - sample.t <= PLACES[place] for sample, _ in found):
            return place
    return "elsewhere"


def _steps(sector: str, cell: list[Sample], o: Outcome) -> str:
    """Number and kg of the steps up and down, by what they stand beside."""
    cells = [sector]
    for kinds in ((Kind.DEPOSIT,), DOWN):
        steps = [(_where(e, cell), e.grams) for e in o.events if e.kind in kinds]
        for place in (*PLACES, "elsewhere"):
            grams = [g for where, g in steps if where == place]
            cells.append(f"{len(grams)} / {sum(grams) / 1000:.2f}")
    return "| " + " | ".join(cells) + " |"


def _line(sector: str, cell: list[Sample], o: Outcome) -> str:
    start, end = cell[0].t, cell[-1].t
    off = sum(b.t - a.t for a, b in gaps(cell, SUPPLY_GAP_S))
    lost = end - start - covered_seconds(o.covered, start, end)
    wet = waterings(cell)
    number = {kind: sum(e.kind is kind for e in o.events) for kind in Kind}
    cells = [
        sector,
        f"{off / 3600:.1f}",
        f"{lost / 3600:.1f}",
        f"{len(wet)} / {sum(g for _, g in wet) / 1000:.2f}",
        f"{number[Kind.DEPOSIT]} / {o.sums.deposited / 1000:.2f}",
        f"{number[Kind.COLLECTION]} / {o.sums.collected / 1000:.2f}",
        f"{number[Kind.REMOVAL]} / {o.sums.removed / 1000:.2f}",
        f"{number[Kind.UNATTRIBUTED]} / {o.sums.unattributed / 1000:.2f}",
        f"{o.sums.drift / 1000:.2f}",
        f"{(cell[-1].grams - cell[0].grams) / 1000:.3f}",
        f"{(o.sums.closing - o.sums.opening) / 1000:.3f}",
    ]
    return "| " + " | ".join(cells) + " |"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("build/icrisat"))
    args = parser.parse_args(argv)
    try:
        outcomes = replay_cells(args.data, args.out, Console(stderr=True))
    except subprocess.CalledProcessError:
        return 2  # the converter has said why
    except RuntimeError as error:
        print(f"icrisat_replay: error: {error}", file=sys.stderr)
        return 2 if isinstance(error, FolderError) else 1
    cells = {
        sector: (cell, outcomes[device_of(sector)])
        for sector, cell in read_cells(args.data).items()
    }
    print(
        "| cell | board off h | coverage lost h | waterings / kg | steps up / kg "
        "| collections / kg | removals / kg "
        "| unattributed / kg | slow change kg | series kg | booked kg |"
    )
    print("| --- |" + " ---: |" * 10)
    for sector, (cell, outcome) in cells.items():
        print(_line(sector, cell, outcome))
    print(
        "\n| cell | up at a watering / kg | up at an impulse / kg | up elsewhere / kg "
        "| down at a watering / kg | down at an impulse / kg | down elsewhere / kg |"
    )
    print("| --- |" + " ---: |" * 6)
    for sector, (cell, outcome) in cells.items():
        print(_steps(sector, cell, outcome))
    return 0


if __name__ == "__main__":
    sys.exit(main())
