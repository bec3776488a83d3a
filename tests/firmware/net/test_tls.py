"""TLS with a certificate on both sides, on the mosquitto of boards/mosquitto."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from broker import Broker, free_port
from host_job import Ingester
from paho.mqtt.enums import CallbackAPIVersion
from played import wait_stored
from rig_board import RigRun
from simple_site import FILL, MIDNIGHT, SCALE, THERMOMETER, SimpleSite
from soak import in_part

from host.provision.certificates import UTC, Authority, make

NAME = "mqtt.example.org"
DEVICE = "qy-hw09"


class Secure:
    """A site, an authority, and a board's flash folder with what it needs of it."""

    def __init__(self, folder: Path) -> None:
        self.certificates = folder / "certificates"
        self.authority = make(self.certificates, NAME, [DEVICE, "qy-other", "qingyun-host"])
        self.files = folder / "files"
        self.files.mkdir()
        for name in ("ca.der", f"{DEVICE}.der", f"{DEVICE}.key.der"):
            (self.files / name).write_bytes((self.certificates / name).read_bytes())
        self.site = SimpleSite(folder)
        self.configure()
        self.site.trace([(0, "w1", 5), (600, "w1", 9), (3600, "w1", 9)])

    def configure(self, name: str = NAME, **more: object) -> None:
        key = {"cert": f"{DEVICE}.der", "key": f"{DEVICE}.key.der"}
        tls = {"ca": "ca.der", "name": name, **key}
        mqtt = {"host": "127.0.0.1", "tls": tls}
        self.site.configure(**{"mqtt": mqtt} | more)  # type: ignore[arg-type]

    def host_options(self) -> list[str]:
        c = self.certificates
        return [
            *("--cafile", str(c / "ca.pem")),
            *("--certfile", str(c / "qingyun-host.pem")),
            *("--keyfile", str(c / "qingyun-host.key")),
        ]

    def client(self, broker: Broker, name: str, client_id: str = "") -> paho.Client:
        """A connected client with the certificate of `name`."""
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id)
        c = self.certificates
        client.tls_set(str(c / "ca.pem"), str(c / f"{name}.pem"), str(c / f"{name}.key"))
        connected = threading.Event()
        client.on_connect = lambda *_: connected.set()
        client.connect(broker.host, broker.port)
        client.loop_start()
        assert connected.wait(60)
        return client


@pytest.fixture
def secure(tmp_path: Path) -> Secure:
    return Secure(tmp_path)


def at_localhost(secure: Secure) -> None:
    """paho verifies the name too: the host job reaches this broker as 127.0.0.1."""
    secure.authority.sign(NAME, names=(NAME, "127.0.0.1")).save(secure.certificates, "broker")


def test_board_and_host_through_tls(secure: Secure, tmp_path: Path) -> None:
    at_localhost(secure)
    with Broker(tmp_path / "b", certificates=secure.certificates) as broker:
        options = secure.host_options()
        with Ingester(secure.site.db, tmp_path, broker.address, *options) as ingester:
            ingester.wait_subscribed()
            report = secure.site.run(secure.site.board(broker.address, files=secure.files))
            wait_stored(secure.site.db, report["readings"])
    assert report["published"] == report["readings"] > 10


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_both_kinds_of_key(secure: Secure, tmp_path: Path, kind: str) -> None:
    secure.authority.sign(DEVICE, kind=kind).save(secure.files, DEVICE)
    for suffix in ("pem", "key"):
        (secure.files / f"{DEVICE}.{suffix}").unlink()
    broker_id = secure.authority.sign(NAME, names=(NAME,), kind=kind)
    broker_id.save(secure.certificates, "broker")
    with Broker(tmp_path / "b", certificates=secure.certificates) as broker:
        report = secure.site.run(secure.site.board(broker.address, files=secure.files))
    assert report["published"] == report["readings"] > 10


def refused(secure: Secure, tmp_path: Path) -> str:
    """The board's log of an hour with a broker it must not trust."""
    with Broker(tmp_path / "b", certificates=secure.certificates) as broker:
        report = secure.site.run(secure.site.board(broker.address, files=secure.files))
    assert report["published"] == 0
    assert report["queued"] == report["readings"]
    return secure.site.log()


