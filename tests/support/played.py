"""What is left of a day of boards in a database."""

from __future__ import annotations

import csv
import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_job import qingyun
from killing import until
from stored import spans


@dataclass(frozen=True)
class Played:
    """A folder with qingyun.db, and the registry of its boards."""

    out: Path
    registry: Path

    def daily(self, date: dt.date) -> str:
        """daily.csv of a day, as the command writes it."""
        folder = self.out / str(date)
        args = ("--db", self.out / "qingyun.db", "--registry", self.registry)
        done = qingyun("rollup", "--date", str(date), *args, "--out", folder)
        assert done.returncode == 0, done.stderr
        return (folder / "daily.csv").read_text(encoding="utf-8-sig")

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

    def found() -> int:
        return sum(last - first + 1 for _, first, last in spans(db))

    assert until(lambda: found() >= readings, seconds), f"{found()} of {readings} readings stored"
