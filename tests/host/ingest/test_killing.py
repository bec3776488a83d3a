"""SIGKILL of ingester and broker: nothing lost, nothing doubled, the same report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from kill_check import check
from soak import in_part


@pytest.mark.disk
@pytest.mark.usefixtures("needs_mosquitto")
def test_ten_kills(tmp_path: Path, figure: Callable[[str], None]) -> None:
    check(tmp_path, figure, in_part(30_000, 60_000), 10, 3)
