"""A board that sends too much is deferred; nothing of it is lost, and no other board waits."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from broker import Broker
from host_job import Ingester
from killing import until
from publisher import Publisher
from stored import seqs

from host import registry
from host.service import deferral
from host.service.deferral import Deferral
from host.service.inbox import Inbox
from host.store import Batch, Busy, Counts, Store, turns

REGISTRY = Path(__file__).resolve().parents[3] / "registry"
LOUD, QUIET = b"qingyun/1/fs-01/qy-fs01/reading", b"qingyun/1/jt-01/qy-jt01/reading"


def reading(seq: int, life: str = "9c4e01ab") -> bytes:
    t = int(time.time())
    return json.dumps({"life": life, "seq": seq, "boot": 0, "t": t, "w1": 1}).encode()


class Host:
    """What the ingester does with a batch, without a broker."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.inbox = Inbox(registry.load(REGISTRY), 300)
        self.deferral = Deferral(store)

    def understand(self, received: deferral.Messages) -> Batch:
        return self.inbox.batch(received, int(time.time()))

    def take(self, received: list[tuple[bytes, bytes]], seconds: float = 0.0) -> Counts:
        """seconds: what it is said to have taken."""
        now, of = int(time.time()), self.deferral
        batch = self.inbox.batch(received, now, full=of.full(), deferred=of.devices())
        counts = self.store.add(batch, now)
        of.put(batch)
        of.spent(received, seconds)
        return counts

    def take_up(self) -> Counts:
        """Until none waits."""
        total = Counts(0, 0, 0, [])
        while len(self.deferral):
            total += self.deferral.take_up(self.understand, self.store.add, idle=True)
        return total


@pytest.fixture
def host(store: Store) -> Host:
    return Host(store)


def messages(topic: bytes, first: int, n: int) -> list[tuple[bytes, bytes]]:
    return [(topic, reading(seq)) for seq in range(first, first + n)]


def waiting(store: Store) -> dict[str, int]:
    return {device: n for device, (n, _) in store.deferred_by_board().items()}


@pytest.mark.each_engine
def test_the_loud_one_waits_and_the_other_does_not(host: Host) -> None:
    loud, quiet = messages(LOUD, 0, 50), messages(QUIET, 0, 2)
    assert host.take(loud + quiet, seconds=0.6).stored == 52
    more = host.take(messages(LOUD, 50, 50) + messages(QUIET, 2, 2))
    assert more.stored == 2
    assert waiting(host.store) == {"qy-fs01": 50}
    # Also what comes once it has calmed down: its messages stay in their order.
    host.deferral._took.clear()
    assert host.take(messages(LOUD, 100, 5)).stored == 0
    assert host.take_up().stored == 55
    assert waiting(host.store) == {} and not len(host.deferral)
    assert host.take(messages(LOUD, 105, 1)).stored == 1
    assert [s.missing for s in host.store.status()] == [0, 0]


def test_a_store_that_is_away_ends_nothing(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.take(messages(LOUD, 0, 1), seconds=0.6)
    host.take(messages(LOUD, 1, 10))
    asked: list[int] = []

    def away() -> None:
        asked.append(1)
        raise Busy("the server is away")

    with monkeypatch.context() as patch:
        patch.setattr(host.store, "first_deferred", away)
        for _ in range(5):  # it is not asked again at once
            assert host.deferral.take_up(host.understand, host.store.add, idle=True).stored == 0
    assert len(asked) == 1 and len(host.deferral) == 1
    host.deferral._not_before = 0.0
    assert host.take_up().stored == 10


def test_while_others_send_one_transaction_now_and_then(host: Host) -> None:
    host.take(messages(LOUD, 0, 1), seconds=0.6)
    host.take(messages(LOUD, 1, 500))

    def once() -> int:
        return host.deferral.take_up(host.understand, host.store.add, idle=False).stored

    assert [once(), once()] == [200, 0]
    host.deferral._next = 0.0
    assert once() == 200


def test_boards_that_send_alike_are_not_deferred(host: Host) -> None:
    """Many boards with a backlog keep the ingester at work: none takes much more than others."""
    devices = [b"qingyun/1/s/b%d/reading" % n for n in range(4)]
    for _ in range(100):
        host.deferral.spent([(d, b"x" * 1000) for d in devices], 2.0)
    assert host.deferral.devices() == set()
    host.deferral.spent([(devices[0], b"x" * 1000)], 10.0)
    assert host.deferral.devices() == {"b0"}


def test_what_waits_outlives_a_restart(host: Host) -> None:
    host.take(messages(LOUD, 0, 1), seconds=0.6)
    host.take(messages(LOUD, 1, 30))
    again = Host(host.store)
    assert again.deferral.devices() == {"qy-fs01"}
    assert again.take_up().stored == 30


def test_one_that_the_store_cannot_take_stops_no_other(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.take(messages(LOUD, 0, 1), seconds=0.6)
    host.take(messages(LOUD, 1, 9))
    understand = host.inbox.batch

    def failing(received: deferral.Messages, now: int, **more: object) -> Batch:
        if any(b'"seq": 5,' in payload for _, payload in received):
            raise OverflowError("too large")
        return understand(received, now)

    monkeypatch.setattr(host.inbox, "batch", failing)
    assert host.take_up().stored == 8
    kept = [k.reason for k in host.store.kept()]
    assert kept == ["the store cannot take it: OverflowError: too large"]
    assert waiting(host.store) == {}


def test_so_much_waits_and_no_more(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferral, "MOST", 2_000)
    host.take(messages(LOUD, 0, 1), seconds=0.6)
    host.take(messages(LOUD, 1, 10))
    assert host.take(messages(LOUD, 11, 3)).quarantined == 3
    assert host.take_up().stored == 10
    host.deferral._took.clear()
    assert host.take(messages(LOUD, 11, 3)).stored == 3


def test_through_the_broker(broker: Broker, tmp_path: Path) -> None:
    """What waits at the start is stored, and confirmed as everything else."""
    db = tmp_path / "q.db"
    store = Store(db, create=True)
    store.add(Batch(deferred=[("qy-fs01", LOUD, reading(n)) for n in range(300)]), 1)
    store.close()
    publisher = Publisher(broker)
    with Ingester(db, REGISTRY, broker.address) as ingester:
        ingester.wait_subscribed()
        publisher.send(json.loads(reading(300)))
        assert until(lambda: len(seqs(db)) == 301)
        assert until(lambda: ingester.stats().get("deferred") == 0)
    publisher.stop()
    assert waiting(Store(db)) == {}


def test_a_long_task_gives_others_their_turn(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the time once another process is seen to write, else a moment in half a second."""
    clock, slept = [0.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    monkeypatch.setattr("time.sleep", sleep)
    other = Store(store.where)
    given = turns.Turns(store.database)
    for _ in range(10):  # alone
        clock[0] += 0.3
        given.give()
    assert slept == [pytest.approx(0.12)] * 5
    slept.clear()
    other.add(Batch(deferred=[("d", b"t", b"p")]), 1)
    clock[0] += 0.6
    given.give()
    for _ in range(3):
        other.add(Batch(deferred=[("d", b"t", b"p")]), 1)
        clock[0] += 0.3
        given.give()
    assert slept == [pytest.approx(x) for x in (0.12, 0.3, 0.3, 0.3)]
    other.close()
