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
from bench import MIDNIGHT
from broker import Broker
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509 import load_der_x509_certificate
from fleet_sheet import BROKER, FILL, PASSWORD, PLATFORM, FleetFolder, board
from host_job import Ingester
from paho.mqtt.enums import CallbackAPIVersion
from played import wait_stored
from sim_board import BoardRun

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
        return self._up.wait(5)

    def subscribe(self, topic: str) -> None:
        self.client.subscribe(topic, 1)
        assert self._subscribed.wait(10)

    def publish(self, topic: str) -> None:
        self.client.publish(topic, b"x", qos=1).wait_for_publish(10)

    def hears(self, topic: str, seconds: float = 10) -> bool:
        end = time.monotonic() + seconds
        while topic not in self.heard and time.monotonic() < end:
            time.sleep(0.02)
        return topic in self.heard

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def client(
    fleet: FleetFolder, secure: Broker, tmp_path: Path
) -> Iterator[Callable[[str], Client]]:
    made: list[Client] = []

    def new(name: str) -> Client:
        keep = tmp_path / f"client{len(made)}"
        keep.mkdir()
        made.append(Client(fleet, name, secure, keep))
        return made[-1]

    yield new
    for c in made:
        c.close()


def test_explore(
    fleet: FleetFolder, secure: Broker, client: Callable[[str], Client]
) -> None:
    host = client("qingyun-host")
    assert host.connects()
    host.subscribe("qingyun/#")
    stays = client("qy-a1")
    assert stays.connects()
    stays.publish("qingyun/1/a-1/qy-a1/reading")
    print("heard", host.hears("qingyun/1/a-1/qy-a1/reading"))
    other = client("qy-a1")
    fleet.revoke("qy-a1")
    secure.reload()
    time.sleep(1)
    print("stays down:", stays._down.is_set(), "host down", host._down.is_set())
    stays.publish("qingyun/1/a-1/qy-a1/birth")
    print("heard after", host.hears("qingyun/1/a-1/qy-a1/birth", 1))
    print("revoked connects after SIGHUP:", other.connects())
    print("b1 connects after SIGHUP:", client("qy-b1").connects())
    secure.reload()
    time.sleep(0.5)
    print("b1 connects after 2 SIGHUP:", client("qy-b1").connects())
    fleet.revoke("qy-b1")
    secure.reload()
    time.sleep(0.5)
    print("b1 connects after 3 SIGHUP:", client("qy-b1").connects())
    print("op connects after 3 SIGHUP:", client("qingyun-operator").connects())
    print(Path(secure.folder / "broker.log").read_text())
    assert 0
