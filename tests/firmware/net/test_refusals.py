"""What a board says when the other side does not let it in: one clear line."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
from bench import Bench, run
from broker import free_port


def answer(what: bytes) -> socket.socket:
    """A server that gives every connection this answer to its CONNECT, and hangs up."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return  # closed: the test is over
            with peer:
                peer.recv(512)
                peer.sendall(what)

    threading.Thread(target=serve, daemon=True).start()
    return server


@pytest.mark.parametrize(
    ("what", "line"),
    [
        (b"\x20\x02\x00\x02", "the broker refuses: it does not take this client id"),
        (b"\x20\x02\x00\x05", "the broker refuses: not authorised"),
        (b"\x20\x02\x00\x63", "the broker refuses: code 99"),
        (b"", "the broker has closed the connection"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the broker's answer is not MQTT"),
    ],
)
def test_refused(tmp_path: Path, what: bytes, line: str) -> None:
    bench = Bench(tmp_path)
    bench.configure()
    with answer(what) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        board = bench.board(address, [(0, "w1", 20), (20, "w1", 20)], patience=20)
        assert board.launch().wait(300) == 0
    assert f"warning: mqtt: {line}; next try in" in board.log
    assert "mqtt: connected" not in board.log


def test_nobody_listens(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    board = bench.board(f"127.0.0.1:{free_port()}", [(0, "w1", 20), (20, "w1", 20)])
    run(board)
    line = "nobody listens at the broker's address and port: start it, or mend host or port"
    assert f"warning: mqtt: {line}; next try in" in board.log
