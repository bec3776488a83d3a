"""Connections that do not go on, and streams that must end: a real server, real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from broker import free_port
from served_page import PASSWORD
from sim_board import ROOT

from host.provision.certificates import make
from host.serve import accounts, connections
from host.serve.connections import allow_files
from host.serve.hub import MOST_OF_ACCOUNT
from host.serve.refusals import OTHERS, PAUSE_S, ROWS_IN_PAUSE, Refusal, Refusals, network
from host.store import Store

SLOW_S = 60  # a busy machine
BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
HALF = b"GET /signin HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "


@dataclass
class Small:
    """A page without boards. tokens: of the machines `one` and `two`."""

    url: str
    db: Path
    tokens: dict[str, str]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def change(self, work: Callable[[Store], Any]) -> None:
        """As another process changes the store."""
        store = Store(self.db)
        work(store)
        store.close()

    def deeds(self) -> list[accounts.Done]:
        store = Store(self.db)
        try:
            return list(accounts.trail(store, limit=500))
        finally:
            store.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    folder = tmp_path_factory.mktemp("small")
    db, log, port = folder / "q.db", folder / "log", free_port()
    store = Store(db, create=True)
    for name in ("li", "wang"):
        accounts.add(store, name, "viewer", PASSWORD, "test")
    tokens = {n: accounts.add_token(store, n, "viewer", "test") for n in ("one", "two")}
    store.close()
    command = [ROOT / ".venv/bin/qingyun", "serve", "--db", db, "--registry", ROOT / "registry"]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*map(str, command), "--listen", f"127.0.0.1:{port}"], stderr=file, cwd=ROOT
        )
    try:
        end = time.monotonic() + 240
        while "startup complete" not in log.read_text():
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        yield Small(f"http://127.0.0.1:{port}", db, tokens)
    finally:
        process.terminate()
        process.wait(20)


def ended_after(answer: httpx.Response, change: Callable[[], object]) -> float:
    """Seconds from the change until the stream ends."""
    lines = answer.iter_lines()
    assert next(lines)
    changed_at: list[float] = []

    def change_now() -> None:
        changed_at.append(time.monotonic())
        change()

    thread = threading.Thread(target=change_now)
    thread.start()
    for _ in lines:
        assert not changed_at or time.monotonic() - changed_at[0] < SLOW_S
    thread.join()
    return time.monotonic() - changed_at[0]


def sign_out(client: httpx.Client) -> None:
    page = client.get("/account").text
    csrf = page.split('name="csrf" content="')[1].split('"')[0]
    assert client.post("/signout", data={"csrf": csrf}).status_code == 303


@pytest.mark.parametrize("how", ["signs out", "is removed", "gets another role"])
def test_a_stream_ends_within_5_s(small: Small, how: str, figure: Callable[[str], None]) -> None:
    """Also when another process changes the account."""
    name = {"signs out": "li", "is removed": "wang", "gets another role": "two"}[how]
    headers = {"authorization": f"Bearer {small.tokens['two']}"} if name == "two" else {}
    with httpx.Client(base_url=small.url, timeout=SLOW_S) as client:
        if name != "two":
            form = {"name": name, "password": PASSWORD}
            assert client.post("/signin", data=form).status_code == 303
        with httpx.Client(base_url=small.url, timeout=SLOW_S, cookies=client.cookies) as other:
            with other.stream("GET", "/live", headers=headers) as answer:
                assert answer.status_code == 200
                role = accounts.GONE if how == "is removed" else "operator"
                took = ended_after(
                    answer,
                    (lambda: sign_out(client))
                    if how == "signs out"
                    else lambda: small.change(
                        lambda s: accounts.change(s, name, "test", role=role)
                    ),
                )
    figure(f"the stream of somebody who {how} ended after {took:.1f} s")
    assert took < 5


def test_one_token_opens_few_streams_and_others_still_can(small: Small) -> None:
    with contextlib.ExitStack() as held:
        client = held.enter_context(httpx.Client(base_url=small.url, timeout=SLOW_S))
        codes = [
            held.enter_context(
                client.stream("GET", "/live", headers={"authorization": f"Bearer {token}"})
            ).status_code
            for token in [small.tokens["one"]] * (MOST_OF_ACCOUNT + 2)
        ]
        form = {"name": "li", "password": PASSWORD}
        assert client.post("/signin", data=form).status_code == 303
        with client.stream("GET", "/live") as other:
            assert other.status_code == 200
    assert codes == [200] * MOST_OF_ACCOUNT + [429] * 2
    (deed,) = [d for d in small.deeds() if d.outcome == "refused" and d.who == "one"]
    assert (deed.address, deed.object, deed.detail) == ("127.0.0.1", "GET /live", "429")


@pytest.fixture
def many_files() -> Iterator[None]:
    """This process may open more than the usual 1,024 files."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    allow_files()
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("many_files")
def test_1005_half_sent_heads_shut_nobody_out(small: Small, figure: Callable[[str], None]) -> None:
    """From one address, and from ten: whoever sends a whole request is answered at once."""
    for places in (1, 10):
        with contextlib.ExitStack() as held:
            for n in range(1005):
                # A new socket at each place, which the server may have closed by then.
                source = (f"127.0.0.{n % places + 10}", 0)
                with contextlib.suppress(OSError):
                    half = socket.create_connection(("127.0.0.1", small.port), SLOW_S, source)
                    held.enter_context(half)
                    half.sendall(HALF)
            began = time.monotonic()
            answer = httpx.get(small.url + "/signin", timeout=SLOW_S)
            took = time.monotonic() - began
        assert answer.status_code == 200, places
        figure(f"1,005 half-sent heads of {places} addresses: a sign-in page in {took:.2f} s")


