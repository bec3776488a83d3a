"""A bench for one board with one platform: its folder, configuration, trace, host and store."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import stored
from fault_proxy import PUBACK, PUBLISH, Packet, Proxy
from host_job import Ingester, qingyun
from replay import make_registry
from rig_board import RigRun
from simple_site import SCALE, Row, write_trace

DATE = dt.date(2026, 3, 3)
DEVICE, SITE = "qy-hw09", "hw-09"
# Hour, kg: deposits of 5, 7 and 11 kg, then everything is taken away.
LOADS = ((0.0, 0.0), (1.0, 5.0), (2.5, 12.0), (4.0, 23.0), (5.5, 0.0))


@dataclass
class Bench:
    """Everything of one run is in `folder`."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.db = self.folder / "qingyun.db"
        self.registry = self.folder / "registry"
        self.configure()

    def configure(
        self, every_s: int = 300, sample_s: int = 10, keepalive: int = 60, **more: Any
    ) -> None:
        """Write the board's configuration, and a registry that knows the board."""
        config: dict[str, Any] = {"device": DEVICE, "site": SITE, "channels": [SCALE]}
        config["mqtt"] = {"host": "127.0.0.1", "keepalive": keepalive}
        config["report"] = {"every_s": every_s, "sample_s": sample_s}
        (self.folder / "board.json").write_text(json.dumps(config | more))
        make_registry(config, self.registry)

    def board(self, address: str, rows: list[Row], name: str = "run", **more: Any) -> RigRun:
        """A run of the board on a trace of rows (seconds after midnight, channel, value)."""
        trace = self.folder / f"{name}.csv"
        write_trace(trace, rows)
        return RigRun(
            *(self.folder / "board.json", trace, self.folder / "board.flash"),
            self.folder / f"{name}.json",
            address,
            **more,
        )

    @contextmanager
    def host(self, broker: str) -> Iterator[Ingester]:
        """The ingester, subscribed."""
        with Ingester(self.db, self.registry, broker) as ingester:
            ingester.wait_subscribed()
            yield ingester

    def check_store(self, readings: int) -> None:
        """Each of so many readings is stored, and once."""
        assert [span[1:] for span in stored.spans(self.db)] == [(0, readings - 1)]
        assert [seq for _, seq in stored.seqs(self.db)] == list(range(readings))
        assert stored.quarantined(self.db) == 0

    def daily(self) -> bytes:
        """daily.csv of the day, as the command writes it."""
        args = ("--db", self.db, "--registry", self.registry, "--out", self.folder)
        done = qingyun("rollup", "--date", str(DATE), *args)
        assert done.returncode == 0, done.stderr
        return (self.folder / "daily.csv").read_bytes()


def loads(until_hour: float) -> list[Row]:
    """Rows of the loads of the day, and an end of the trace."""
    rows: list[Row] = [(3600 * hour, "w1", kg) for hour, kg in LOADS]
    return [*rows, (3600 * until_hour, "d9", 0)]  # a channel that the board does not have


def run(board: RigRun, seconds: float = 300) -> dict[str, Any]:
    """Run a board to its end; its report."""
    process = board.launch()
    try:
        assert process.wait(timeout=seconds) == 0, board.log[-2000:]
    finally:
        process.kill()
        process.wait()
    return board.result()


def wait_for(what: Callable[[], Any], seconds: float, process: subprocess.Popen[bytes]) -> Any:
    """The first true value of what() while the board runs; fails when it does not come."""
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, "it did not come in time"
        assert process.poll() is None, "the board came to its end before"
        time.sleep(0.01)
    return value


def readings_sent(proxy: Proxy) -> list[Packet]:
    return proxy.packets(PUBLISH, from_board=True, topic="/reading")


class Published:
    """Finds the PUBLISH that a PUBACK of the broker belongs to."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, int], Packet] = {}

    def match(self, packet: Packet) -> Packet | None:
        """Call it with every packet; for a PUBACK to the board, what it acknowledges."""
        key = (packet.connection, packet.id)
        if packet.from_board and packet.kind == PUBLISH and packet.id:
            self._waiting[key] = packet
        if not packet.from_board and packet.kind == PUBACK:
            return self._waiting.pop(key, None)
        return None
