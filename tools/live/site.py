"""The site that is live, out of the example registry and the demo's boards."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

from sim_board import ROOT
from site_registry import Bin, read_registry

from live.board import configuration

SITE, DEVICE = "fs-01", "qy-fs01"
REGISTRY = ROOT / "registry"


@dataclass(frozen=True)
class Site:
    """name: in Chinese; bins: on scales; spares: bins that can come in their place."""

    name: str
    config: Path
    registry: Path
    bins: list[Bin]
    spares: list[Bin]


def write(folder: Path) -> Site:
    """Its configuration and a registry of this site alone, into the folder."""
    config = folder / f"{DEVICE}.json"
    template = ROOT / "boards" / "sim" / "demo" / config.name
    config.write_text(json.dumps(configuration(template), indent=1), encoding="utf-8")
    registry = folder / "registry"
    registry.mkdir()
    (registry / "towns.csv").write_bytes((REGISTRY / "towns.csv").read_bytes())
    rows = {name: _of_site(name, registry) for name in ("sites.csv", "devices.csv", "bins.csv")}
    known = read_registry(registry)
    name = rows["sites.csv"][0]["name"]
    return Site(name, config, registry, list(known.bins), list(known.spares))


def _of_site(name: str, to: Path) -> list[dict[str, str]]:
    """The rows of a file that are of the site, copied."""
    with (REGISTRY / name).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = [row for row in reader if row["site"] == SITE]
    with (to / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, reader.fieldnames or ())
        writer.writeheader()
        writer.writerows(rows)
    return rows