def test_every_refusal_is_in_the_audit_trail_with_its_address(small: Small) -> None:
    new = "another-long-password"
    with httpx.Client(base_url=small.url, timeout=SLOW_S) as client:
        far = {"origin": "http://evil.example"}
        assert client.post("/signin", data={"name": "x"}, headers=far).status_code == 403
        assert client.post("/signin", data={"name": "li", "password": PASSWORD}).status_code == 303
        csrf = client.get("/account").text.split('name="csrf" content="')[1].split('"')[0]
        wrong = {"csrf": csrf, "old": "not-the-old-one", "new": new}
        assert client.post("/account", data=wrong).status_code == 422
        assert client.get("/users").status_code == 403
        bad = {"authorization": "Bearer one:nothing"}
        assert httpx.get(small.url + "/api/1/district", headers=bad).status_code == 401
    refused = {(d.who, d.action, d.object, d.detail): d.address for d in small.deeds()
               if d.outcome == "refused"}  # fmt: skip
    for key in (
        ("", "request", "POST /signin", "403"),
        ("li", "user change", "li", "the old password is wrong"),
        ("li", "request", "GET /users", "403"),
        ("one", "request", "GET /api/1/district", "401"),
    ):
        assert refused[key] == "127.0.0.1"
    assert new not in str(refused)


def test_refusals_cannot_fill_the_disk() -> None:
    now = [0.0]
    refusals = Refusals(clock=lambda: now[0])
    mine = Refusal("li", "1.2.3.4", "GET /users", 403)
    assert [refusals.first(mine) for _ in range(1000)] == [True] + [False] * 999
    assert refusals.due() == []
    noted = sum(
        refusals.first(Refusal("", f"1.2.{n // 256}.{n % 256}", "x", 403)) for n in range(9999)
    )
    assert noted == ROWS_IN_PAUSE[False] - 1
    assert refusals.first(Refusal("li", "1.2.3.4", "GET /audit", 403, known=True))
    now[0] += PAUSE_S
    assert dict(refusals.due()) == {mine: 999, Refusal("", OTHERS, "", 403): 9999 - noted}
    assert refusals.first(mine)
    assert network("2001:db8::1:2:3:4") == network("2001:db8::9:9:9:9") == "2001:db8::/64"


