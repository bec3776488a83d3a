"""SIGKILL of ingester and broker: nothing lost, nothing doubled, the same report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from bench_host import kills as killed


def check(tmp_path: Path, figure: Callable[[str], None], total: int, kills: int, seed: int) -> None:
    """Also what `make soak` runs, with larger numbers."""
    found = killed.measure(tmp_path / "killed", total, kills, seed)
    figure(
        f"{found.kills} SIGKILLs of ingester and broker during {found.readings} readings: "
        f"{found.lost} lost, {found.doubled} doubled, {found.resent} messages sent again by boards"
    )
    assert (found.lost, found.doubled, found.refused) == (0, 0, 0)
    assert found.same


@pytest.mark.usefixtures("needs_mosquitto")
def test_ten_kills(tmp_path: Path, figure: Callable[[str], None]) -> None:
    check(tmp_path, figure, 60_000, 10, 3)
