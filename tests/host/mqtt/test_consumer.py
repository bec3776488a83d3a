"""What comes from the socket: messages here, everything else to paho, however it is cut."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from host.mqtt.consumer import Taken, _Socket

PINGRESP = b"\xd0\x00"
Pair = tuple[_Socket, socket.socket]


def publish(topic: bytes, payload: bytes, mid: bytes = b"") -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + mid + payload
    size, n = b"", len(body)
    while True:
        size += bytes([n & 127 | (128 if n > 127 else 0)])
        n >>= 7
        if not n:
            return bytes([0x32 if mid else 0x30]) + size + body


SENT = [(b"a/b", b""), (b"a/\xe5", b"x" * 200), (b"c", bytes(range(256)) * 70), (b"", b"1")]
STREAM = (
    publish(*SENT[0], b"\x00\x01")
    + PINGRESP
    + publish(*SENT[1], b"\xff\xff")
    + publish(*SENT[2])
    + b"\x90\x03\x00\x07\x01"
    + publish(*SENT[3], b"\x32\x32")
)


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    yield _Socket(ours), theirs
    ours.close()
    theirs.close()


def drain(sock: _Socket, taken: Taken, for_paho: bytearray) -> None:
    """As Transport.receive() does; what paho would read goes into for_paho."""
    while sock.take(taken, 100):
        while True:
            try:
                for_paho += sock.recv(1)
            except BlockingIOError:
                break


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 127, 100_000])
def test_packets_cut_anywhere(pair: Pair, piece: int) -> None:
    sock, other = pair
    taken, for_paho = Taken(sock), bytearray()
    for at in range(0, len(STREAM), piece):
        other.sendall(STREAM[at : at + piece])
        assert sock.more()
        drain(sock, taken, for_paho)
    assert taken.messages == SENT
    assert taken.ids == [b"\x00\x01", b"\xff\xff", b"\x32\x32"]
    assert for_paho == PINGRESP + b"\x90\x03\x00\x07\x01"
    assert not sock.more()


def test_so_many_at_once_and_no_more(pair: Pair) -> None:
    sock, other = pair
    other.sendall(b"".join(publish(b"t", b"%d" % n, b"\x00\x01") for n in range(10)))
    sock.more()
    taken = Taken(sock)
    assert not sock.take(taken, 4)
    assert len(taken.messages) == 4
    sock.take(taken, 100)
    assert [p for _, p in taken.messages] == [b"%d" % n for n in range(10)]


@pytest.mark.parametrize(
    "bad",
    [
        b"\x30\x00",
        b"\x30\x05\x00\x04abc",  # a topic longer than its packet
        b"\x32\x04\x00\x01ab",  # half a packet id
        b"\x30\xff\xff\xff\xff\x01",  # a length of five bytes
    ],
)
def test_a_malformed_packet_ends_the_connection(pair: Pair, bad: bytes) -> None:
    sock, other = pair
    other.sendall(publish(*SENT[0]) + bad + bytes(8))
    sock.more()
    taken = Taken(sock)
    assert sock.take(taken, 100)
    assert taken.messages == SENT[:1]
    with pytest.raises(ConnectionError, match="malformed"):
        sock.recv(1)


def test_what_came_before_the_end_counts(pair: Pair) -> None:
    sock, other = pair
    other.sendall(publish(*SENT[1], b"\x00\x05") + publish(*SENT[2])[:9])
    other.close()
    taken = Taken(sock)
    for _ in range(3):
        sock.more()
    assert sock.take(taken, 100)
    assert taken.messages == [SENT[1]]
    with pytest.raises(ConnectionError, match="hung up"):
        sock.recv(1)
