"""A fleet.csv of one's own, and `qingyun provision` and `revoke` on it."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from host_job import qingyun
from sim_board import ROOT

EXAMPLE = ROOT / "boards" / "esp32" / "fleet.example.csv"
BROKER = "mqtt.example.org"
WIFI = "Hu4-qing+yun"  # the password
# One board of a new site: a platform and a look into its bin.
PLATFORM = {
    **{"device": "qy-a1", "site": "a-1", "site_name": "一号点", "town": "方松街道"},
    **{"site_kind": "collection", "ssid": "net", "password": WIFI},
    **{"channel": "w1", "kind": "weight", "max_kg": "150", "e_kg": "0.05"},
    **{"bin": "a-1-1", "stream": "干垃圾", "tare_kg": "12.4", "container": "wheelie"},
}
FILL = {
    **{"device": "qy-a1", "channel": "f1", "kind": "fill"},
    **{"empty_mm": "1000", "full_mm": "200", "bin": "a-1-1"},
}
Row = dict[str, str]


def board(device: str, site: str = "a-1", **more: str) -> list[Row]:
    """Both rows for another device, whose bin is named after it."""
    of = {"device": device, "site": site, "bin": f"{device}-1"}
    return [PLATFORM | of | more, FILL | of]


class FleetFolder:
    """A folder with a sheet, a registry, and the fleet made of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.csv = folder / "fleet.csv"
        self.fleet = folder / "fleet"
        self.registry = folder / "registry"
        shutil.copytree(ROOT / "registry", self.registry)
        # As where the signing key is kept elsewhere: making one takes a second.
        self.fleet.mkdir(mode=0o700)
        (self.fleet / "update.pub").write_text("c0ffee\n")

    def write(self, rows: Iterable[Row], encoding: str = "utf-8") -> None:
        rows = list(rows)
        header = list(dict.fromkeys(k for row in rows for k in row))
        with self.csv.open("w", encoding=encoding, newline="") as file:
            table = csv.DictWriter(file, header, restval="")
            table.writeheader()
            table.writerows(rows)

    def provision(
        self, sheet: Path | None = None, broker: str = BROKER
    ) -> subprocess.CompletedProcess[str]:
        places = ("--fleet", self.fleet, "--registry", self.registry, "--broker", broker)
        return qingyun("provision", sheet or self.csv, *places)

    def made(self, rows: Iterable[Row]) -> str:
        """Provision these rows; what was printed."""
        self.write(rows)
        done = self.provision()
        assert done.returncode == 0, done.stderr
        return done.stdout

    def revoke(self, device: str, *more: str) -> subprocess.CompletedProcess[str]:
        done = qingyun("revoke", device, "--fleet", self.fleet, "--registry", self.registry, *more)
        assert done.returncode == 0, done.stderr
        return done

    def state(self) -> dict[str, tuple[bytes, int]]:
        """Content and time of every file of fleet and registry."""
        places = [*self.fleet.rglob("*"), *self.registry.rglob("*")]
        return {
            str(p.relative_to(self.folder)): (p.read_bytes(), p.stat().st_mtime_ns)
            for p in places
            if p.is_file()
        }

    def changed(self, before: dict[str, tuple[bytes, int]]) -> set[str]:
        """Files that are new, other or gone since state()."""
        now = self.state()
        return {n for n in now.keys() | before.keys() if now.get(n) != before.get(n)}
