"""Three days without a network, then everything arrives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import stored
from bench import Bench, Published, readings_sent, run
from broker import Broker
from fault_proxy import CONNACK, Proxy
from simple_site import MIDNIGHT, Row
from soak import in_part

DRAINED_S = 10
CALM_S = 600  # before and after the outage
HEAP = "256k"  # which a modelled modem shares, in words of 64 bits


LINES: dict[str, list[dict[str, Any]]] = {
    "wifi": [],
    "lan": [{"kind": "lan", "phy": "w5500", "sck": 5, "mosi": 6, "miso": 7, "cs": 8, "int": 9}],
    "cell": [{"kind": "ppp", "uart": 1, "tx": 12, "rx": 13, "apn": "cmnet"}],
}


@pytest.mark.alone
@pytest.mark.parametrize("line", LINES)
def test_72_hours_at_a_reading_a_minute(
    line: str, tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    """Without Wi-Fi; without a cable; without a mobile network, which ends the call."""
    hours = 72 if line == "wifi" else in_part(8, 72)
    bench = Bench(tmp_path / "bench")
    more: dict[str, Any] = {"uplinks": LINES[line]} if LINES[line] else {}
    bench.configure(60, **more)
    end = CALM_S + 3600 * hours
    away: list[Row] = [(0, "w1", 20), (CALM_S, line, 0), (end, line, 1)]
    if line == "cell":
        away += [(CALM_S, "ppp", 0), (end, "ppp", 1)]
    made_file = bench.folder / "made"
    with Proxy((broker.host, broker.port)) as proxy, bench.host(broker.address) as host:
        board = bench.board(
            proxy.address, [*away, (end + CALM_S, "w1", 20)], made=made_file, heap=HEAP
        )
        report = run(board)
        assert host.wait_for(report["readings"])
    made = [int(line) for line in made_file.read_text().split()]
    lost = {seq for seq, ms in enumerate(made) if CALM_S <= ms / 1000 - MIDNIGHT < end}
    assert len(made) == report["readings"] and report["queued"] == report["dropped"] == 0
    assert 60 * hours <= len(lost) <= 60 * hours + 1, len(lost)

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
        f"{hours} h without {line} at 1 reading/min: {len(lost)} of {len(lost)} readings stored in "
        f"order, times off by at most {max(map(abs, off)):.2f} s; drained in {seconds:.2f} s "
        f"from CONNACK to the last PUBACK (loopback, mosquitto, "
        f"{len(readings_sent(proxy))} messages in all)"
    )
    assert 0 < seconds <= DRAINED_S
