"""`qingyun watch` before a real broker and a real simulated board."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from bench import Bench
from broker import Broker, free_port
from host_job import qingyun
from listener import Listener
from paho.mqtt.enums import CallbackAPIVersion

from host import __version__
from host.mqtt import board_state
from host.provision.certificates import make

NOW = 1_772_496_100.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker to which a board is connected, eight times as fast as real; 20.4 kg stand on it."""
    folder = tmp_path_factory.mktemp("running")
    bench = Bench(folder / "bench")
    bench.configure(every_s=10, sample_s=1)
    with Broker(folder / "broker") as broker:
        rows = [(0.0, "w1", 20.4), (36_000.0, "w1", 20.4)]
        process = bench.board(broker.address, rows, speed=8).launch()
        try:
            with Listener(broker) as heard:
                heard.wait("state", seconds=120)
            yield broker
        finally:
            process.kill()
            process.wait()


def test_a_board_as_it_is(running: Broker) -> None:
    once = qingyun("watch", "--broker", running.address, "--site", "hw-09", "--once")
    assert once.returncode == 0, once.stderr
    assert once.stdout.startswith("hw-09/qy-hw09  online 在线  ")
    for text in (
        "w1 20.40 kg ok",
        "queue 待发 0",
        "dropped 丢失 0",
        "-61 dBm good 好",
        __version__,
    ):
        assert text in once.stdout
    assert "clock ntp 已校时" in once.stdout
    other = qingyun("watch", "--broker", running.address, "--device", "another", "--once")
    assert other.returncode == 1
    assert "nothing heard of +/another" in other.stdout


def test_news_come_as_lines_where_nobody_looks(running: Broker) -> None:
    seen = qingyun("watch", "--broker", running.address, "--for", "6")
    assert seen.returncode == 0, seen.stderr
    blocks = seen.stdout.count("hw-09/qy-hw09  online")
    assert blocks >= 2, seen.stdout  # what was kept, and readings as they come
    assert "\x1b" not in seen.stdout


def test_a_terminal_of_80_columns_shows_a_live_picture(running: Broker) -> None:
    watcher, terminal = os.openpty()
    env = os.environ | {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    command = [sys.executable, "-m", "host.cli", "watch", "--broker", running.address]
    process = subprocess.Popen([*command, "--for", "3"], stdout=terminal, env=env)
    os.close(terminal)
    seen = b""
    while True:
        try:
            seen += os.read(watcher, 65536)
        except OSError:  # the other end is closed
            break
    os.close(watcher)
    assert process.wait(60) == 0
    text = seen.decode()
    assert "20.40 kg" in text and "online 在线" in text and "Ctrl-C ends" in text
    assert text.count("Ctrl-C ends") >= 4  # drawn again and again, in place
    assert "\x1b[1A" in text


def test_a_board_that_has_gone_is_offline(broker: Broker) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect(broker.host, broker.port)
    client.loop_start()
    base = "qingyun/1/fs-01/qy-fs01/"
    state = {"t": 1_772_496_000, "w1": 5, "q": {"f1": "no_echo"}, "queue": 7, "clock": "rtc"}
    for topic, payload in (("status", "offline"), ("state", json.dumps(state)), ("birth", "{")):
        client.publish(base + topic, payload, qos=1, retain=True).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()
    once = qingyun("watch", "--broker", broker.address, "--once")
    assert once.returncode == 1
    for text in ("offline 离线", "f1 – no_echo 无回波", "queue 待发 7", "birth: not understood"):
        assert text in once.stdout
    assert " d ago" in once.stdout  # by the board's clock: the broker has kept it since


@pytest.mark.usefixtures("needs_mosquitto")
def test_an_operator_signs_in_with_a_certificate(tmp_path: Path) -> None:
    certificates = tmp_path / "certificates"
    names = ["qy-fs01", "qingyun-operator"]
    make(certificates, "127.0.0.1", names)
    options = [
        ("--cafile", certificates / "ca.pem"),
        ("--certfile", certificates / "qingyun-operator.pem"),
        ("--keyfile", certificates / "qingyun-operator.key"),
    ]
    with Broker(tmp_path / "broker", certificates=certificates) as broker:
        board = paho.Client(CallbackAPIVersion.VERSION2)
        ca, own, key = (str(certificates / n) for n in ("ca.pem", "qy-fs01.pem", "qy-fs01.key"))
        board.tls_set(ca, own, key)
        board.connect(broker.host, broker.port)
        board.loop_start()
        topic = "qingyun/1/fs-01/qy-fs01/status"
        board.publish(topic, "online", qos=1, retain=True).wait_for_publish(10)
        said = [part for option in options for part in option]
        once = qingyun("watch", "--broker", broker.address, "--once", *said)
        assert (once.returncode, once.stderr) == (0, "")
        assert "fs-01/qy-fs01  online 在线" in once.stdout
        unsigned = qingyun("watch", "--broker", broker.address, "--once", *said[:2])
        board.disconnect()
        board.loop_stop()
    assert unsigned.returncode == 1
    (line,) = unsigned.stderr.splitlines()
    assert line.startswith(f"qingyun: error: broker {broker.address}: closed the connection"), line


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["--site", "a/b"], 2, "expected a name without / + # or blank, found 'a/b'"),
        (["--broker", "nowhere"], 2, "--broker: expected HOST:PORT, found 'nowhere'"),
        (["--for", "-1"], 2, "expected seconds above 0, found '-1'"),
        (["--cafile", "absent.pem"], 2, "--cafile: absent.pem: no such file"),
        (["--broker", f"127.0.0.1:{free_port()}"], 1, "Connection refused"),
    ],
)
def test_a_mistake_is_one_line(args: list[str], code: int, said: str) -> None:
    result = qingyun("watch", *args)
    assert result.returncode == code
    assert said in result.stderr
    assert len([line for line in result.stderr.splitlines() if "error:" in line]) == 1


