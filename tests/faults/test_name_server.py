"""A name server that does not answer: sampling goes on, and an address that worked is used."""

from __future__ import annotations

import json
from pathlib import Path

from bench import Bench, run
from broker import Broker
from listener import Listener
from simple_site import Row

# Shorter than the hour after which a board to which nothing passes starts again.
SILENT_S = 3000
# A question that goes out at most a minute after the one before, and the backoff of a connection.
BACK_S = 60 + 90 + 10


def test_a_dead_name_server_stops_nothing(tmp_path: Path, broker: Broker) -> None:
    bench = Bench(tmp_path / "bench")
    bench.configure(every_s=60, sample_s=1)
    blips = [7200, 9000, 10_800]
    # Silent before any name is known, and again later for good.
    rows: list[Row] = [(0, "w1", 20), (0, "dns", 0), (SILENT_S, "dns", 1), (5400, "dns", 0)]
    for at in blips:
        rows += [(at, "wifi", 0), (at + 60, "wifi", 1)]
    with Listener(broker) as heard:
        address = f"localhost:{broker.port}"
        report = run(bench.board(address, [*rows, (12_000, "w1", 20)]))
        heard.wait("birth", 1 + len(blips))
        births = [b["up"] for b in map(json.loads, heard.of("birth"))]
    assert report["poll_gap_ms"] <= 1200, "sampling paused"
    assert report["starts"] == 1
    assert SILENT_S <= births[0] <= SILENT_S + BACK_S
    for at in blips:
        assert any(at + 60 <= up <= at + 120 for up in births), (at, births)
    log = (tmp_path / "bench" / "run.log").read_text()
    assert "mqtt: dns: no address for localhost: no name server answers; next try in" in log
