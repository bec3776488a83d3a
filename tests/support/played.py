"""A day of boards through broker and ingester, with room for accidents on the way."""

from __future__ import annotations

import csv
import datetime as dt
import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broker import Broker
from host_job import Ingester, qingyun
from sim_board import BoardRun

Accident = Callable[[Ingester, Broker], None]


@dataclass(frozen=True)
class Played:
    """What is left of a run: reports of the boards, and what `qingyun status` says."""

    out: Path
    registry: Path
    reports: list[dict[str, Any]]
    status: dict[str, Any]

    def daily(self, date: dt.date) -> str:
        """daily.csv of a day, as the command writes it."""
        folder = self.out / str(date)
        args = ("--db", self.out / "qingyun.db", "--registry", self.registry)
        done = qingyun("rollup", "--date", str(date), *args, "--out", folder)
        assert done.returncode == 0, done.stderr
        return (folder / "daily.csv").read_text(encoding="utf-8")

    def rows(self, date: dt.date) -> list[dict[str, str]]:
        return list(csv.DictReader(self.daily(date).splitlines()))


def status(db: Path) -> dict[str, Any]:
    """`qingyun status --json`; nothing stored while there is no database yet."""
    done = qingyun("status", "--db", db, "--json")
    if done.returncode:
        return {"stored": 0, "quarantined": 0, "lives": []}
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


def wait_stored(db: Path, readings: int, seconds: float = 180) -> None:
    """Wait until so many readings are stored; fails when they do not come."""
    end = time.monotonic() + seconds
    while (stored := status(db)["stored"]) < readings:
        assert time.monotonic() < end, f"{stored} of {readings} readings stored"
        time.sleep(0.3)


def play(
    out: Path, registry: Path, broker: Broker, runs: Sequence[BoardRun], accident: Accident
) -> Played:
    """Run at most two boards at once, beside them the accident, until all is stored."""
    assert len(runs) <= 2
    db = out / "qingyun.db"
    boards: list[subprocess.Popen[bytes]] = []
    with Ingester(db, registry, broker.address) as ingester:
        ingester.wait_subscribed()
        try:
            boards += [run.launch() for run in runs]
            accident(ingester, broker)
            assert any(b.poll() is None for b in boards), "the accident came after the boards"
            for board in boards:
                board.wait(timeout=300)
        finally:
            for board in boards:
                board.kill()
                board.wait()
        reports = [run.result() for run in runs]
        wait_stored(db, sum(r["readings"] for r in reports))
    return Played(out, registry, reports, status(db))