def board(**state: object) -> board_state.Board:
    b = board_state.Board("fs-01", "qy-fs01", "online")
    b.take("state", json.dumps(state).encode(), False, NOW)
    return b


def test_no_line_is_wider_than_the_terminal() -> None:
    many = {f"w{i}": 83.42 for i in range(1, 5)} | {f"f{i}": 0.41 for i in range(1, 5)}
    q = dict.fromkeys(many, "saturated")
    b = board(t=1, **many, q=q, queue=4000, clock="unset", drift_ppm=-1234, rssi=-90)
    b.take("birth", json.dumps({"version": "0.1.0", "dropped": 12345}).encode(), False, NOW)
    for width in (80, 60):
        lines = board_state.lines(b, NOW, width)
        assert all(line.cell_len <= width for line in lines), [line.cell_len for line in lines]
    text = "\n".join(line.plain for line in lines)
    assert text.count("saturated 超量程") == 8
    for said in ("queue 待发 4000", "dropped 丢失 12345", "-90 dBm weak 弱", "clock unset 未校时"):
        assert said in text


def test_a_backlog_does_not_turn_time_back() -> None:
    def reading(seq: int, t: int, kg: float) -> bytes:
        body = {"life": "9c4e01aa", "seq": seq, "boot": 1, "t": t, "w1": kg}
        return json.dumps([body]).encode()

    b = board(t=1000, w1=50, queue=3, clock="ntp")
    assert b.take("reading", reading(9, 1005, 51), False, NOW + 5)
    assert not b.take("reading", reading(7, 1000, 7), False, NOW + 6)  # an older one
    assert b.state["w1"] == 51 and b.state["queue"] == 3
    fresh = board(t=1000, w1=50, queue=3, clock="ntp")
    assert not fresh.take("reading", reading(2, 500, 7), False, NOW + 6)
    assert fresh.state["w1"] == 50 and fresh.age(NOW + 6) == 6


@pytest.mark.parametrize("what", ["state", "birth", "reading", "status"])
@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"[[]]", b"7", b'{"q":7}', b'{"w1":"\\u001b[2J","q":{"w1":[]}}', b"\xff\x1b[2J"],
)
def test_whatever_comes_can_be_shown(what: str, payload: bytes) -> None:
    b = board_state.Board("fs-01", "qy\x1b[2J", "online")
    b.take(what, payload, False, NOW)
    b.take(what, payload, True, time.time())
    for line in board_state.lines(b, NOW, 80):
        assert "\x1b" not in line.plain
