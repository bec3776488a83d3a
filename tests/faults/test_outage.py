"""Three days without a network, then everything arrives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import stored
from bench import Bench, Published, readings_sent, run
from broker import Broker
from fault_proxy import CONNACK, Proxy
from simple_site import MIDNIGHT, Row

HOURS = 72
READINGS = HOURS * 60
DRAINED_S = 10
CALM_S = 600  # before and after the outage


@pytest.mark.alone
def test_72_hours_at_a_reading_a_minute(
    tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    bench = Bench(tmp_path / "bench")
    bench.configure(every_s=60)
    end = CALM_S + 3600 * HOURS
    away: list[Row] = [(0, "w1", 20), (CALM_S, "wifi", 0), (end, "wifi", 1)]
    made_file = bench.folder / "made"
    with Proxy((broker.host, broker.port)) as proxy, bench.host(broker.address) as host:
        board = bench.board(proxy.address, [*away, (end + CALM_S, "w1", 20)], made=made_file)
        report = run(board)
        assert host.wait_for(report["readings"])
    made = [int(line) for line in made_file.read_text().split()]
    lost = {seq for seq, ms in enumerate(made) if CALM_S <= ms / 1000 - MIDNIGHT < end}
    assert len(made) == report["readings"] and report["queued"] == report["dropped"] == 0
    assert READINGS <= len(lost) <= READINGS + 1, len(lost)

    # Every one is stored once, with the time at which it was made.
    bench.check_store(len(made))
    found = [r for _, r in stored.readings(bench.db)]
    kept = sorted(((r.seq, r.t) for r in found), key=lambda x: (x[1], x[0]))
    assert [seq for seq, _ in kept] == list(range(len(made)))
    off = [t - made[seq] / 1000 for seq, t in kept if t is not None]
    assert len(off) == len(kept)
    assert max(map(abs, off)) <= 1, off

    # The queue went out in its order: that of the last time each reading was sent.
    last = {r["seq"]: i for i, p in enumerate(readings_sent(proxy)) for r in p.readings()}
    assert [last[seq] for seq in range(len(made))] == sorted(last.values())

    connected = proxy.packets(CONNACK, from_board=False)[1]
    answers = Published()
    done = 0.0
    for packet, _ in proxy.seen:
        answered = answers.match(packet)
        if answered and lost & {r["seq"] for r in answered.readings()}:
            done = packet.at
    seconds = done - connected.at
    figure(
        f"{HOURS} h without Wi-Fi at 1 reading/min: {len(lost)} of {len(lost)} readings stored in "
        f"order, times off by at most {max(map(abs, off)):.2f} s; drained in {seconds:.2f} s "
        f"from CONNACK to the last PUBACK (loopback, mosquitto, "
        f"{len(readings_sent(proxy))} messages in all)"
    )
    assert 0 < seconds <= DRAINED_S
