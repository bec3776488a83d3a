"""SIGKILL of ingester and broker: nothing lost, nothing doubled, the same report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import killing
import pytest
from bench_host import load
from host_job import qingyun
from stored import quarantined, seqs


def check(tmp_path: Path, figure: Callable[[str], None], total: int, kills: int, seed: int) -> None:
    """Also what `make soak` runs, with larger numbers."""
    registry = tmp_path / "registry"
    load.write_registry(registry, killing.boards(total))
    outcome, db = killing.run(tmp_path, registry, total, kills, seed)
    what = killing.messages(total, seed)
    found = seqs(db)
    lost = killing.names(what) - set(found)
    doubled = len(found) - len(set(found))
    figure(
        f"{outcome.kills} SIGKILLs of ingester and broker during {outcome.readings} readings: "
        f"{len(lost)} lost, {doubled} doubled, {outcome.resent} messages sent again by boards"
    )
    assert not lost
    assert not doubled
    assert quarantined(db) == 0
    calm = tmp_path / "calm.db"
    killing.fill(calm, what)
    reports = []
    for source in (db, calm):
        out = tmp_path / source.stem
        args = ("--db", source, "--registry", registry, "--out", out)
        done = qingyun("rollup", "--date", "2026-09-22", *args)
        assert done.returncode == 0, done.stderr
        reports.append((out / "daily.csv").read_bytes())
    assert reports[0] == reports[1]


@pytest.mark.usefixtures("needs_mosquitto")
def test_ten_kills(tmp_path: Path, figure: Callable[[str], None]) -> None:
    check(tmp_path, figure, 60_000, 10, 3)
