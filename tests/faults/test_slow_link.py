"""A backlog on a slow link: whoever watches the topics sees the present meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from bench import Bench, Published, run
from broker import Broker, free_port
from fault_proxy import CONNACK, PUBLISH, Packet, Proxy
from simple_site import MIDNIGHT, Row

AWAY_S = 72 * 3600
SPEED = 20  # the board's time beside ours; the link is as much faster
BYTES_PER_S = 2000  # of the board's time
LONGEST_S = 60  # without anything fresh
EVERY_S = 30
WATCHED_S = 300


def times(packet: Packet) -> list[int]:
    """When what a packet tells of was so: Unix seconds."""
    if packet.topic.endswith("/state"):
        return [json.loads(packet.payload).get("t", 0)]
    return [r.get("t", 0) for r in packet.readings()]


@pytest.mark.alone
def test_the_present_is_seen_while_a_backlog_is_sent(
    tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    bench = Bench(tmp_path / "bench")
    bench.configure(every_s=60)
    end = AWAY_S + WATCHED_S
    rows: list[Row] = [(0, "w1", 20), (end, "w1", 20)]
    nobody = f"127.0.0.1:{free_port()}"
    queued = run(bench.board(nobody, rows, until=MIDNIGHT + AWAY_S))["queued"]
    assert queued >= 4320
    bench.configure(every_s=EVERY_S, sample_s=1)
    with Proxy((broker.host, broker.port), rate=SPEED * BYTES_PER_S) as proxy:
        board = bench.board(proxy.address, rows, name="slow", start=MIDNIGHT + AWAY_S, speed=SPEED)
        report = run(board)
    connected = proxy.packets(CONNACK, from_board=False)[0].at
    drained = confirmed(proxy, queued)
    fresh = [0.0]  # s of the board's time after CONNACK at which something fresh went through
    for packet in proxy.packets(PUBLISH, from_board=True):
        at = SPEED * (packet.at - connected)
        now = MIDNIGHT + AWAY_S + at
        if any(now - LONGEST_S < t <= now + LONGEST_S for t in times(packet)):
            fresh.append(at)
    seconds = SPEED * (drained - connected)
    assert seconds > 2 * LONGEST_S, "no backlog to speak of"
    within = [at for at in fresh if at < seconds] + [seconds]
    longest = max(b - a for a, b in pairwise(within))
    figure(
        f"backlog of {queued} readings at {BYTES_PER_S} B/s: sent in {seconds:.0f} s, at most "
        f"{longest:.0f} s without a fresh reading or state ({SPEED} times real time)"
    )
    assert report["dropped"] == 0
    assert longest <= LONGEST_S


def confirmed(proxy: Proxy, queued: int) -> float:
    """When the last reading of the backlog was acknowledged."""
    answers = Published()
    missing = set(range(queued))
    for packet, _ in proxy.seen:
        answered = answers.match(packet)
        missing -= {r["seq"] for r in answered.readings()} if answered else set()
        if not missing:
            return packet.at
    raise AssertionError(f"{len(missing)} readings of the backlog were not delivered")