def test_another_authority(secure: Secure, tmp_path: Path) -> None:
    Authority("other").sign(NAME, names=(NAME,)).save(secure.certificates, "broker")
    assert "tls: The certificate is not correctly signed by the trusted CA" in refused(
        secure, tmp_path
    )


def test_both_roots_of_a_change_are_trusted(secure: Secure, tmp_path: Path) -> None:
    """The new root stands behind the old one in `ca` until every board has it."""
    new = (secure.files / "ca.der").read_bytes()
    make(tmp_path / "old", NAME, [DEVICE])
    (secure.files / "ca.der").write_bytes((tmp_path / "old" / "ca.der").read_bytes() + new)
    with Broker(tmp_path / "b", certificates=secure.certificates) as broker:
        report = secure.site.run(secure.site.board(broker.address, files=secure.files))
    assert report["published"] == report["readings"] > 10


def test_nobody_listens(secure: Secure) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    report = secure.site.run(secure.site.board(nobody, files=secure.files))
    assert report["published"] == 0
    assert "mqtt: nobody listens at the broker's address and port" in secure.site.log()
    assert "may not accept" not in secure.site.log()
    assert "connecting anew" not in secure.site.log()  # the broker's host has answered


def test_a_certificate_that_the_broker_does_not_take(secure: Secure, tmp_path: Path) -> None:
    Authority("other").sign(DEVICE).save(secure.files, DEVICE)
    for suffix in ("pem", "key"):
        (secure.files / f"{DEVICE}.{suffix}").unlink()
    log = refused(secure, tmp_path)
    assert "tls: closed by the broker, which may not accept this board's certificate; next" in log


def test_another_name(secure: Secure, tmp_path: Path) -> None:
    secure.configure("mqtt.example.com")
    log = refused(secure, tmp_path)
    assert "tls: The certificate Common Name (CN) does not match with the expected CN" in log


@pytest.mark.parametrize(
    ("start", "end", "line"),
    [
        (-30, -2, "tls: The certificate validity has expired"),
        (2, 30, "tls: The certificate validity starts in the future"),
    ],
)
def test_dates(secure: Secure, tmp_path: Path, start: int, end: int, line: str) -> None:
    now = dt.datetime.now(UTC)
    dates = {"start": now + dt.timedelta(days=start), "end": now + dt.timedelta(days=end)}
    secure.authority.sign(NAME, names=(NAME,), **dates).save(secure.certificates, "broker")  # type: ignore[arg-type]
    assert line in refused(secure, tmp_path)


def test_no_connection_before_the_time_is_known(secure: Secure, tmp_path: Path) -> None:
    secure.site.trace([(0, "w1", 5), (0, "ntp", 0), (1800, "ntp", 1), (3600, "w1", 5)])
    with Broker(tmp_path / "b", certificates=secure.certificates) as broker:
        report = secure.site.run(secure.site.board(broker.address, files=secure.files))
    log = secure.site.log()
    assert log.count("mqtt: TLS waits for the time, to check the certificate's dates") == 1
    connected = next(x for x in log.splitlines() if "mqtt: connected" in x)
    assert MIDNIGHT + 1800 <= int(connected.split()[0]) <= MIDNIGHT + 1900
    assert report["published"] == report["readings"]


def test_safe_mode_waits_for_the_time_too(secure: Secure, tmp_path: Path) -> None:
    """Three failed starts on a board that does not know the time yet."""
    resets = [(20 + 20 * n, "reset", 1) for n in range(3)]
    secure.site.trace([(0, "w1", 5), (0, "ntp", 0), *resets, (180, "ntp", 1), (300, "w1", 5)])
    with Broker(tmp_path / "b", certificates=secure.certificates) as broker:
        secure.site.run(secure.site.board(broker.address, files=secure.files))
    lines = secure.site.log().splitlines()
    safe = next(n for n, x in enumerate(lines) if "error: safe mode" in x)
    time, connected = (
        next(n for n, x in enumerate(lines) if n > safe and text in x)
        for text in ("ntp: time from", "safe mode: connected")
    )
    assert time < connected
    assert not [x for x in lines[safe:connected] if "warning: safe mode" in x]
    assert MIDNIGHT + 180 <= int(lines[connected].split()[0]) <= MIDNIGHT + 210


