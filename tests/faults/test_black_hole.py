"""A broker that falls silent, in real time: the weighing goes on, both sides notice."""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from bench import DEVICE, SITE, Bench, readings_sent, run, wait_for
from broker import Broker
from fault_proxy import (
    CONNECT,
    PASS,
    PUBACK,
    PUBLISH,
    Fate,
    Packet,
    Policy,
    Proxy,
    silent_address,
)
from paho.mqtt.enums import CallbackAPIVersion
from rig_board import RigRun
from simple_site import Row

SECONDS = 25  # real time of each run
LONGEST_GAP_MS = 2000
KEEPALIVE_S = 10
IDLE_S = 1.5
# Mosquitto counts whole seconds, and looks for silent sessions every six of them
# (keepalive__check of 2.0.11: `last_keepalive_check + 5 < now`).
MOSQUITTO_LATE_S = 1 + 6 + 1


def before_connack(packet: Packet) -> Fate:
    return Fate(None, "hole") if packet.kind == CONNECT else PASS


def within_a_publish(packet: Packet) -> Fate:
    return Fate(len(packet.raw) // 2, "hole") if packet.readings() else PASS


@dataclass
class Silence:
    """Boards in real time, all at once: name of the case -> report; and of the idle session
    when it began (time.monotonic()), when board and broker let go of it."""

    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)
    began: float = 0
    board_closed: float = 0
    offline: float = 0


def watch_status(broker: Broker, heard: list[tuple[float, bytes]]) -> paho.Client:
    """Notes each message of the board's status topic."""
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _c, _u, m: heard.append((time.monotonic(), bytes(m.payload)))
    client.connect(broker.host, broker.port)
    client.subscribe(f"qingyun/1/{SITE}/{DEVICE}/status", 1)
    client.loop_start()
    return client


@pytest.fixture(scope="module")
def silence(tmp_path_factory: pytest.TempPathFactory) -> Silence:
    """Every case runs for the same half minute: they sleep most of it."""
    folder = tmp_path_factory.mktemp("silence")
    policies: dict[str, Policy] = {
        "before CONNACK": before_connack,
        "within a publish": within_a_publish,
        "idle": lambda _: PASS,
    }
    out = Silence()
    heard: list[tuple[float, bytes]] = []
    boards: dict[str, RigRun] = {}
    with ExitStack() as stack:
        for name, policy in policies.items():
            # A broker each: all the boards have the same name.
            broker = stack.enter_context(Broker(folder / f"{name} broker"))
            proxy = stack.enter_context(Proxy((broker.host, broker.port), policy))
            boards[name] = real_time(folder / name, proxy.address)
        client = watch_status(broker, heard)  # the last one: of the idle session
        stack.callback(client.loop_stop)
        boards["no accept"] = real_time(folder / "no accept", stack.enter_context(silent_address()))
        processes = {name: board.launch() for name, board in boards.items()}
        for process in processes.values():
            stack.callback(process.kill)
        make_silent(out, proxy, processes["idle"])
        for name, process in processes.items():
            assert process.wait(timeout=SECONDS + 20) == 0, boards[name].log
            out.reports[name] = boards[name].result()
            out.logs[name] = boards[name].log
        out.board_closed = proxy.ended.get(0, 0)
        until = out.began + 1.5 * KEEPALIVE_S + MOSQUITTO_LATE_S
        while not (times := [at for at, what in heard if what == b"offline"]):
            if time.monotonic() > until:
                break
            time.sleep(0.1)
        out.offline = times[0] if times else math.inf
    return out


def real_time(folder: Path, address: str) -> RigRun:
    """A board that samples each second and has little to say."""
    bench = Bench(folder)
    bench.configure(every_s=3600, sample_s=1, keepalive=KEEPALIVE_S)
    rows: list[Row] = [(0, "w1", 20), (SECONDS, "w1", 20)]
    return bench.board(address, rows, speed=1)


def make_silent(out: Silence, proxy: Proxy, board: subprocess.Popen[bytes]) -> None:
    """Once the first reading is out and nothing has been said for a while, nothing passes."""

    def idle() -> bool:
        news = proxy.packets(PUBACK, from_board=False) + proxy.packets(PUBLISH, from_board=True)
        return bool(readings_sent(proxy)) and time.monotonic() - news[-1].at > IDLE_S

    wait_for(idle, SECONDS, board)
    out.began = time.monotonic()
    proxy.hole = True


def test_waiting_for_the_network_delays_no_sample(
    tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    """In virtual time, where nothing but the firmware can be late."""
    bench = Bench(tmp_path / "bench")
    bench.configure(sample_s=10)
    rows: list[Row] = [(0, "w1", 20), (3600, "w1", 20)]
    with Proxy((broker.host, broker.port), hole=True) as proxy:
        report = run(bench.board(proxy.address, rows, patience=20))
    figure(
        f"black hole for an hour: longest pause of the sampling {report['poll_gap_ms'] / 1000} s "
        f"of virtual time (samples each 10 s), {proxy.connections} connections"
    )
    assert proxy.connections > 20
    assert report["poll_gap_ms"] <= 10_100


CASES = ("before CONNACK", "within a publish", "idle", "no accept")


@pytest.mark.alone
@pytest.mark.parametrize("case", CASES)
def test_the_weighing_goes_on(case: str, silence: Silence, figure: Callable[[str], None]) -> None:
    report, log = silence.reports[case], silence.logs[case]
    assert "the broker does not answer" in log, log  # the silence was met
    assert report["polls"] > SECONDS
    figure(
        f"black hole, {case}: longest pause of the sampling {report['poll_gap_ms'] / 1000:.2f} s "
        f"in {report['virtual_s']} s of real time (samples each 1 s), "
        f"{log.count('next try')} times given up"
    )
    assert report["poll_gap_ms"] <= LONGEST_GAP_MS


@pytest.mark.alone
def test_the_board_notices_a_dead_peer(silence: Silence, figure: Callable[[str], None]) -> None:
    seconds = silence.board_closed - silence.began
    figure(f"idle session cut off: the board closes after {seconds:.1f} s, keepalive {KEEPALIVE_S}")
    assert 0 < seconds <= 1.5 * KEEPALIVE_S


@pytest.mark.alone
def test_the_broker_says_offline(silence: Silence, figure: Callable[[str], None]) -> None:
    seconds = silence.offline - silence.began
    figure(f"idle session cut off: `offline` after {seconds:.1f} s, keepalive {KEEPALIVE_S}")
    assert 0 < seconds <= 1.5 * KEEPALIVE_S + MOSQUITTO_LATE_S
