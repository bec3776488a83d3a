"""What a site of four bins carries over 4G in a day, and that the board counts it."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from broker import Broker
from demo import CONFIGS, generate
from fault_proxy import Proxy
from sim_board import BoardRun
from simple_site import MIDNIGHT
from soak import in_part

from host.provision.config import METERED_KEEPALIVE_S

DATE = dt.date(2026, 3, 3)
DEVICE = "qy-fs01"  # four platforms, four looks into bins, a thermometer
PPP = {"kind": "ppp", "uart": 1, "tx": 13, "rx": 15, "apn": "cmnet"}
HEAD = 40  # of IP and TCP
OPEN = 360  # a connection of TCP begins and ends
HOUR = 1000  # estimated for time and names


@pytest.mark.parametrize("keepalive", in_part([METERED_KEEPALIVE_S], [60, METERED_KEEPALIVE_S]))
def test_bytes_of_a_day(
    keepalive: int, tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    hours = in_part(3, 24)
    generate(DATE, 1, tmp_path)
    config = json.loads((CONFIGS / f"{DEVICE}.json").read_text())
    config["uplinks"] = [PPP]
    config["mqtt"]["keepalive"] = keepalive
    (tmp_path / "board.json").write_text(json.dumps(config))
    start = MIDNIGHT + in_part(7, 0) * 3600  # in part: the morning, when most is brought
    with Proxy((broker.host, broker.port)) as proxy:
        board = BoardRun(
            *(tmp_path / "board.json", tmp_path / f"{DEVICE}.csv", tmp_path / "flash"),
            *(tmp_path / "report.json", proxy.address),
            start=start,
            until=start + 3600 * hours,
            heap="400k",
        )
        assert board.launch().wait(300) == 0
    log = (tmp_path / "report.log").read_text()
    told = int(re.findall(r'"month_kb":(\d+)', log)[-1])
    packets = [packet for packet, _ in proxy.seen]
    raw = sum(len(packet.raw) for packet in packets)
    mine = sum(packet.from_board for packet in packets)
    # Each packet of the board in one segment, as its answer, and what acknowledges that.
    carried = raw + 3 * HEAD * mine + OPEN * proxy.connections
    readings = board.result()["readings"]
    figure(
        f"four bins over 4G, {hours} h, keepalive {keepalive} s, without TLS: {readings} readings, "
        f"{len(packets)} packets of MQTT with {raw:,} bytes; with heads of TCP/IP "
        f"{carried:,} bytes; the board counts {told:,} KB, of which {HOUR * hours:,} bytes "
        f"are an estimate for time and names"
    )
    assert proxy.connections == 1
    assert carried <= 1000 * told <= carried + HOUR * hours + 0.1 * carried + 2000