def test_a_file_that_is_not_there(secure: Secure, tmp_path: Path) -> None:
    (secure.files / "ca.der").unlink()
    assert "tls: /flash/ca.der cannot be read" in refused(secure, tmp_path)


def test_a_client_without_a_certificate_is_refused(secure: Secure, tmp_path: Path) -> None:
    with Broker(tmp_path / "b", certificates=secure.certificates) as broker:
        context = ssl.create_default_context(cafile=str(secure.certificates / "ca.pem"))
        context.check_hostname = False
        with (
            socket.create_connection((broker.host, broker.port)) as raw,
            pytest.raises(ssl.SSLError),
            context.wrap_socket(raw) as s,
        ):
            s.sendall(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04test")
            s.recv(4)  # TLS 1.3 tells only now


def test_a_board_publishes_only_below_its_own_name(secure: Secure, tmp_path: Path) -> None:
    at_localhost(secure)
    heard: list[str] = []
    with Broker(tmp_path / "b", certificates=secure.certificates) as broker:
        host = secure.client(broker, "qingyun-host")
        subscribed = threading.Event()
        host.on_subscribe = lambda *_: subscribed.set()
        host.on_message = lambda _c, _u, m: heard.append(m.topic)
        host.subscribe("qingyun/#", 1)
        try:
            assert subscribed.wait(60)
            for topic in (
                f"qingyun/1/hw-09/{DEVICE}/reading",
                "qingyun/1/hw-09/qy-other/reading",
                f"qingyun/1/hw-09/{DEVICE}/stored",
                "qingyun/1/hw-09/qy-other/command",
                "qingyun/1/hw-09/daily",
                f"qingyun/1/elsewhere/{DEVICE}/status",
            ):
                # A client each: mosquitto 2.0.11 hangs up after some refused publishes.
                board = secure.client(broker, DEVICE)
                board.publish(topic, b"x", qos=1).wait_for_publish(60)
                board.disconnect()
                board.loop_stop()
            end = time.monotonic() + 60
            while len(heard) < 2 and time.monotonic() < end:
                time.sleep(0.05)
            time.sleep(0.3)
        finally:
            host.disconnect()
            host.loop_stop()
    assert heard == [
        f"qingyun/1/hw-09/{DEVICE}/reading",
        f"qingyun/1/elsewhere/{DEVICE}/status",
    ]


def test_a_board_hears_updates_and_cannot_make_them(secure: Secure, tmp_path: Path) -> None:
    at_localhost(secure)
    heard: list[bytes] = []
    topic = "qingyun/1/update/0123456789abcdef/0"
    with Broker(tmp_path / "b", certificates=secure.certificates) as broker:
        # Each a client: mosquitto 2.0.11 hangs up after a refused publish.
        board, other, host = (
            secure.client(broker, name) for name in (DEVICE, "qy-other", "qingyun-host")
        )
        subscribed, got = threading.Event(), threading.Event()
        board.on_subscribe = lambda *_: subscribed.set()

        def on_message(_client: paho.Client, _user: Any, message: paho.MQTTMessage) -> None:
            heard.append(bytes(message.payload))
            got.set()

        board.on_message = on_message
        board.subscribe(topic, 1)
        try:
            assert subscribed.wait(60)
            other.publish(topic, b"board", qos=1).wait_for_publish(60)
            host.publish(topic, b"host", qos=1).wait_for_publish(60)
            assert got.wait(60)
        finally:
            for client in (board, other, host):
                client.disconnect()
                client.loop_stop()
    assert heard == [b"host"]


def test_a_board_cannot_take_the_session_of_the_host(secure: Secure, tmp_path: Path) -> None:
    """What waits for an ingester that is away is not lost to who borrows its client id."""
    at_localhost(secure)
    with Broker(tmp_path / "b", certificates=secure.certificates) as broker:
        options = secure.host_options()
        ingester = Ingester(secure.site.db, tmp_path, broker.address, *options)
        with ingester:
            ingester.wait_subscribed()
        thief = secure.client(broker, "qy-other", "qingyun-ingest")
        thief.disconnect()
        thief.loop_stop()
        board = secure.client(broker, DEVICE)
        for seq in range(10):
            body = f'{{"life":"9c4e01ab","seq":{seq},"boot":0,"t":{MIDNIGHT + seq},"w1":5}}'
            topic = f"qingyun/1/hw-09/{DEVICE}/reading"
            board.publish(topic, body, qos=1).wait_for_publish(60)
        board.disconnect()
        board.loop_stop()
        with ingester:
            wait_stored(secure.site.db, 10)


def silent(how: str, stop: threading.Event) -> tuple[socket.socket, threading.Thread]:
    """A peer that takes the connection and then: says nothing, dribbles, or talks nonsense."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.2)

    def serve() -> None:
        held: list[socket.socket] = []
        while not stop.is_set():
            try:
                peer, _ = server.accept()
            except TimeoutError:
                if how == "dribble":
                    for p in held:
                        # Bytes of a handshake record that never ends.
                        try:
                            p.send(b"\x16\x03\x03\x3f\xff"[:1])
                        except OSError:
                            held.remove(p)
                continue
            held.append(peer)
            if how == "nonsense":
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20)
        for p in held:
            p.close()

    thread = threading.Thread(target=serve)
    thread.start()
    return server, thread


@pytest.mark.parametrize("how", ["silent", "dribble", "nonsense"])
def test_a_peer_that_does_not_shake_hands(
    secure: Secure, how: str, figure: Callable[[str], None]
) -> None:
    """Each try ends within 10 s and the sampling goes on."""
    secure.site.trace([(0, "w1", 5), (120, "w1", 5)])
    stop = threading.Event()
    server, thread = silent(how, stop)
    try:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        board = secure.site.board(address, files=secure.files)
        report = secure.site.run(RigRun(**vars(board), patience=20))
    finally:
        stop.set()
        thread.join()
        server.close()
    lines = [x for x in secure.site.log().splitlines() if "warning: mqtt" in x]
    assert len(lines) >= 3
    assert report["frames"] >= 110  # one a second all the time
    figure(
        f"TLS with a {how} peer: given up {len(lines)} times in 120 s, {report['frames']} frames"
    )


def test_a_day_within_160_kb(secure: Secure, tmp_path: Path, figure: Callable[[str], None]) -> None:
    """Four platforms, TLS, and a queue that an outage has filled: of 20 h, or within `make test`,
    where it is half as long, of 10 h."""
    hours, kb = in_part((12, 32), (24, 64))
    scales = [
        SCALE | {"id": f"w{n}", "dout": dout, "sck": sck}
        for n, dout, sck in ((1, 34, 25), (2, 35, 26), (3, 36, 27), (4, 39, 14))
    ]
    assert FILL and THERMOMETER
    at_localhost(secure)
    spool = {"max_kb": kb}
    secure.configure(channels=scales, spool=spool, report={"every_s": 20, "sample_s": 5})
    rows: list[tuple[float, str, float]] = [(0, f"w{n}", n) for n in (1, 2, 3, 4)]
    rows += [(600.0 * i, f"w{1 + i % 4}", i % 60) for i in range(1, 6 * hours - 4)]
    rows += [(600, "wifi", 0), (3000 * hours + 600, "wifi", 1), (3600 * hours, "w1", 0)]
    secure.site.trace(rows)
    with Broker(tmp_path / "b", certificates=secure.certificates) as broker:
        options = secure.host_options()
        with Ingester(secure.site.db, tmp_path, broker.address, *options) as ingester:
            ingester.wait_subscribed()
            run = secure.site.board(broker.address, files=secure.files, heap="160k")
            process = run.launch()
            try:
                assert process.wait(timeout=200) == 0, secure.site.log()[:3000]
            finally:
                process.kill()
            report = run.result()
            wait_stored(secure.site.db, report["readings"] - report["dropped"])
    assert report["starts"] == 1  # no MemoryError ended it
    assert "MemoryError" not in secure.site.log()
    assert report["dropped"] > 0  # the queue was full
    figure(
        f"{hours} h of 4 platforms with TLS and a full queue in a heap of 160 KB: at least "
        f"{report['heap_free_low']} bytes free after a collection, {report['readings']} readings, "
        f"{report['dropped']} dropped by a queue of {spool['max_kb']} KB, the rest stored"
    )
