"""The ingester as a process of its own against a real broker."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from broker import Broker
from host_job import Ingester, qingyun
from killing import until
from paho.mqtt.enums import CallbackAPIVersion
from publisher import T0, TOPIC, Publisher, reading
from sim_board import ROOT
from stored import seqs, spans

from host.store import Store

REGISTRY = ROOT / "registry"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "q.db"


@pytest.fixture
def publisher(broker: Broker) -> Iterator[Publisher]:
    p = Publisher(broker)
    yield p
    p.stop()


def stored(db: Path) -> list[tuple[str, int]]:
    return seqs(db)


def test_arrays_and_duplicates(broker: Broker, publisher: Publisher, db: Path) -> None:
    with Ingester(db, REGISTRY, broker.address) as ingester:
        ingester.wait_subscribed()
        publisher.send([reading(n) for n in range(40)])
        for n in range(30, 60):
            publisher.send(reading(n))
        publisher.sure()
        assert until(lambda: ingester.stats().get("readings") == 70)
    assert stored(db) == [("9c4e01ab", n) for n in range(60)]
    assert ingester.stats()["duplicates"] == 10


@pytest.mark.alone
def test_a_reading_is_durable_soon(broker: Broker, publisher: Publisher, db: Path) -> None:
    with Ingester(db, REGISTRY, broker.address) as ingester:
        ingester.wait_subscribed()
        start = time.monotonic()
        publisher.send(reading(0))
        assert until(lambda: len(stored(db)) == 1)
        assert time.monotonic() - start < 2


BAD = [
    (b"hello", "not JSON"),
    (b"\xff\xfe\x00\x01", "not JSON"),
    (b"[" * 50_000, "not JSON"),
    (bytes(1 << 20), "not JSON"),
    (b'{"life":"9c4e01ab","seq":1,"boot":0,"t":1772467200,"w1":NaN}', "not JSON"),
    (json.dumps(reading(1) | {"seq": "1"}).encode(), "seq: expected"),
    (b'{"life":"9c4e01ab","boot":0,"t":1772467200,"w1":1}', "seq is missing"),
    (json.dumps(reading(1, w1=1e9)).encode(), "w1: 1000000000.0 is not within"),
    (json.dumps(reading(1, t=60)).encode(), "t: 60 is not within 2015 to 2100"),
    (json.dumps(reading(1, t=4_102_444_800)).encode(), "is not within 2015 to 2100"),
    (json.dumps(reading(1, t=4_000_000_000)).encode(), "is in the future"),
]


def test_what_cannot_be_understood_is_kept_and_blocks_nothing(
    broker: Broker, publisher: Publisher, db: Path
) -> None:
    with Ingester(db, REGISTRY, broker.address) as ingester:
        ingester.wait_subscribed()
        for payload, _ in BAD:
            publisher.send(payload)
        publisher.send(reading(2), "qingyun/1/fs-01/qy-unknown/reading")
        publisher.send(reading(3), "qingyun/1/jt-01/qy-fs01/reading")
        publisher.send(b"{}", "qingyun/1/fs-01/qy-fs01/birth")
        publisher.send(reading(0))
        publisher.sure()
        assert until(lambda: ingester.stats().get("stored") == 1)
    with sqlite3.connect(db) as connection:
        kept = connection.execute("SELECT payload, reason FROM quarantine ORDER BY id").fetchall()
    for (payload, why), (body, reason) in zip(BAD, kept, strict=False):
        assert body == payload
        assert why in reason
    assert "unknown device 'qy-unknown'" in kept[-3][1]
    assert "belongs to site fs-01" in kept[-2][1]
    assert "birth: up is missing" in kept[-1][1]
    assert len(kept) == len(BAD) + 3
    listed = qingyun("quarantine", "--db", db)
    assert listed.returncode == 1
    assert "unknown device" in listed.stdout


def test_the_board_is_told_what_is_stored(broker: Broker, publisher: Publisher, db: Path) -> None:
    heard: list[dict[str, Any]] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, "board")
    client.on_message = lambda _c, _u, m: heard.append(json.loads(m.payload))
    with Ingester(db, REGISTRY, broker.address) as ingester:
        ingester.wait_subscribed()
        hello = {"life": "9c4e01ab", "boot": 0, "up": 5, "confirm": "host"}
        publisher.send(hello, "qingyun/1/fs-01/qy-fs01/birth")
        publisher.send([reading(0), reading(1), reading(3)])
        publisher.sure()
        assert until(lambda: len(stored(db)) == 3)
        time.sleep(0.3)
        client.connect(broker.host, broker.port)
        client.subscribe("qingyun/1/fs-01/qy-fs01/stored", 1)
        client.loop_start()
        assert until(lambda: {"life": "9c4e01ab", "seq": 1} in heard), "it is retained"
        publisher.send(reading(2))
        assert until(lambda: {"life": "9c4e01ab", "seq": 3} in heard)
    client.loop_stop()


def test_an_erased_board_is_not_mistaken_for_the_old_one(
    broker: Broker, publisher: Publisher, db: Path
) -> None:
    with Ingester(db, REGISTRY, broker.address) as ingester:
        ingester.wait_subscribed()
        publisher.send([reading(n) for n in range(5)])
        publisher.send([reading(n, "11111111") for n in range(5)])
        publisher.sure()
        assert until(lambda: ingester.stats().get("stored") == 10)
    assert len(stored(db)) == 10


@pytest.mark.usefixtures("needs_mosquitto")
def test_sigkill_of_the_ingester_loses_and_doubles_nothing(
    broker: Broker, publisher: Publisher, db: Path
) -> None:
    total = 3000
    ingester = Ingester(db, REGISTRY, broker.address)
    ingester.start()
    ingester.wait_subscribed()
    for n in range(total):
        publisher.send(reading(n))
        if n in (700, 1500, 2200):
            assert until(lambda: len(stored(db)) > 0)
            ingester.kill()
            ingester.start()
    publisher.sure()
    assert until(lambda: len(stored(db)) == total, 120)
    ingester.stop()
    assert stored(db) == [("9c4e01ab", n) for n in range(total)]
    assert spans(db) == [("9c4e01ab", 0, total - 1)]


def test_sigkill_of_the_broker_is_survived(persistent_broker: Broker, db: Path) -> None:
    """What the broker lost with its memory is sent again by whoever waits for `stored`."""
    broker = persistent_broker
    publisher = Publisher(broker, "board")
    total = 1500
    with Ingester(db, REGISTRY, broker.address) as ingester:
        ingester.wait_subscribed()
        for n in range(total):
            publisher.send(reading(n))
            if n == 700:
                time.sleep(0.3)
                broker.kill()
                broker.start()
        publisher.sure()
        time.sleep(1)
        have = {seq for _, seq in stored(db)}
        for n in range(total):
            if n not in have or n % 100 == 0:
                publisher.send(reading(n))
        publisher.sure()
        assert until(lambda: len(stored(db)) == total)
    publisher.stop()
    assert stored(db) == [("9c4e01ab", n) for n in range(total)]


def test_a_locked_store_is_waited_for(broker: Broker, publisher: Publisher, db: Path) -> None:
    with Ingester(db, REGISTRY, broker.address) as ingester:
        ingester.wait_subscribed()
        blocker = sqlite3.connect(db, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        publisher.send(reading(0))
        publisher.sure()
        log = db.with_suffix(".ingest.log")
        assert until(lambda: "nothing is acknowledged" in log.read_text(), 90)
        blocker.execute("ROLLBACK")
        assert until(lambda: len(stored(db)) == 1)
        assert until(lambda: "can be written again" in log.read_text())


def test_what_the_store_cannot_take_stops_nobody_else(
    broker: Broker, publisher: Publisher, db: Path
) -> None:
    """A batch that fails is halved until its culprit is found, which is kept whole."""
    Store(db, create=True).close()
    with closing(sqlite3.connect(db)) as damaged:
        damaged.execute(
            "CREATE TRIGGER no_13 BEFORE INSERT ON birth WHEN NEW.boot = 13 "
            "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
        )
    births = [
        {"life": "9c4e01ab", "boot": boot, "t": T0, "up": 5, "confirm": "host"}
        for boot in (11, 13, 14)
    ]
    with Ingester(db, REGISTRY, broker.address) as ingester:
        ingester.wait_subscribed()
        # All in one batch: the first commit of the three takes far longer than they to arrive.
        for n in range(50):
            publisher.send(reading(n))
        for birth in births:
            publisher.send(birth, TOPIC.replace("reading", "birth"))
        for n in range(50, 100):
            publisher.send(reading(n))
        publisher.sure()
        assert ingester.wait_for(100)
        assert until(lambda: ingester.stats().get("quarantined") == 1)
        log = ingester.log()
    assert stored(db) == [("9c4e01ab", n) for n in range(100)]
    with closing(Store(db)) as store:
        ((_, _, topic, reason, size, start),) = store.quarantine(5)
    assert topic == TOPIC.replace("reading", "birth")
    assert "the store cannot take it: IntegrityError: not this one" in reason
    assert json.loads(start) == births[1] if size < 80 else start
    assert "it goes into quarantine" in log
    again = qingyun("quarantine", "retry", "--db", db, "--registry", REGISTRY)
    assert again.returncode == 1
    assert "stays: the store cannot take it: IntegrityError: not this one" in again.stdout


def test_another_client_under_the_same_name(broker: Broker, db: Path, tmp_path: Path) -> None:
    """A broker ends the session of the first: said, once it has happened a few times."""
    with Ingester(db, REGISTRY, broker.address) as one:
        one.wait_subscribed()
        with Ingester(tmp_path / "other.db", REGISTRY, broker.address) as other:
            text = "expected no other client under the name qingyun-ingest"
            assert until(lambda: text in one.log() or text in other.log(), 60)
