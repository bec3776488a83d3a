"""How fast a board publishes at QoS 1, one reading a message; and beyond the last packet id: in
`make soak` after 70,000 in one start."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from broker import Broker
from interpreter import RunMicroPython
from paho.mqtt.enums import CallbackAPIVersion
from soak import in_part

from host.provision.certificates import make

NAME = "mqtt.example.org"
SCRIPT = Path(__file__).with_name("run_publish.py")


def rate(output: str) -> tuple[float, str]:
    """Messages a second, and the rest as text."""
    n, ms, connect, size = map(int, output.split())
    return 1000 * n / ms, f"{n} messages of {size} bytes, connected in {connect} ms"


@pytest.mark.alone
def test_rate_plain_and_with_tls(
    tmp_path: Path, run_micropython: RunMicroPython, figure: Callable[[str], None]
) -> None:
    certificates = tmp_path / "c"
    make(certificates, NAME, ["qy-hw09"])
    with Broker(tmp_path / "plain") as plain:
        result = run_micropython(SCRIPT, plain.port, 10_000, 0, heap="160k")
        assert result.returncode == 0, result.stderr
        plain_rate, text = rate(result.stdout)
        figure(f"QoS 1 publishes on loopback, plain: {plain_rate:.0f}/s ({text})")
    with Broker(tmp_path / "tls", certificates=certificates) as tls:
        more = (certificates, "qy-hw09", NAME)
        result = run_micropython(SCRIPT, tls.port, 10_000, 0, *more, heap="160k")
        assert result.returncode == 0, result.stderr
        tls_rate, text = rate(result.stdout)
        figure(f"QoS 1 publishes on loopback, TLS: {tls_rate:.0f}/s ({text})")
    assert plain_rate >= 5000
    assert tls_rate >= 3000


def test_more_publishes_than_there_are_packet_ids(
    tmp_path: Path, run_micropython: RunMicroPython, figure: Callable[[str], None]
) -> None:
    n, first = in_part((5_000, 62_000), (70_000, 0))
    seqs: list[int] = []
    all_there = threading.Event()

    def on_message(_c: object, _u: object, message: paho.MQTTMessage) -> None:
        seqs.append(json.loads(message.payload)["seq"])
        if len(seqs) == n:
            all_there.set()

    with Broker(tmp_path / "broker") as broker:
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.on_message = on_message
        subscribed = threading.Event()
        client.on_subscribe = lambda *_: subscribed.set()
        client.connect(broker.host, broker.port)
        client.subscribe("qingyun/1/+/+/reading", 1)
        client.loop_start()
        try:
            assert subscribed.wait(60)
            result = run_micropython(SCRIPT, broker.port, n, first, heap="160k")
            assert result.returncode == 0, result.stderr
            assert all_there.wait(120)
        finally:
            client.disconnect()
            client.loop_stop()
    assert seqs == list(range(n))
    figure(
        f"{n} QoS 1 publishes in one session, from packet id {first}: {len(seqs)} received, in "
        "order, each once"
    )
