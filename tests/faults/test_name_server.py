"""A name server that does not answer: the address that worked is used, and sampling goes on."""

from __future__ import annotations

import json
from pathlib import Path

from bench import Bench, run
from broker import Broker
from listener import Listener
from simple_site import Row


def test_a_dead_name_server_stops_nothing(tmp_path: Path, broker: Broker) -> None:
    bench = Bench(tmp_path / "bench")
    bench.configure(every_s=60, sample_s=1)
    blips = [3600 * hour for hour in (1, 3, 6)]
    rows: list[Row] = [(0, "w1", 20), (600, "dns", 0)]
    for at in blips:
        rows += [(at, "wifi", 0), (at + 60, "wifi", 1)]
    with Listener(broker) as heard:
        report = run(bench.board(broker.address, [*rows, (8 * 3600, "w1", 20)]))
        heard.wait("birth", 1 + len(blips))
        births = [b["up"] for b in map(json.loads, heard.of("birth"))]
    assert report["poll_gap_ms"] <= 2000, "sampling paused"
    for at in blips:
        assert any(at + 60 <= up <= at + 120 for up in births), (at, births)
