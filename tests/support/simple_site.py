"""One board with one platform on which a steady weight stands; for tests of the board."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim_board import BoardRun

MIDNIGHT = 1_772_467_200  # 2026-03-03 00:00 in Shanghai
HEADER = "bin,site,device,channel,fill_channel,stream,volume_l,tare_kg,container,max_kg,e_kg"
SCALE = {
    **{"id": "w1", "kind": "weight", "dout": 34, "sck": 25, "max_kg": 150, "e_kg": 0.05},
    "calibration": {"id": "c", "date": "2026-01-05", "zero": 84213, "counts_per_kg": 21000},
}
FILL = {"id": "f1", "kind": "fill", "trig": 16, "echo": 18, "empty_mm": 1000, "full_mm": 200}
THERMOMETER = {"id": "c1", "kind": "temperature", "pin": 4}
Row = tuple[float, str, float]


def write_trace(path: Path, rows: Sequence[Row]) -> None:
    """Rows (seconds after midnight, channel, value) as what a board is played."""
    lines = [f"{MIDNIGHT + t},{channel},{value}" for t, channel, value in sorted(rows)]
    path.write_text("\n".join(["t,channel,value", *lines]) + "\n")


@dataclass(frozen=True)
class SimpleSite:
    """A folder with registry, configuration and trace of one board."""

    folder: Path

    def __post_init__(self) -> None:
        write = {
            "towns.csv": "code,town\n310117105,新桥镇\n",
            "sites.csv": "site,name,town,kind,windows\nhw-09,store,新桥镇,hazardous,\n",
            "devices.csv": "device,site\nqy-hw09,hw-09\n",
            "bins.csv": f"{HEADER}\np1,hw-09,qy-hw09,w1,,危险废物,0,0,platform,150,0.05\n",
        }
        for name, text in write.items():
            (self.folder / name).write_text(text, encoding="utf-8")

    @property
    def db(self) -> Path:
        return self.folder / "qingyun.db"

    def configure(self, channels: Sequence[dict[str, Any]] = (SCALE,), **more: object) -> None:
        config: dict[str, Any] = {
            "device": "qy-hw09",
            "site": "hw-09",
            "mqtt": {"host": "127.0.0.1"},
        }
        config |= {"channels": list(channels)} | more
        (self.folder / "board.json").write_text(json.dumps(config))

    def trace(self, rows: Sequence[Row]) -> None:
        """Rows with seconds since midnight."""
        write_trace(self.folder / "trace.csv", rows)

    def board(self, address: str, **more: Any) -> BoardRun:
        config, trace, flash, report = (
            self.folder / name for name in ("board.json", "trace.csv", "flash.img", "report.json")
        )
        return BoardRun(config, trace, flash, report, address, **more)

    def log(self) -> str:
        return (self.folder / "report.log").read_text()

    def run(self, board: BoardRun) -> dict[str, Any]:
        """Run a board to its end; its report."""
        assert board.launch().wait(timeout=200) == 0, self.log()[-2000:]
        return board.result()
