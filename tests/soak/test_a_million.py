"""`make soak`: what takes longer than every change should wait for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from bench_host import load, stall
from kill_check import check

pytestmark = pytest.mark.disk


@pytest.mark.usefixtures("needs_mosquitto")
def test_fifty_kills_during_a_million_readings(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    check(tmp_path, figure, 1_000_000, 50, 11)


@pytest.mark.usefixtures("needs_mosquitto")
def test_postgres_locked_for_five_minutes(
    tmp_path: Path, postgres_database: str, figure: Callable[[str], None]
) -> None:
    """make bench-host does the same with SQLite."""
    load.write_registry(tmp_path / "registry")
    found = stall.measure(postgres_database, tmp_path, 300, 5000)
    figure(
        f"PostgreSQL locked for 300 s at 5000 readings/s: ingester at most {found['rss_mb']} MB, "
        f"broker {found['broker_mb']} MB, {found['lost']} of {found['sent']} lost, nothing "
        f"waiting {found['behind_s']:.0f} s later"
    )
    assert found["lost"] == 0
    assert found["rss_mb"] < 300
