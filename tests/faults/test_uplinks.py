"""Ethernet, 4G, and more than one line: nothing is lost, whatever they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import Bench, run
from broker import Broker
from simple_site import Row

LAN = {"kind": "lan", "phy": "w5500", "sck": 5, "mosi": 6, "miso": 7, "cs": 8, "int": 9}
WIFI = {"kind": "wifi"}
PAUSE_MS = 2000


def played(
    folder: Path, broker: Broker, uplinks: Sequence[dict[str, Any]], rows: list[Row]
) -> tuple[Bench, str]:
    """A board through these rows, its store complete; its bench and log."""
    bench = Bench(folder / "bench")
    more: dict[str, Any] = {"uplinks": uplinks, "wifi": {"ssid": "n", "password": ""}}
    bench.configure(every_s=60, sample_s=1, **more)
    with bench.host(broker.address) as host:
        board = bench.board(broker.address, rows)
        report = run(board)
        assert host.wait_for(report["readings"])
    assert report["queued"] == report["dropped"] == 0
    assert report["poll_gap_ms"] <= PAUSE_MS, report
    bench.check_store(report["readings"])
    return bench, board.log


def test_a_cable_that_is_out_every_other_quarter_of_an_hour(tmp_path: Path, broker: Broker) -> None:
    rows: list[Row] = [(0, "w1", 20)]
    rows += [(900 * n, "lan", n % 2) for n in range(1, 12)]
    _, log = played(tmp_path, broker, [LAN], [*rows, (3 * 3600, "w1", 20)])
    assert log.count("lan: connected") == log.count("mqtt: connected") == 6, log
    assert "wifi" not in log


def test_wifi_carries_while_the_cable_is_out(
    tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    out, back = 1800, 3600
    rows: list[Row] = [(0, "w1", 20), (out, "lan", 0), (back, "lan", 1), (5400, "w1", 20)]
    _, log = played(tmp_path, broker, [LAN, WIFI], rows)
    said = [line for line in log.splitlines() if "uplink: " in line or "mqtt: connected" in line]
    took = [line.split(" ", 1)[1].removeprefix("uplink: ") for line in said]
    at = [int(line.split(" ", 1)[0]) % 86400 - 57600 for line in said if line[0] != "+"]
    connected = next(line for line in took if "mqtt" in line)
    assert took == [
        "lan",
        connected,
        "wifi: lan is down",
        connected,
        "lan: it is up again",
        connected,
    ]
    over, again = at[-3] - out, at[-1] - back
    figure(f"cable out: connected over Wi-Fi after {over} s; cable in: over it after {again} s")
    assert over < 60 and 60 <= again < 120
