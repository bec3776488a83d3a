"""A network so slow that each answer of the broker comes just in time."""

from __future__ import annotations

from pathlib import Path

from bench import Bench, run
from broker import Broker
from fault_proxy import PASS, Fate, Packet, Proxy
from simple_site import Row

SPEED = 20
ANSWER_S = 7  # of the board's time; each exchange may take 10 s
LONGEST_S = 25  # of 60 that the watchdog allows; the whole greeting takes 35


def test_the_watchdog_is_fed_within_a_greeting(tmp_path: Path, broker: Broker) -> None:
    slow = Fate(delay_s=ANSWER_S / SPEED)

    def policy(packet: Packet) -> Fate:
        return PASS if packet.from_board else slow

    bench = Bench(tmp_path / "bench")
    bench.configure(sample_s=1, confirm="host")
    rows: list[Row] = [(0, "w1", 20), (50, "wifi", 0), (52, "wifi", 1), (110, "w1", 20)]
    with Proxy((broker.host, broker.port), policy) as proxy:
        report = run(board := bench.board(proxy.address, rows, speed=SPEED))
    assert "mqtt: connected" in board.log
    assert report["starts"] == 1
    assert ANSWER_S <= report["feed_gap_ms"] / 1000 <= LONGEST_S
