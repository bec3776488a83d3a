"""Who may read and write the chunks, on the mosquitto of boards/mosquitto."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from broker import Broker
from paho.mqtt.enums import CallbackAPIVersion

from host.provision.certificates import make

pytestmark = pytest.mark.usefixtures("needs_mosquitto")
NAMES = ["qy-hw09", "qingyun-host", "qingyun-operator"]


def test_boards_read_chunks_and_only_people_and_host_write_them(tmp_path: Path) -> None:
    c = tmp_path / "certificates"
    authority = make(c, "mqtt.example.org", NAMES)
    authority.sign("mqtt.example.org", names=("127.0.0.1",)).save(c, "broker")
    heard: list[tuple[str, bytes]] = []

    def client(broker: Broker, name: str) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.tls_set(str(c / "ca.pem"), str(c / f"{name}.pem"), str(c / f"{name}.key"))
        connected = threading.Event()
        client.on_connect = lambda *_: connected.set()
        client.connect(broker.host, broker.port)
        client.loop_start()
        assert connected.wait(60)
        return client

    with Broker(tmp_path / "broker", certificates=c) as broker:
        for name in NAMES:
            writer = client(broker, name)
            topic = f"qingyun/1/update/0123456789abcdef/{NAMES.index(name)}"
            writer.publish(topic, name, qos=1, retain=True).wait_for_publish(60)
            writer.disconnect()
            writer.loop_stop()
        board = client(broker, "qy-hw09")
        board.on_message = lambda _c, _u, m: heard.append((m.topic[-1], bytes(m.payload)))
        board.subscribe("qingyun/1/update/#", 1)
        end = time.monotonic() + 30
        while len(heard) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.3)
        board.disconnect()
        board.loop_stop()
    assert heard == [("1", b"qingyun-host"), ("2", b"qingyun-operator")]
