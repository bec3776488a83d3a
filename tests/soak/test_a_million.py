"""`make soak`: what takes longer than every change should wait for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from test_killing import check


@pytest.mark.usefixtures("needs_mosquitto")
def test_fifty_kills_during_a_million_readings(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    check(tmp_path, figure, 1_000_000, 50, 11)
