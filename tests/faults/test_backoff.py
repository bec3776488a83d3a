"""A broker that goes away and comes back: tries grow apart, never too far."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from bench import Bench, wait_for
from broker import Broker
from fault_proxy import CONNECT, PASS, Fate, Packet, Proxy
from simple_site import Row

FIRST_S, MOST_S = 1, 60  # backoff; each wait is half to one and a half of it
STEP_S = 1  # the board looks at least so often
TRIES = 20


def tries(log: str) -> list[int]:
    """Unix seconds of each failed try since the board knew the time."""
    return [int(s) for s in re.findall(r"^(\d+) warning: mqtt: .*; next try in", log, re.M)]


def check_waits(waits: list[int], undated: int = 0) -> None:
    """They double up to the bound, and no two boards would keep step; undated: how many
    there were before the board knew the time."""
    for n, wait in enumerate(waits):
        middle = min(FIRST_S * 2 ** (n + undated), MOST_S)
        assert middle // 2 - 1 <= wait <= 1.5 * middle + STEP_S + 1, (n, waits)
    late = waits[7:]
    assert len(set(late)) > len(late) // 2, "no jitter"


def test_a_broker_that_restarts(
    tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    """SIGKILL, then nobody listens (ECONNREFUSED), then it is back."""
    bench = Bench(tmp_path / "bench")
    bench.configure(sample_s=STEP_S)
    # Far more virtual time than a broker's start takes on a slow machine.
    rows: list[Row] = [(0, "w1", 20), (86400 * 365, "w1", 20)]
    with Proxy((broker.host, broker.port)) as proxy:
        board = bench.board(proxy.address, rows)
        process = board.launch()
        try:
            # What it says last of a connection that it takes for made.
            wait_for(lambda: "mqtt: connected" in board.log, 60, process)
            proxy.refuse()  # first: else a try may be taken and never answered
            broker.kill()
            wait_for(lambda: len(tries(board.log)) > TRIES, 60, process)
            broker.start()
            proxy.listen()
            wait_for(lambda: board.log.count("mqtt: connected") >= 2, 60, process)
        finally:
            process.kill()
            process.wait()
    failed = tries(board.log)
    back = int(re.findall(r"^\+?(\d+) mqtt: connected", board.log, re.M)[1])
    waits = [b - a for a, b in pairwise(failed)]
    check_waits(waits[:TRIES], board.log.count("next try in") - len(failed))
    last = back - failed[-1]
    figure(
        f"broker killed, {len(failed)} tries: waits of {waits[:TRIES]} s; connected again at the "
        f"latest {last} s after the broker was back (bound {1.5 * MOST_S:.0f} s)"
    )
    assert max(*waits, last) <= 1.5 * MOST_S + STEP_S + 1


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_broker_that_hangs_up(
    how: str, tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    """The connection is taken and ended before CONNACK, as by a gateway with nothing behind."""
    bench = Bench(tmp_path / "bench")
    bench.configure(sample_s=STEP_S)

    def policy(packet: Packet) -> Fate:
        refused = packet.kind == CONNECT and packet.connection < TRIES
        return Fate(0, how) if refused else PASS

    rows: list[Row] = [(0, "w1", 20), (3600, "w1", 20)]
    with Proxy((broker.host, broker.port), policy) as proxy:
        board = bench.board(proxy.address, rows)
        assert board.launch().wait(300) == 0
    failed = tries(board.log)
    waits = [b - a for a, b in pairwise(failed)]
    check_waits(waits, TRIES - len(failed))
    figure(f"hung up on before CONNACK ({how}): waits of {waits} s, then connected")
    assert board.log.count("next try in") == TRIES
    assert board.log.count("mqtt: connected") == 1
    assert board.result()["queued"] == 0
