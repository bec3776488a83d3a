"""Answers lost and connections cut at every byte, or, but for `make soak`, at every eighth:
nothing is lost, nothing counts twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import Bench, Published, loads, readings_sent, run
from broker import Broker
from fault_proxy import PASS, PUBLISH, SWALLOW, Fate, Packet, Policy, Proxy
from simple_site import Row
from soak import in_part

EVERY = in_part(61, 1)  # bytes
Disturbed = tuple[Bench, Proxy, dict[str, Any], dict[str, int]]


def play(
    folder: Path, broker: Broker, rows: list[Row], policy: Policy | None, **config: Any
) -> Disturbed:
    """A day of the board through a policy; checks that every reading is stored, and once."""
    bench = Bench(folder)
    bench.configure(**config)
    with Proxy((broker.host, broker.port), policy or (lambda _: PASS)) as proxy:
        with bench.host(broker.address) as host:
            report = run(bench.board(proxy.address, rows, patience=50 if policy else 1000))
            assert report["queued"] == report["dropped"] == 0
            assert host.wait_for(report["readings"])
        stats = host.stats()
    bench.check_store(report["readings"])
    return bench, proxy, report, stats


class FirstAnswerLost:
    """Swallows each PUBACK that would confirm a reading for the first time."""

    def __init__(self) -> None:
        self._answers = Published()
        self._lost: set[int] = set()
        self.swallowed = 0

    def __call__(self, packet: Packet) -> Fate:
        answered = self._answers.match(packet)
        seqs = {r["seq"] for r in answered.readings()} if answered else set()
        if seqs <= self._lost:
            return PASS
        self._lost |= seqs
        self.swallowed += 1
        return SWALLOW


def test_every_puback_dropped_once(
    tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    rows = loads(9)
    calm, _, calm_report, _ = play(tmp_path / "calm", broker, rows, None)
    policy = FirstAnswerLost()
    rough, proxy, report, stats = play(tmp_path / "rough", broker, rows, policy)
    sent = Counter(r["seq"] for p in readings_sent(proxy) for r in p.readings())
    assert policy.swallowed >= 100
    assert min(sent.values()) >= 2, "a PUBACK was lost and its readings not sent again"
    assert stats["duplicates"] >= report["readings"]
    assert report["readings"] == calm_report["readings"]
    assert rough.daily() == calm.daily()
    assert b",23.0" in calm.daily()
    figure(
        f"every PUBACK of a reading dropped once: {policy.swallowed} dropped, "
        f"{len(readings_sent(proxy))} messages sent, {report['readings']} of "
        f"{report['readings']} readings stored, {stats['duplicates']} duplicates refused, "
        "daily.csv identical to the undisturbed run"
    )


def cuts(size: int) -> list[tuple[int, str]]:
    """After how many bytes of a message, and how."""
    return [
        (n, how)
        for n in sorted({*range(0, size, EVERY), size - 1, size})
        for how in ("close", "reset")
    ]


class CutAtEveryByte:
    """Cuts each connection after 0, EVERY, 2 * EVERY … bytes of its first message of the
    backlog, and after the whole of it: at each byte once with FIN and once with RST. Then it
    leaves the rest alone."""

    def __init__(self) -> None:
        self.cuts: list[tuple[int, str]] = []
        self.size = 0
        self.wanted: list[tuple[int, str]] = []
        self.readings = 0

    def __call__(self, packet: Packet) -> Fate:
        if packet.kind != PUBLISH or not packet.payload.startswith(b"["):
            return PASS
        if not self.cuts:
            self.size, self.readings = len(packet.raw), len(packet.readings())
            self.wanted = cuts(self.size)
        if len(self.cuts) == len(self.wanted):
            return PASS
        assert len(packet.raw) == self.size  # the same one, until it arrives
        self.cuts.append(self.wanted[len(self.cuts)])
        return Fate(*self.cuts[-1])


def test_cut_at_every_byte_of_a_message(
    tmp_path: Path, broker: Broker, figure: Callable[[str], None]
) -> None:
    hours = 24 + in_part(12, 60)
    rows = [*loads(hours), (0.0, "wifi", 0.0), (3600 * 6, "wifi", 1.0)]
    config = {"every_s": 60, "sample_s": 10}
    calm, calm_proxy, calm_report, _ = play(tmp_path / "calm", broker, rows, None, **config)
    (birth, *_) = calm_proxy.packets(PUBLISH, from_board=True, topic="/birth")
    queued = json.loads(birth.payload)["queue"]
    assert queued >= 300
    policy = CutAtEveryByte()
    rough, _, report, stats = play(tmp_path / "rough", broker, rows, policy, **config)
    assert policy.cuts == cuts(policy.size) and len(policy.cuts) > 2 * policy.size / EVERY
    assert stats["duplicates"] >= 2 * policy.readings  # cut after the last byte: it did arrive
    assert report["readings"] == calm_report["readings"]
    assert rough.daily() == calm.daily()
    assert b",23.0" in calm.daily()
    figure(
        f"cut at each {EVERY}. byte: {len(policy.cuts)} connections cut (0 to {policy.size} bytes, "
        f"FIN and RST each) with {queued} readings queued, {report['readings']} of "
        f"{report['readings']} readings stored, {stats['duplicates']} duplicates refused, "
        "daily.csv identical to the undisturbed run"
    )
