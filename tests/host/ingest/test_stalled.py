"""A store that takes nothing while readings keep coming: bounded memory, nothing lost.

`make bench-host` does it for five minutes at 5,000 readings/s."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from bench_host import load, stall

RATE, SECONDS = 2000, 14.0  # longer than an attempt to write waits for the lock


@pytest.mark.disk
@pytest.mark.usefixtures("needs_mosquitto")
@pytest.mark.each_engine
def test_a_stalled_store(
    tmp_path: Path, database: Path | str, figure: Callable[[str], None]
) -> None:
    load.write_registry(tmp_path / "registry")
    found = stall.measure(str(database), tmp_path, SECONDS, RATE)
    log = (tmp_path / "stall" / "stall.ingest.log").read_text()
    engine = "SQLite" if isinstance(database, Path) else "PostgreSQL"
    figure(
        f"{engine} locked for {SECONDS:.0f} s at {RATE} readings/s: ingester at most "
        f"{found['rss_mb']:.0f} MB, {found['lost']:.0f} of {found['sent']:.0f} lost, "
        f"nothing waiting {found['behind_s']:.1f} s later"
    )
    assert found["lost"] == 0
    assert found["rss_mb"] < 300
    assert found["before"] < found["sent"] / 2
    assert "nothing is acknowledged until it can be written" in log
    assert "can be written again" in log
    assert "connection to the broker lost" not in log
