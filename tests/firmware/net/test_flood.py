"""A peer that takes the session and then talks without end: nothing hangs, sampling goes on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from bench import Bench

CONNACK = b"\x20\x02\x00\x00"
SPEED = 4
SECONDS = 40


def flood(what: bytes, stop: threading.Event) -> tuple[socket.socket, threading.Thread]:
    """Accepts every connection, agrees to the session, and sends `what` for ever."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.2)

    def serve() -> None:
        while not stop.is_set():
            try:
                peer, _ = server.accept()
            except TimeoutError:
                continue
            peer.settimeout(0.2)
            try:
                peer.sendall(CONNACK)
                while not stop.is_set():
                    peer.sendall(what)
            except OSError:
                pass
            finally:
                peer.close()

    thread = threading.Thread(target=serve)
    thread.start()
    return server, thread


@pytest.mark.alone
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("PINGRESP", b"\xd0\x00" * 500),
        ("zeros", bytes(1000)),
        ("PUBACK of another id", b"\x40\x02\x77\x77" * 250),
        ("a message too large", b"\x30\xff\xff\xff\x7f" + b"x" * 1000),
    ],
)
def test_a_peer_that_floods(
    tmp_path: Path, figure: Callable[[str], None], name: str, what: bytes
) -> None:
    bench = Bench(tmp_path)
    bench.configure(sample_s=1)
    stop = threading.Event()
    server, thread = flood(what, stop)
    try:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        rows = [(0.0, "w1", 5.0), (float(SECONDS), "w1", 5.0)]
        run = bench.board(address, rows, speed=SPEED)
        assert run.launch().wait(timeout=200) == 0, run.log[-1500:]
        report = run.result()
    finally:
        stop.set()
        thread.join()
        server.close()
    given_up = run.log.count("warning: mqtt:")
    figure(
        f"a peer that floods ({name}): given up {given_up} times in {SECONDS} s, longest pause "
        f"of the sampling {report['poll_gap_ms'] / 1000:.2f} s ({SPEED} times real time)"
    )
    assert given_up >= 2
    assert "MemoryError" not in run.log
    assert report["poll_gap_ms"] <= 2000
