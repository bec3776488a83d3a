"""Ingester and broker killed while readings come in; the report beside one of a calm run."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import killing
from host_job import qingyun
from stored import quarantined, seqs

from bench_host import load


@dataclass(frozen=True)
class Killed:
    """What is left of it. same: the daily report is that of the calm run, to the byte."""

    readings: int
    kills: int
    resent: int
    lost: int
    doubled: int
    refused: int
    same: bool


def measure(folder: Path, total: int, kills: int, seed: int) -> Killed:
    """In an empty folder, or a new one."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    registry = folder / "registry"
    load.write_registry(registry, killing.boards(total))
    outcome, db = killing.run(folder, registry, total, kills, seed)
    what = killing.messages(total, seed)
    found = seqs(db)
    calm = folder / "calm.db"
    killing.fill(calm, what)
    reports = [_report(source, registry) for source in (db, calm)]
    return Killed(
        outcome.readings,
        outcome.kills,
        outcome.resent,
        len(killing.names(what) - set(found)),
        len(found) - len(set(found)),
        quarantined(db),
        reports[0] == reports[1],
    )


def _report(db: Path, registry: Path) -> bytes:
    out = db.with_suffix("")
    done = qingyun(
        "rollup", "--date", "2026-09-22", *("--db", db, "--registry", registry, "--out", out)
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return (out / "daily.csv").read_bytes()
