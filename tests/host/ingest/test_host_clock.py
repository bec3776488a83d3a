"""A clock of the host that is wrong costs no reading, and dates none."""

from __future__ import annotations

import glob
import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from broker import Broker
from host_job import Ingester, qingyun
from killing import until
from listener import Listener
from publisher import TOPIC, Publisher
from sim_board import ROOT

from host import registry
from host.readings.messages import Reading
from host.service.inbox import Inbox
from host.store import Batch, Store

REGISTRY = ROOT / "registry"
DAY_S = 86_400
LIFE = "9c4e01ab"
OTHER = TOPIC.replace("fs-01/qy-fs01", "jt-01/qy-jt01")


@pytest.fixture
def publisher(broker: Broker) -> Iterator[Publisher]:
    p = Publisher(broker)
    yield p
    p.stop()


def reading(seq: int, t: int, **more: Any) -> dict[str, Any]:
    return {"life": LIFE, "seq": seq, "boot": 0, "t": t, "w1": seq / 1000} | more


def said(topic: str, *readings: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    return [(topic.encode(), json.dumps(list(readings)).encode())]


def inbox() -> Inbox:
    return Inbox(registry.load(REGISTRY), DAY_S)


def fake(offset: str) -> list[str]:
    """A process for which it is another time. The command `faketime` would stay between a
    process and its signals."""
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")  # noqa: PTH207
    assert found, "as root run: apt-get install libfaketime"
    return ["env", f"LD_PRELOAD={found[0]}", f"FAKETIME={offset}"]


def test_a_host_two_weeks_behind(broker: Broker, publisher: Publisher, tmp_path: Path) -> None:
    """It keeps what boards say, confirms nothing, and takes it back once it is right."""
    db, now, fs = tmp_path / "q.db", int(time.time()), TOPIC
    birth = {"life": LIFE, "boot": 0, "up": 5, "confirm": "host"}
    with Listener(broker, fs.removesuffix("reading")) as heard:
        with Ingester(db, REGISTRY, broker.address, inside=fake("-14d")) as behind:
            behind.wait_subscribed()
            publisher.send(birth, fs.replace("reading", "birth"))
            for n in range(40):
                publisher.send(reading(n, now - 40 + n), fs)
            publisher.send([reading(n, now - 40 + n) for n in range(30)], OTHER)
            publisher.sure()
            assert until(lambda: behind.stats().get("quarantined", 0) == 70)
            assert behind.stats()["stored"] == 0
        assert heard.of("stored") == []
        with Ingester(db, REGISTRY, broker.address) as right:
            assert right.wait_for(70), right.log()
            heard.wait("stored")
            assert json.loads(heard.of("stored")[-1]) == {"life": LIFE, "seq": 39}
    with closing(Store(db)) as store:
        assert store.quarantined() == 0
        store.compact()
        dated = [r.t for r in store.readings("qy-fs01", 0, 1 << 40)]
    assert dated == list(range(now - 40, now))


def test_a_host_three_days_ahead(broker: Broker, publisher: Publisher, tmp_path: Path) -> None:
    """Readings keep the time that their boards gave them."""
    db, now = tmp_path / "q.db", int(time.time())
    for offset, seqs in (("+3d", range(20)), ("+0", range(20, 40)), ("-2d", range(40, 60))):
        with Ingester(db, REGISTRY, broker.address, inside=fake(offset)) as ingester:
            ingester.wait_subscribed()
            publisher.send([reading(n, now - 60 + n) for n in seqs])
            publisher.sure()
            counts = ("stored", "quarantined")
            assert until(lambda: sum(ingester.stats().get(c, 0) for c in counts) == 20)  # noqa: B023
    done = qingyun("quarantine", "retry", "--db", db, "--registry", REGISTRY)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("20 messages taken, 20 readings stored; 0 stay\n"), done.stdout
    with closing(Store(db)) as store:
        store.compact()
        assert [r.t for r in store.readings("qy-fs01", 0, 1 << 40)] == list(range(now - 60, now))


def test_a_board_ahead_is_told_to_go_on_where_others_agree_with_the_host() -> None:
    now, box = 1_790_006_400, inbox()
    ahead = said(TOPIC, reading(0, now + 400 * DAY_S))
    assert [x.reading for x in box.batch(ahead, now).refused] == [None]
    box.batch(said(OTHER, reading(0, now - 5)), now)
    assert [x.reading for x in box.batch(ahead, now).refused] == [("qy-fs01", "fs-01", LIFE, 0)]


def test_most_boards_are_right() -> None:
    """One that is as wrong as the host proves nothing."""
    now, box = 1_790_006_400, inbox()
    box.batch(said(OTHER, reading(0, now)), now)
    for other in ("fs-01/qy-fs01", "hw-01/qy-hw01"):
        topic = f"qingyun/1/{other}/reading"
        refused = box.batch(said(topic, reading(0, now + 14 * DAY_S)), now).refused
    assert [x.reading for x in refused] == [None]


@pytest.mark.each_engine
def test_what_was_counted_as_taken_is_stored_after_all(store: Store) -> None:
    """Of an ingester before this: refused, and its name held so that the board let go of it."""
    now, box = 1_790_006_400, inbox()
    box.batch(said(OTHER, reading(0, now)), now)
    there = [
        ("qy-fs01", "fs-01", Reading(LIFE, n, 0, now + n, None, {"w1": n}, {})) for n in (0, 2)
    ]
    store.add(Batch(readings=there), now)
    late = said(TOPIC, *(reading(n, now + 2 * DAY_S) for n in (1, 3)))
    assert store.add(box.batch(late, now), now).quarantined == 2
    assert sum(s.missing for s in store.status()) == 0
    for kept in list(store.kept(reason="in the future")):
        again = box.batch([(kept.topic.encode(), kept.payload)], now + 2 * DAY_S)
        assert store.take_back(kept.id, again, now).stored == 1
    # A second time nothing is left to take; what is stored is not stored twice.
    assert list(store.kept()) == []
    assert store.add(box.batch(late, now + 2 * DAY_S), now).stored == 0
    store.compact(now + 3 * DAY_S)
    assert len(list(store.readings("qy-fs01", 0, 1 << 40))) == 4


def test_retry_says_what_stays(tmp_path: Path) -> None:
    db = tmp_path / "q.db"
    with closing(Store(db, create=True)) as store:
        now = int(time.time())
        box = inbox()
        unknown = (b"qingyun/1/xx/qy-xx/reading", json.dumps(reading(0, now)).encode())
        store.add(box.batch([unknown, (TOPIC.encode(), b"{")], now), now)
    args = ("quarantine", "retry", "--db", db, "--registry", REGISTRY)
    done = qingyun(*args)
    assert done.returncode == 1
    assert "stays: unknown device 'qy-xx'" in done.stdout
    assert "stays: not JSON: " in done.stdout
    assert "0 messages taken, 0 readings stored; 2 stay" in done.stdout
    assert "; 0 stay" in qingyun(*args, "--reason", "in the future").stdout
    assert "; 1 stay" in qingyun(*args, "--device", "qy-xx").stdout
    today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))
    assert "; 2 stay" in qingyun(*args, "--since", today, "--until", today).stdout
