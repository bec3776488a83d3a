"""What a site of four bins carries over 4G in a day, and that the board counts it."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from broker import Broker
from demo import CONFIGS, generate
from fault_proxy import Packet, Proxy
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


@dataclass(frozen=True)
class Day:
    """What a board carried in some hours of the day."""

    packets: list[Packet]
    connections: int
    report: dict[str, Any]
    log: str

    @property
    def raw(self) -> int:
        return sum(len(packet.raw) for packet in self.packets)

    @property
    def carried(self) -> int:
        """Each packet of the board in one segment, as its answer, and what acknowledges that."""
        mine = sum(packet.from_board for packet in self.packets)
        return self.raw + 3 * HEAD * mine + OPEN * self.connections


def play(
    folder: Path, broker: Broker, when: tuple[int, int], keepalive: int, budget_mb: int = 0
) -> Day:
    """The day from an hour on for some hours, by the real firmware through a proxy that counts;
    budget_mb: a budget that is used up."""
    first, hours = when
    generate(DATE, 1, folder)
    config = json.loads((CONFIGS / f"{DEVICE}.json").read_text())
    config["uplinks"] = [PPP | {"budget_mb": budget_mb}]
    config["mqtt"]["keepalive"] = keepalive
    (folder / "board.json").write_text(json.dumps(config))
    files = folder / "files"
    files.mkdir()
    if budget_mb:
        spent = f"{12 * DATE.year + DATE.month} {1000 * budget_mb}"
        (files / "traffic").write_text(spent)
    start = MIDNIGHT + 3600 * first
    with Proxy((broker.host, broker.port)) as proxy:
        board = BoardRun(
            *(folder / "board.json", folder / f"{DEVICE}.csv", folder / "flash"),
            *(folder / "report.json", proxy.address),
            start=start,
            until=start + 3600 * hours,
            heap="400k",
            files=files,
        )
        assert board.launch().wait(300) == 0
    log = (folder / "report.log").read_text()
    return Day([p for p, _ in proxy.seen], proxy.connections, board.result(), log)


@pytest.mark.parametrize("keepalive", in_part([METERED_KEEPALIVE_S], [60, METERED_KEEPALIVE_S]))
def test_bytes_of_a_day(
    keepalive: int, tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    # In part: the morning, when most is brought.
    first, hours = in_part((7, 3), (0, 24))
    day = play(tmp_path, broker, (first, hours), keepalive)
    told = int(re.findall(r'"month_kb":(\d+)', day.log)[-1])
    figure(
        f"four bins over 4G, {hours} h, keepalive {keepalive} s, without TLS: "
        f"{day.report['readings']} readings, {len(day.packets)} packets of MQTT with {day.raw:,} "
        f"bytes; with heads of TCP/IP {day.carried:,} bytes; the board counts {told:,} kB, of "
        f"which {HOUR * hours:,} bytes are an estimate for time and names"
    )
    assert day.connections == 1
    more = HOUR * hours + 0.1 * day.carried + 2000
    assert day.carried <= 1000 * told <= day.carried + more


def test_with_the_budget_used_up_all_goes_four_times_a_day(
    tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    first, hours = in_part((3, 7), (0, 23))
    day = play(tmp_path, broker, (first, hours), METERED_KEEPALIVE_S, budget_mb=30)
    figure(
        f"four bins over 4G, budget used up, {hours} h: {day.report['readings']} readings, "
        f"{day.connections} connections, with heads of TCP/IP {day.carried:,} bytes; "
        f"{day.report['queued']} readings wait for the next time"
    )
    assert "budget of the month is used up" in day.log
    assert day.connections == -(-hours // 6)
    sent = {r["seq"] for p in day.packets if p.from_board for r in p.readings()}
    made, queued = day.report["readings"], day.report["queued"]
    assert set(range(made - queued)) <= sent and day.report["dropped"] == 0
    assert 0 < queued < made / 2
