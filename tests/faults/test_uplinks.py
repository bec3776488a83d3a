"""Ethernet, 4G, and more than one line: nothing is lost, whatever they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import Bench, run
from broker import Broker
from simple_site import Row

from host.update import bundle

LAN = {"kind": "lan", "phy": "w5500", "sck": 5, "mosi": 6, "miso": 7, "cs": 8, "int": 9}
WIFI = {"kind": "wifi"}
PPP = {"kind": "ppp", "uart": 1, "tx": 12, "rx": 13, "key": 14, "apn": "cmnet"}
PAUSE_MS = 2000
HEAP = "256k"  # which the modelled modem shares, in words of 64 bits


def played(
    folder: Path,
    broker: Broker,
    uplinks: Sequence[dict[str, Any]],
    rows: list[Row],
    **how: Any,
) -> tuple[Bench, str]:
    """A board through these rows, its store complete; its bench and log."""
    bench = Bench(folder / "bench")
    more: dict[str, Any] = {"uplinks": uplinks, "wifi": {"ssid": "n", "password": ""}}
    bench.configure(every_s=60, sample_s=1, **more)
    with bench.host(broker.address) as host:
        board = bench.board(broker.address, rows, **({"heap": HEAP} | how))
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


def test_ppp_that_is_cut_again_while_it_dials(
    tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    """Every six minutes the call drops, and a moment later, each time a later one, something else
    happens."""
    rows: list[Row] = [(0, "w1", 20)]
    cuts = 0
    again = (("modem", 0, 20), ("cell", 2, 60), ("sim", 0, 30), ("ppp", -2, 30), ("modem", 2, 5))
    for n in range(10):
        at = 360 * (n + 1)
        name, value, seconds = again[n % len(again)]
        rows += [(at, "ppp", 0), (at + 1, "ppp", 1)]
        later = at + 1.5 + 1.2 * n
        rows += [(later, name, value), (later + seconds, name, 1)]
        cuts += 2
    _, log = played(tmp_path, broker, [PPP], [*rows, (360 * 13, "w1", 20)])
    figure(
        f"PPP cut {cuts} times in an hour, half of them while it dials: all stored, "
        f"no pause of the sampling over {PAUSE_MS / 1000:.0f} s"
    )
    assert log.count("ppp: lost") == 10, log
    assert log.count("ppp: connected") == log.count("mqtt: connected") == 11, log


def test_4g_carries_while_there_is_no_wifi(tmp_path: Path, broker: Broker) -> None:
    rows: list[Row] = [(0, "w1", 20), (1800, "wifi", 0), (3600, "wifi", 1), (5400, "w1", 20)]
    _, log = played(tmp_path, broker, [WIFI, PPP], rows)
    said = [line.partition("uplink: ")[2] for line in log.splitlines() if "uplink: " in line]
    assert said == ["wifi", "ppp: wifi is down", "wifi: it is up again"]
    assert log.count("mqtt: connected") == 3


def test_the_same_as_compiled_for_a_board(tmp_path: Path, broker: Broker) -> None:
    """With short names, from a slot of the flash: what one module calls another's is still it."""
    installed = tmp_path / "installed"
    for name, content in bundle.compile_firmware("sim").items():
        (installed / name).parent.mkdir(parents=True, exist_ok=True)
        (installed / name).write_bytes(content)
    rows: list[Row] = [(0, "w1", 20), (600, "lan", 0), (700, "wifi", 0), (1200, "wifi", 1)]
    rows += [(1800, "lan", 1), (2400, "w1", 20)]
    how = {"install": installed, "heap": "400k"}
    _, log = played(tmp_path, broker, [LAN, WIFI, PPP], rows, **how)
    said = [line.partition("uplink: ")[2].split(":")[0] for line in log.splitlines()]
    assert [kind for kind in said if kind] == ["lan", "wifi", "ppp", "wifi", "lan"], log
    assert log.count("mqtt: connected") == 5
    assert '"month_kb":' in log and "Error" not in log
