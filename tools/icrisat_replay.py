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

from broker import Broker
from demo import run_boards
from host_job import Ingester
from icrisat_series import SUPPLY_GAP_S, Sample, gaps, read_cells, waterings
from rich.console import Console
from sim_board import ROOT, BoardRun
from trace_icrisat import device_of

from host import registry
from host.events import Kind, Outcome, derive
from host.rollup import covered_seconds, platform_of, samples
from host.store import Store


def replay_cells(data: Path, out: Path, console: Console) -> dict[str, Outcome]:
    """Device → everything derived of it. RuntimeError when a reading was lost."""
    script = str(ROOT / "tools" / "trace_icrisat.py")
    subprocess.run([sys.executable, script, "--data", str(data), "--out", str(out)], check=True)
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
    return {
        b.device: derive(platform_of(known, b), samples(store, b.device, b.channel, 1 << 40))
        for b in known.platforms()
    }


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
    args.out.mkdir(parents=True, exist_ok=True)
    outcomes = replay_cells(args.data, args.out, Console(stderr=True))
    print(
        "| cell | board off h | coverage lost h | waterings / kg | steps up / kg "
        "| steps down / kg | unattributed / kg | slow change kg | series kg | booked kg |"
    )
    print("| --- |" + " ---: |" * 9)
    for sector, cell in read_cells(args.data).items():
        print(_line(sector, cell, outcomes[device_of(sector)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
