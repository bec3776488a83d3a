"""Real outdoor load cells as traces: six boards with one platform each.

    python tools/trace_icrisat.py --data load_cells.csv --out build/icrisat
    python tools/trace_icrisat.py --data load_cells.csv --describe

writes OUT/{device}.csv (trace), OUT/{device}.json (board configuration) and
OUT/registry/*.csv, so that the host can roll the six up as one site. Each 15-minute
value is held until the next row: what happened in between, nobody knows. More than
30 minutes without a row is a board without supply: power 0 from a minute after the
last row until the next.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from icrisat_series import CADENCE_S, SUPPLY_GAP_S, Sample, describe, read_cells
from run_folder import FolderError, unused
from site_registry import BadInput

SITE = "icrisat"
TOWN = "ICRISAT Patancheru"
HEADROOM = 1.1
CAPACITIES_KG = (30, 60, 150, 300, 600, 1500)
COUNTS_AT_CAPACITY = 3_150_000  # 21,000 counts/kg on a 150 kg platform
LAST_READING_S = 60  # time the board has to report a row before its supply goes


def device_of(sector: str) -> str:
    return "ic-" + sector.lower()


def capacity(cell: Sequence[Sample]) -> int:
    """kg: the smallest usual platform with some room over the heaviest row."""
    heaviest = max(s.grams for s in cell) / 1000
    for kg in CAPACITIES_KG:
        if heaviest * HEADROOM <= kg:
            return kg
    raise BadInput(f"mass_g: expected at most {CAPACITIES_KG[-1]} kg, got {heaviest:.0f} kg")


def trace(cell: Sequence[Sample]) -> list[tuple[int, str, float]]:
    """Rows (t, channel, value): w1 in kg, power 0/1."""
    rows: list[tuple[int, str, float]] = [(cell[0].t, "power", 1)]
    for i, sample in enumerate(cell):
        gap = i > 0 and sample.t - cell[i - 1].t > SUPPLY_GAP_S
        if gap:
            rows.append((cell[i - 1].t + LAST_READING_S, "power", 0))
        rows.append((sample.t, "w1", sample.grams / 1000))
        if gap:  # the load is there before the board wakes up
            rows.append((sample.t, "power", 1))
    rows.append((cell[-1].t + CADENCE_S, "w1", cell[-1].grams / 1000))
    return rows


def config(device: str, max_kg: int) -> dict[str, object]:
    """A board configuration with one weight channel."""
    channel = {
        "id": "w1",
        "kind": "weight",
        "dout": 32,
        "sck": 33,
        "gain": 128,
        "max_kg": max_kg,
        "e_kg": max_kg / 3000,
        "calibration": {
            "id": "c-icrisat",
            "date": "2018-02-12",
            "zero": 84213,
            "counts_per_kg": COUNTS_AT_CAPACITY / max_kg,
        },
    }
    return {
        "device": device,
        "site": SITE,
        "wifi": {"ssid": "icrisat", "password": "replayed-not-radioed"},
        "mqtt": {"host": "127.0.0.1", "port": 1883, "keepalive": 60},
        "ntp": ["127.0.0.1"],
        "report": {"every_s": 300, "sample_s": 10, "weight_kg": 0.2, "fill": 0.05},
        "channels": [channel],
    }


def _write(path: Path, header: str, lines: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(lines)


def convert(cells: dict[str, list[Sample]], out: Path) -> dict[str, int]:
    """Write everything into out (made when absent); device -> rows of its trace."""
    registry = out / "registry"
    names = [f"{device_of(sector)}.{end}" for sector in cells for end in ("csv", "json")]
    tables = [f"registry/{name}.csv" for name in ("towns", "sites", "devices", "bins")]
    unused(*(out / name for name in (*names, *tables)))
    registry.mkdir(parents=True, exist_ok=True)
    written = {}
    bins = []
    for sector, cell in cells.items():
        device = device_of(sector)
        max_kg = capacity(cell)
        rows = trace(cell)
        _write(out / f"{device}.csv", "t,channel,value", rows)
        text = json.dumps(config(device, max_kg), indent=1)
        (out / f"{device}.json").write_text(text + "\n", encoding="utf-8")
        bins.append(
            [sector, SITE, device, "w1", "", "危险废物", "", 0, "platform", max_kg, max_kg / 3000]
        )
        written[device] = len(rows)
    _write(registry / "towns.csv", "code,town", [["999000001", TOWN]])
    _write(
        registry / "sites.csv",
        "site,name,town,kind,windows",
        [[SITE, "ICRISAT load cells 2018", TOWN, "hazardous", ""]],
    )
    _write(registry / "devices.csv", "device,site", [[device, SITE] for device in written])
    _write(
        registry / "bins.csv",
        "bin,site,device,channel,fill_channel,stream,volume_l,tare_kg,container,max_kg,e_kg",
        bins,
    )
    return written


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0, or 2 with one line on stderr for bad input."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="load_cells.csv")
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--out", type=Path, help="folder to write into")
    task.add_argument("--describe", action="store_true", help="print what the file holds")
    args = parser.parse_args(argv)
    try:
        cells = read_cells(args.data)
        if args.describe:
            print("\n".join(describe(cells)))
            return 0
        written = convert(cells, args.out)
    except (BadInput, FolderError) as error:
        print(f"trace_icrisat: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"trace_icrisat: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    for device, rows in written.items():
        print(f"{args.out / device}.csv: {rows} rows")
    print(f"{args.out}/registry: knows these {len(written)} boards")
    return 0


if __name__ == "__main__":
    sys.exit(main())
