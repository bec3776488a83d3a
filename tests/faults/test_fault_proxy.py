"""The proxy makes the faults it says, to the byte: else the tests beside this show nothing."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from fault_proxy import (
    PASS,
    PUBACK,
    PUBLISH,
    SWALLOW,
    Fate,
    Packet,
    Policy,
    Proxy,
    cut_after,
    silent_address,
)

PACKET = b"\x32\x0f\x00\x09a/reading\x00\x07{}"  # PUBLISH, QoS 1, id 7
ANSWER = b"\x40\x02\x00\x07"


@pytest.fixture
def far() -> Iterator[socket.socket]:
    """Stands where the broker would: the tests look at each byte that arrives."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(5)
        yield listener


class Ends:
    """Both ends of a connection through the proxy."""

    def __init__(self, proxy: Proxy, far: socket.socket) -> None:
        self.board = socket.create_connection(("127.0.0.1", proxy.port), timeout=5)
        self.broker = far.accept()[0]
        self.broker.settimeout(5)

    def __enter__(self) -> Ends:
        return self

    def __exit__(self, *_: object) -> None:
        self.board.close()
        self.broker.close()


def everything(end: socket.socket) -> bytes:
    """All bytes until the other side says that there are no more."""
    got = b""
    while part := end.recv(100):
        got += part
    return got


def through(far: socket.socket, policy: Policy) -> Proxy:
    return Proxy(far.getsockname(), policy)


def test_what_passes_is_counted_and_understood(far: socket.socket) -> None:
    with through(far, lambda _: PASS) as proxy, Ends(proxy, far) as ends:
        ends.board.sendall(PACKET[:5])
        time.sleep(0.05)
        ends.board.sendall(PACKET[5:] + PACKET)
        assert ends.broker.recv(1, socket.MSG_PEEK) == PACKET[:1]
        ends.broker.sendall(ANSWER)
        assert ends.board.recv(100) == ANSWER
        ends.board.close()
        assert everything(ends.broker) == 2 * PACKET
    one, two = proxy.packets(PUBLISH, from_board=True, topic="/reading")
    assert (one.topic, one.id, one.payload, one.readings()) == ("a/reading", 7, b"{}", [{}])
    assert two.raw == PACKET
    (answer,) = proxy.packets(PUBACK, from_board=False)
    assert (answer.id, proxy.connections) == (7, 1)


@pytest.mark.parametrize("size", [0, 1, len(PACKET) - 1, len(PACKET), len(PACKET) + 3])
@pytest.mark.parametrize("how", ["close", "reset"])
def test_cut_after_exactly_so_many_bytes(far: socket.socket, size: int, how: str) -> None:
    with through(far, cut_after(0, size, how)) as proxy, Ends(proxy, far) as ends:
        ends.board.sendall(3 * PACKET)
        assert everything(ends.broker) == (3 * PACKET)[:size]
        if how == "reset":
            with pytest.raises(ConnectionResetError):
                ends.board.recv(1)
        else:
            assert ends.board.recv(1) == b""


def test_swallowed_truncated_and_late(far: socket.socket) -> None:
    fates = iter((SWALLOW, Fate(3), Fate(delay_s=0.2)))
    with through(far, lambda _: next(fates)) as proxy, Ends(proxy, far) as ends:
        start = time.monotonic()
        ends.broker.sendall(3 * ANSWER)
        ends.broker.close()
        assert everything(ends.board) == ANSWER[:3] + ANSWER
    assert time.monotonic() - start >= 0.2


def test_a_hole_takes_everything_and_gives_nothing(far: socket.socket) -> None:
    def policy(packet: Packet) -> Fate:
        return Fate(3, "hole") if packet.from_board else PASS

    with through(far, policy) as proxy, Ends(proxy, far) as ends:
        ends.board.sendall(2 * PACKET)
        assert ends.broker.recv(100) == PACKET[:3]
        ends.broker.sendall(ANSWER)
        for end in (ends.board, ends.broker):
            end.settimeout(0.2)
            with pytest.raises(TimeoutError):
                end.recv(1)
        ends.board.close()
        with pytest.raises(TimeoutError):
            ends.broker.recv(1)  # not even the end of it
        with Ends(proxy, far) as later:
            later.board.sendall(PACKET)
            later.broker.settimeout(0.2)
            with pytest.raises(TimeoutError):
                later.broker.recv(1)
        proxy.hole = False


def test_refused_taken_again_and_never_answered(far: socket.socket) -> None:
    with through(far, lambda _: PASS) as proxy:
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", proxy.port), timeout=5)
        proxy.listen()
        with Ends(proxy, far) as ends:
            ends.board.sendall(PACKET)
            assert ends.broker.recv(100) == PACKET
    with silent_address() as address, pytest.raises(TimeoutError):
        host, port = address.split(":")
        socket.create_connection((host, int(port)), timeout=0.3)


@pytest.mark.alone
def test_a_slow_link_carries_so_many_bytes_a_second(far: socket.socket) -> None:
    with Proxy(far.getsockname(), rate=10_000) as proxy, Ends(proxy, far) as ends:
        start = time.monotonic()
        big = b"\x32\xe8\x0f" + bytes(2024)
        ends.board.sendall(big)
        ends.board.shutdown(socket.SHUT_WR)
        assert everything(ends.broker) == big
    assert 0.2 <= time.monotonic() - start < 2
