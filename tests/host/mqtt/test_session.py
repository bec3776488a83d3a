"""The session that commands have at the broker: how it begins, what a loss does, how it ends."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

import pytest
from broker import Broker as RealBroker
from broker import free_port

from host.mqtt.broker import Broker
from host.mqtt.session import Session, SessionError

MANY = 1200  # topics: more than one SUBSCRIBE holds


def at(broker: RealBroker, name: str = "") -> Broker:
    return Broker(broker.host, broker.port, name)


def test_what_is_published_is_heard_on_every_topic(broker: RealBroker) -> None:
    heard: Queue[tuple[str, bytes, bool]] = Queue()
    topics = [(f"a/{n}", 1) for n in range(MANY)]
    with (
        Session(at(broker), topics, on_message=lambda *m: heard.put(m)),
        Session(at(broker)) as other,
    ):
        other.publish([(f"a/{MANY - 1}", "1"), ("a/0", b"2")])
        assert heard.get(timeout=10) == (f"a/{MANY - 1}", b"1", False)
        assert heard.get(timeout=10) == ("a/0", b"2", False)
        other.publish([("a/1", "kept")], retain=True)
    with Session(at(broker), [("a/1", 1)], on_message=lambda *m: heard.put(m)):
        assert heard.get(timeout=10) == ("a/1", b"kept", False)
        assert heard.get(timeout=10) == ("a/1", b"kept", True)


def test_a_loss_while_publishing_is_waited_for(tmp_path: Path) -> None:
    """What was queued while nobody was connected is acknowledged by the next connection."""
    changes: Queue[bool] = Queue()
    with RealBroker(tmp_path) as broker:
        session = Session(at(broker), on_change=lambda connected, _: changes.put(connected))
        with session, ThreadPoolExecutor() as pool:
            assert changes.get(timeout=10)
            broker.kill()
            assert not changes.get(timeout=10)
            published = pool.submit(session.publish, [("a", "1"), ("b", "2")])
            broker.start()
            assert published.result(60) is None


def test_nobody_there() -> None:
    with pytest.raises(SessionError, match=r"^broker 127\.0\.0\.1:\d+: .*Connection refused"):
        Session(Broker("127.0.0.1", free_port())).open()


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"\x20\x02\x00\x05", "refused the connection: Not authorized"),
        (b"\x20\x02\x00\x00\x90\x03\x00\x01\x80", "refused the subscription: Unspecified error"),
        (b"", "closed the connection: "),
        (None, "did not answer within 1 s"),
    ],
    ids=["refused", "no subscription", "closed", "silent"],
)
def test_one_line_says_what_the_broker_does(answer: bytes | None, problem: str) -> None:
    """Whatever it is, and at once where it is known; the thread of the session has ended."""

    def serve() -> None:
        with server.accept()[0] as connection:
            connection.recv(1024)
            if answer != b"":
                connection.sendall(answer or b"")
                connection.recv(1024)
                over.wait(10)

    over = threading.Event()
    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        where = Broker("127.0.0.1", server.getsockname()[1])
        begun = time.monotonic()
        with pytest.raises(SessionError) as raised:
            Session(where, [("a", 0)], answer_s=1 if answer is None else 30).open()
        assert time.monotonic() - begun < 20
        over.set()
        thread.join(10)
    assert str(raised.value).startswith(f"{where}: {problem}")
    assert threading.active_count() == before


def test_a_session_that_goes_on_without_its_broker(tmp_path: Path) -> None:
    changes: Queue[tuple[bool, str | None]] = Queue()
    broker = RealBroker(tmp_path)
    session = Session(at(broker), on_change=lambda *change: changes.put(change))
    session.start()
    try:
        assert changes.get(timeout=10) == (False, "")
        broker.start()
        while (change := changes.get(timeout=30)) != (True, None):
            assert change == (False, "")
        assert session.connected
        broker.kill()
        assert changes.get(timeout=10) == (False, None)
        assert not session.connected
    finally:
        session.close()
