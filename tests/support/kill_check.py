"""Ingester and broker are killed while readings come in: what must hold then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench_host import kills as killed


def check(tmp_path: Path, figure: Callable[[str], None], total: int, kills: int, seed: int) -> None:
    """`make soak` does the same with larger numbers."""
    found = killed.measure(tmp_path / "killed", total, kills, seed)
    figure(
        f"{found.kills} SIGKILLs of ingester and broker during {found.readings} readings: "
        f"{found.lost} lost, {found.doubled} doubled, {found.resent} messages sent again by boards"
    )
    assert (found.lost, found.doubled, found.refused) == (0, 0, 0)
    assert found.same
