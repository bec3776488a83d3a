"""What a real Home Assistant makes of our discovery: the newest release for this Python."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from broker import Broker
from host_job import qingyun
from killing import until
from paho.mqtt.enums import CallbackAPIVersion
from sim_board import ROOT

PYTHON = ROOT / "build" / "homeassistant" / "bin" / "python"
BASE = "qingyun/1/fs-01/qy-fs01"
W1, F1, QUEUE = (f"qingyun_qy_fs01_{x}" for x in ("w1", "f1", "queue"))
States = dict[str, list[str | None]]


class Home:
    """A Home Assistant at work (tests/support/home_assistant.py), and a board beside it."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        script = ROOT / "tests" / "support" / "home_assistant.py"
        folder.mkdir()
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [PYTHON, script, folder, broker.host, str(broker.port)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        self.board = paho.Client(CallbackAPIVersion.VERSION2)
        self.board.connect(broker.host, broker.port)
        self.board.loop_start()

    def ask(self, line: str) -> States:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        answer: States = json.loads(self.process.stdout.readline())
        return answer

    def say(self, **state: Any) -> None:
        body = {"t": 1_772_496_000, "clock": "ntp"} | state
        self.board.publish(f"{BASE}/state", json.dumps(body), 1, True).wait_for_publish(30)

    def shows(self, unique_id: str, *expected: str | None) -> bool:
        return until(lambda: self.ask("states").get(unique_id) == [*expected])


@pytest.fixture
def home(needs_mosquitto: None, tmp_path: Path, broker: Broker) -> Iterator[Home]:
    if not PYTHON.exists():
        pytest.skip("Home Assistant is missing: needs Python 3.11 (tools/env.sh homeassistant)")
    home = Home(tmp_path / "home", broker)
    yield home
    home.board.loop_stop()
    home.process.kill()
    home.process.wait()


def test_what_is_shown(home: Home, broker: Broker, figure: Callable[[str], None]) -> None:
    args = ("homeassistant", "--registry", ROOT / "registry", "--site", "fs-01")
    assert qingyun(*args, "--publish", broker.address).returncode == 0
    home.board.publish(f"{BASE}/status", "online", 1, True)
    home.say(queue=0)
    assert home.shows(QUEUE, "0", None)
    assert home.shows(W1, "unknown", "kg")  # no good value yet: no error, and no number
    home.say(queue=0, w1=83.42, f1=0.41)
    assert home.shows(W1, "83.42", "kg") and home.shows(F1, "41", "%")
    # Shown in grams, as a person may choose, a value that is not good changes nothing.
    home.ask(f"unit {W1} g")
    home.say(queue=1, w1=84.0, f1=0.41)
    assert home.shows(W1, "84000.0", "g")
    for n in range(2, 5):
        home.say(queue=n, w1=90.0, q={"w1": "moving"})
        assert home.shows(QUEUE, str(n), None)
        assert home.shows(W1, "84000.0", "g")
    home.say(queue=5, q={"w1": "no_data", "f1": "no_data"})
    assert home.shows(QUEUE, "5", None) and home.shows(W1, "84000.0", "g")
    home.board.publish(f"{BASE}/status", "offline", 1, True)
    assert home.shows(W1, "unavailable", "g")
    entities = len(home.ask("states"))
    assert qingyun(*args, "--publish", broker.address, "--remove").returncode == 0
    assert until(lambda: home.ask("states") == {})
    errors = [x for x in home.log.read_text().splitlines() if "mqtt" in x and "rror" in x]
    assert errors == []
    figure(f"Home Assistant shows {entities} entities of a site, in grams too, and lets go of them")
