"""Provisioned boards at a real mosquitto with the provisioned configuration, ACL and TLS."""

from __future__ import annotations

import json
import shutil
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from broker import Broker
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509 import load_der_x509_certificate
from fleet_sheet import FILL, PLATFORM, WIFI, FleetFolder, board
from host_job import Ingester
from lorawan_bridge import Bridge
from lorawan_net import chirpstack, em310
from paho.mqtt.enums import CallbackAPIVersion
from played import wait_stored
from sim_board import BoardRun
from simple_site import MIDNIGHT

pytestmark = pytest.mark.usefixtures("needs_mosquitto")


@pytest.fixture
def fleet(tmp_path: Path) -> FleetFolder:
    fleet = FleetFolder(tmp_path)
    fleet.made([PLATFORM, FILL, *board("qy-b1")])
    return fleet


@pytest.fixture
def secure(fleet: FleetFolder) -> Iterator[Broker]:
    with Broker(fleet.folder / "b", certificates=fleet.fleet) as broker:
        yield broker


class Client:
    """Whoever holds a certificate: a device's from its folder, or a person's."""

    def __init__(self, fleet: FleetFolder, name: str, broker: Broker, keep: Path) -> None:
        pem, key = keep / f"{name}.pem", keep / f"{name}.key"
        folder = fleet.fleet / name
        if folder.is_dir():
            certificate = load_der_x509_certificate((folder / f"{name}.der").read_bytes())
            pem.write_bytes(certificate.public_bytes(Encoding.PEM))
            secret = load_der_private_key((folder / f"{name}.key.der").read_bytes(), None)
            form = PrivateFormat.TraditionalOpenSSL
            key.write_bytes(secret.private_bytes(Encoding.PEM, form, NoEncryption()))
        else:
            for suffix in ("pem", "key"):
                shutil.copy(fleet.fleet / f"{name}.{suffix}", keep)
        self.heard: list[str] = []
        self._up, self._down = threading.Event(), threading.Event()
        self._subscribed = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.tls_set(str(fleet.fleet / "ca.pem"), str(pem), str(key))
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = lambda *_: self._down.set()
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_message = lambda _c, _u, m: self.heard.append(m.topic)
        self._address = (broker.host, broker.port)

    def _on_connect(self, _c: Any, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
        if not reason.is_failure:
            self._up.set()

    def connects(self) -> bool:
        """Whether the broker lets it in (TLS 1.2: refused in the handshake)."""
        try:
            self.client.connect(*self._address)
        except (ssl.SSLError, OSError):
            return False
        self.client.loop_start()
        end = time.monotonic() + 30
        while not (self._up.is_set() or self._down.is_set()) and time.monotonic() < end:
            time.sleep(0.02)
        if not self._up.is_set():
            self.close()  # else it tries for ever
        return self._up.is_set()

    def subscribe(self, topic: str) -> None:
        self.client.subscribe(topic, 1)
        assert self._subscribed.wait(60)

    def publish(self, topic: str) -> None:
        """mosquitto acknowledges what it refuses too."""
        sent = self.client.publish(topic, b"x", qos=1)
        sent.wait_for_publish(60)
        assert sent.is_published()

    def hears(self, topic: str, seconds: float = 60) -> bool:
        end = time.monotonic() + seconds
        while topic not in self.heard and time.monotonic() < end:
            time.sleep(0.02)
        return topic in self.heard

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def client(fleet: FleetFolder, secure: Broker, tmp_path: Path) -> Iterator[Callable[[str], Client]]:
    made: list[Client] = []

    def new(name: str) -> Client:
        keep = tmp_path / f"client{len(made)}"
        keep.mkdir()
        made.append(Client(fleet, name, secure, keep))
        return made[-1]

    yield new
    for c in made:
        c.close()


def test_a_provisioned_board_is_stored(fleet: FleetFolder, tmp_path: Path) -> None:
    """The files of its folder, as they are, and what nobody may read in any log of it."""
    device = fleet.fleet / "qy-a1"
    files = tmp_path / "files"
    shutil.copytree(device, files)
    (files / "config.json").unlink()  # the simulator puts it there, with its own broker's port
    trace = tmp_path / "trace.csv"
    rows = ((0, "w1", 5), (0, "f1", 700), (600, "w1", 9), (1800, "w1", 9))
    lines = [f"{MIDNIGHT + t},{channel},{value}" for t, channel, value in rows]
    trace.write_text("\n".join(["t,channel,value", *lines]) + "\n")
    db = tmp_path / "q.db"
    options = [f"--{o}" for o in ("cafile", "certfile", "keyfile")]
    names = ("ca.pem", "qingyun-host.pem", "qingyun-host.key")
    tls = [x for o, n in zip(options, names, strict=True) for x in (o, str(fleet.fleet / n))]
    with Broker(tmp_path / "b", certificates=fleet.fleet) as broker:
        with Ingester(db, fleet.registry, broker.address, *tls) as ingester:
            ingester.wait_subscribed()
            report = tmp_path / "report.json"
            config = device / "config.json"
            run = BoardRun(config, trace, tmp_path / "f.img", report, broker.address, files=files)
            process = run.launch()
            try:
                assert process.wait(timeout=200) == 0, report.with_suffix(".log").read_text()
            finally:
                process.kill()
            result = run.result()
            wait_stored(db, result["readings"])
        birth = retained(fleet, broker, "qingyun/1/a-1/qy-a1/birth", tmp_path)
    assert result["published"] == result["readings"] > 5
    assert json.loads(birth)["channels"]["w1"]["calibration"] == "nominal"
    key = (device / "qy-a1.key.der").read_bytes()
    secrets = [WIFI.encode(), key, key.hex().encode(), b"PRIVATE KEY"]
    logs = [*tmp_path.glob("*.log"), *tmp_path.glob("b/*"), *tmp_path.glob("q.*")]
    assert {"broker.log", "report.log", "q.db", "q.ingest.log"} <= {p.name for p in logs}
    said = [p.read_bytes() for p in [*logs, fleet.fleet / "provision.log"]]
    for secret in secrets:
        assert not any(secret in text for text in [*said, birth])


def retained(fleet: FleetFolder, broker: Broker, topic: str, folder: Path) -> bytes:
    """What an operator gets on a topic."""
    operator = Client(fleet, "qingyun-operator", broker, folder)
    got: list[bytes] = []

    def keep(_c: object, _u: object, message: paho.MQTTMessage) -> None:
        got.append(bytes(message.payload))
        operator.heard.append(message.topic)

    operator.client.on_message = keep
    try:
        assert operator.connects()
        operator.subscribe(topic)
        assert operator.hears(topic)
    finally:
        operator.close()
    return got[0]


def test_each_speaks_only_for_itself(secure: Broker, client: Callable[[str], Client]) -> None:
    host = client("qingyun-host")
    assert host.connects()
    host.subscribe("qingyun/#")
    allowed = {
        "qy-a1": ["1/a-1/qy-a1/reading", "1/a-1/qy-a1/crash"],
        "qingyun-serve": ["1/a-1/qy-a1/command"],
        "qingyun-hazard": ["1/a-1/event"],
        "qingyun-rollup": ["1/a-1/daily"],
        "qingyun-anchor": ["1/anchor"],
        "qingyun-lorawan": ["1/a-1/lw-1/birth", "1/a-1/lw-1/reading", "1/a-1/lw-1/state"],
        "qingyun-operator": ["1/a-1/qy-a1/command", "1/update/0123456789abcdef/0"],
    }
    refused = {
        "qy-a1": [
            *("1/a-1/qy-b1/reading", "1/fs-01/qy-a1/reading", "1/a-1/qy-a1/command"),
            *("1/a-1/qy-a1/stored", "1/update/0123456789abcdef/0", "1/a-1/daily"),
        ],
        "qingyun-serve": ["1/a-1/qy-a1/stored", "1/a-1/event"],
        "qingyun-hazard": ["1/a-1/qy-a1/command"],
        "qingyun-rollup": ["1/a-1/event"],
        "qingyun-anchor": ["1/a-1/daily"],
        "qingyun-lorawan": ["1/a-1/lw-1/command", "1/a-1/daily"],
        "qingyun-operator": ["1/a-1/qy-a1/reading", "1/a-1/daily"],
    }
    for name, good in allowed.items():
        for topic in refused[name] + good:
            # A client each: mosquitto 2.0.11 hangs up after some refused publishes.
            speaker = client(name)
            assert speaker.connects()
            speaker.publish(f"qingyun/{topic}")
            speaker.close()
    assert host.hears("qingyun/1/update/0123456789abcdef/0")
    assert host.heard == [f"qingyun/{t}" for topics in allowed.values() for t in topics]
    # Each with a certificate of its own: all of them stay connected.
    readers = {n: client(n) for n in ("qingyun-serve", "qingyun-anchor", "qingyun-operator")}
    assert all(reader.connects() for reader in readers.values())
    for reader in readers.values():
        reader.subscribe("qingyun/1/#")
    for topic in ("1/a-1/qy-a1/reply", "1/anchor"):
        host.publish(f"qingyun/{topic}")
    assert all(reader.hears("qingyun/1/anchor") for reader in readers.values())
    assert readers["qingyun-serve"].heard[-2:] == ["qingyun/1/a-1/qy-a1/reply", "qingyun/1/anchor"]
    watch = client("qingyun-hazard")
    assert watch.connects()
    watch.subscribe("qingyun/1/#")
    for topic in ("reading", "status", "state"):
        host.publish(f"qingyun/1/a-1/qy-a1/{topic}")
    assert watch.hears("qingyun/1/a-1/qy-a1/state")
    assert watch.heard == [f"qingyun/1/a-1/qy-a1/{topic}" for topic in ("status", "state")]


def test_lorawan_sensors_by_certificates_at_both_brokers(
    fleet: FleetFolder, secure: Broker, client: Callable[[str], Client], tmp_path: Path
) -> None:
    """One broker for both here; the network server is who may publish commands."""
    rows = {
        "devices.csv": "lw-1,a-1\n",
        "bins.csv": "lw-1,a-1,lw-1,,f1,干垃圾,240,,wheelie,,\n",
        "lorawan.csv": "device,dev_eui,model,every_min,empty_mm,full_mm\n"
        "lw-1,24e124713b492010,milesight-em310-udl,60,1100,300\n",
    }
    for name, text in rows.items():
        with (fleet.registry / name).open("a") as file:
            file.write(text)
    options = [f"--{o}" for o in ("cafile", "certfile", "keyfile")]
    tls: list[str] = []
    for kind, who in (("", "qingyun-lorawan"), ("network-", "qingyun-host")):
        names = ("ca.pem", f"{who}.pem", f"{who}.key")
        pairs = zip(options, names, strict=True)
        tls += [x for o, n in pairs for x in (o.replace("--", f"--{kind}"), str(fleet.fleet / n))]
    server, people = client("qingyun-serve"), client("qingyun-operator")
    assert server.connects() and people.connects()
    people.subscribe("qingyun/1/a-1/lw-1/+")
    topic = "qingyun/1/network/lw-1/command"
    address = f"localhost:{secure.port}"
    with Bridge(tmp_path, address, secure.address, "--topic", topic, *tls) as bridge:
        end = time.monotonic() + 60
        while "connected to" not in bridge.log() and time.monotonic() < end:
            time.sleep(0.05)
        frame = chirpstack("24e124713b492010", 7, em310(700), time.time())
        server.client.publish(topic, frame, qos=1).wait_for_publish(60)
        assert people.hears("qingyun/1/a-1/lw-1/reading"), bridge.log()
        assert people.hears("qingyun/1/a-1/lw-1/status"), bridge.log()


def test_a_board_reads_updates_and_its_own_commands(
    secure: Broker, client: Callable[[str], Client]
) -> None:
    host, heard = client("qingyun-host"), client("qy-a1")
    assert host.connects() and heard.connects()
    heard.subscribe("qingyun/#")
    for topic in ("1/a-1/qy-b1/command", "1/a-1/daily", "1/a-1/qy-b1/reading"):
        host.publish(f"qingyun/{topic}")
    for topic in ("1/update/0123456789abcdef/7", "1/a-1/qy-a1/command", "1/a-1/qy-a1/stored"):
        host.publish(f"qingyun/{topic}")
    assert heard.hears("qingyun/1/a-1/qy-a1/stored")
    assert len(heard.heard) == 3


def test_a_revoked_board_is_refused_and_a_replaced_one_let_in(
    fleet: FleetFolder, secure: Broker, client: Callable[[str], Client]
) -> None:
    """mosquitto takes list and ACL with SIGHUP; whoever is connected stays, but unheard."""
    host, stolen, other = client("qingyun-host"), client("qy-a1"), client("qy-b1")
    assert host.connects() and stolen.connects() and other.connects()
    host.subscribe("qingyun/#")
    stolen.publish("qingyun/1/a-1/qy-a1/reading")
    assert host.hears("qingyun/1/a-1/qy-a1/reading")
    stolen.subscribe("qingyun/1/a-1/qy-a1/command")
    host.publish("qingyun/1/a-1/qy-a1/command")
    assert stolen.hears("qingyun/1/a-1/qy-a1/command")
    stolen.heard.clear()
    later = client("qy-a1")  # the same key and certificate

    fleet.revoke("qy-a1")
    secure.reload()
    time.sleep(1)
    host.publish("qingyun/1/a-1/qy-a1/command")
    stolen.publish("qingyun/1/a-1/qy-a1/birth")
    other.publish("qingyun/1/a-1/qy-b1/reading")
    assert host.hears("qingyun/1/a-1/qy-b1/reading")
    assert "qingyun/1/a-1/qy-a1/birth" not in host.heard
    assert stolen.heard == []
    stolen.close()
    assert not later.connects()

    fleet.revoke("qy-a1", "--replace")
    secure.reload()
    time.sleep(1)
    new = client("qy-a1")
    assert new.connects()
    new.publish("qingyun/1/a-1/qy-a1/status")
    assert host.hears("qingyun/1/a-1/qy-a1/status")
    later.close()

    secure.stop()
    secure.start()  # the same over a restart
    stolen = later
    assert not stolen.connects()
    again = client("qy-a1")
    assert again.connects()


def test_nobody_is_shut_out_by_a_reload(
    fleet: FleetFolder, secure: Broker, client: Callable[[str], Client]
) -> None:
    for device in ("qy-b1", "qingyun-operator"):
        fleet.revoke(device)
        for _ in range(2):  # a list that is read twice
            secure.reload()
            time.sleep(0.5)
        assert not client(device).connects()
        assert client("qy-a1").connects()


def test_a_board_that_was_moved_is_heard_at_both_sites(
    fleet: FleetFolder, secure: Broker, client: Callable[[str], Client]
) -> None:
    """Until it has its new configuration: what mosquitto refuses it acknowledges all the
    same, and the reading would be gone."""
    fleet.made([PLATFORM | {"site": "a-2", "site_name": "二号点"}, FILL, *board("qy-b1")])
    secure.reload()
    time.sleep(1)
    host, moved = client("qingyun-host"), client("qy-a1")
    assert host.connects() and moved.connects()
    host.subscribe("qingyun/#")
    for site in ("a-1", "a-2"):
        moved.publish(f"qingyun/1/{site}/qy-a1/reading")
        assert host.hears(f"qingyun/1/{site}/qy-a1/reading")
