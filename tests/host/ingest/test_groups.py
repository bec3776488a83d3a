"""Shared subscriptions as brokers really have them: not at all, or with a mind of their own."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from pathlib import Path

import msgspec
from bench_host import load
from broker import Broker
from host_job import Ingester
from killing import until
from publisher import Publisher, reading
from sim_board import ROOT
from stored import seqs

from host.service.health import Limits, of_ingest
from host.service.progress import Stats
from host.store import Store

REGISTRY = ROOT / "registry"
DEAF = "grants shared subscriptions and delivers nothing by them"


def test_a_broker_that_grants_them_and_delivers_nothing(tmp_path: Path) -> None:
    """amqtt does so: said in the log and by the health of the ingester."""
    with Broker(tmp_path / "broker", embedded=True) as broker:
        with Ingester(tmp_path / "q.db", REGISTRY, broker.address, "--group", "q") as ingester:
            assert until(lambda: DEAF in ingester.log())
            assert until(lambda: bool(ingester.stats().get("deaf")))
            stats = msgspec.convert(ingester.stats(), Stats)
    assert of_ingest(stats, time.time(), Limits()) == [
        "ingest: the broker delivers nothing by shared subscriptions (--group)"
    ]


def test_retained_messages_and_a_small_window(needs_mosquitto: None, tmp_path: Path) -> None:
    """mosquitto sends every retained message to each member, and once some are acknowledged, more
    than its limit to one of them: each birth and reading is stored once, also when a member falls
    with what it has not acknowledged."""
    db, boards, each = tmp_path / "q.db", 40, 30
    load.write_registry(tmp_path / "registry", boards)
    names = [load.name(n) for n in range(boards)]
    with Broker(tmp_path / "broker", in_flight=20) as broker:
        publisher = Publisher(broker)
        for site, device in names:
            birth = {"life": "9c4e01ab", "boot": 1, "up": 5}
            publisher.send(birth, f"qingyun/1/{site}/{device}/birth", retain=True)
        both = [
            Ingester(
                *(db, tmp_path / "registry", broker.address, "--group", "q"),
                *("--client-id", f"member-{i}"),
                beside=tmp_path / f"member-{i}",
            )
            for i in range(2)
        ]
        for one in both:
            one.start()
            one.wait_subscribed()
        assert until(lambda: all(one.stats()["messages"] >= boards for one in both))
        os.kill(both[0].pid, signal.SIGSTOP)
        for seq in range(each):
            for site, device in names:
                publisher.send(reading(seq), f"qingyun/1/{site}/{device}/reading")
        publisher.sure()
        both[0].kill()
        both[0].start()
        assert until(lambda: len(seqs(db)) >= boards * each), [one.log() for one in both]
        assert until(lambda: all(one.stats().get("messages") for one in both))
        for one in both:
            one.stop()
            assert DEAF not in one.log()
        publisher.stop()
    with closing(Store(db)) as store:
        assert store.database.query("SELECT count(*) FROM birth") == [(boards,)]
    assert sorted(seqs(db)) == sorted([("9c4e01ab", seq) for seq in range(each)] * boards)