@contextlib.contextmanager
def bare(monkeypatch: pytest.MonkeyPatch, app: Any, seconds: float, **more: Any) -> Iterator[int]:
    """A server of an app with these limits, with short deadlines; its port."""
    monkeypatch.setattr(connections, "REQUEST_S", seconds)
    monkeypatch.setattr(connections, "WRITE_S", seconds)
    port = free_port()
    config = uvicorn.Config(
        app, port=port, http=connections.Connection, log_config=None, lifespan="off",
        loop=f"{connections.__name__}:new_loop", timeout_graceful_shutdown=1, **more,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        end = time.monotonic() + SLOW_S
        while not server.started:
            assert thread.is_alive() and time.monotonic() < end
            time.sleep(0.02)
        yield port
    finally:
        server.should_exit = True
        thread.join()


MUCH = 1 << 26  # more than sockets hold


async def much(_scope: Any, _receive: Any, send: Any) -> None:
    """Answers with MUCH bytes, a piece at a time."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(MUCH >> 16):
        await send({"type": "http.response.body", "body": bytes(1 << 16), "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": b""})


def until_closed(peer: socket.socket) -> tuple[float, int]:
    """Seconds until the server closes a connection, and the bytes that came."""
    began, came = time.monotonic(), 0
    peer.settimeout(SLOW_S)
    with contextlib.suppress(ConnectionResetError):
        while piece := peer.recv(1 << 16):
            came += len(piece)
    return time.monotonic() - began, came


@pytest.mark.parametrize("whole_first", [False, True])
@pytest.mark.parametrize("begin", [HALF, BODY])
def test_a_request_that_drips_has_one_deadline(
    monkeypatch: pytest.MonkeyPatch, begin: bytes, whole_first: bool
) -> None:
    """Its head or its body, of the first request on a connection and of the second."""
    with bare(monkeypatch, reader, 0.5) as port:
        with socket.create_connection(("127.0.0.1", port), SLOW_S) as peer:
            if whole_first:
                peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert b"200" in peer.recv(65_536)
            over = threading.Event()

            def drip() -> None:
                with contextlib.suppress(OSError):
                    peer.sendall(begin)
                    while not over.wait(0.05):
                        peer.sendall(b"x")

            thread = threading.Thread(target=drip)
            thread.start()
            assert until_closed(peer)[0] < SLOW_S / 2
            over.set()
            thread.join()


async def reader(_scope: Any, receive: Any, send: Any) -> None:
    """Answers once it has the whole request."""
    while (message := await receive())["type"] == "http.request" and message["more_body"]:
        pass
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


def test_a_handshake_that_does_not_begin_has_the_deadline_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make(tmp_path, "127.0.0.1", [])
    tls = {"ssl_certfile": tmp_path / "broker.pem", "ssl_keyfile": tmp_path / "broker.key"}
    with bare(monkeypatch, reader, 0.5, **tls) as port:
        with socket.create_connection(("127.0.0.1", port), SLOW_S) as silent:
            assert until_closed(silent)[0] < SLOW_S / 2
        trusted = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        answer = httpx.get(f"https://127.0.0.1:{port}/", verify=trusted, timeout=SLOW_S)
        assert answer.status_code == 200


def test_a_peer_that_reads_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    with bare(monkeypatch, much, 0.5) as port:
        with socket.create_connection(("127.0.0.1", port), SLOW_S) as peer:
            peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            end = time.monotonic() + SLOW_S
            peer.recv(1)
            while connections.Connection._of_peer["127.0.0.1"]:
                assert time.monotonic() < end
                time.sleep(0.05)
            assert 0 < until_closed(peer)[1] < MUCH
