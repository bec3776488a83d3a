"""A broker that lets each user have one session only, as `use_username_as_clientid` makes it."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from pathlib import Path

import httpx
import paho.mqtt.client as paho
import pytest
from broker import Broker, find_mosquitto, free_port
from paho.mqtt.enums import CallbackAPIVersion
from sim_board import ROOT

from host.serve import accounts
from host.store import Store


class OneEach(Broker):
    """mosquitto with that option; everybody who names a user is let in."""

    def _config(self) -> str:
        return super()._config() + "\nuse_username_as_clientid true\n"


class Board:
    """Answers every command; counts them."""

    def __init__(self, broker: Broker, site: str, device: str) -> None:
        self._topic = f"qingyun/1/{site}/{device}"
        self.asked: list[str] = []
        self.client = paho.Client(CallbackAPIVersion.VERSION2, device)
        self.client.username_pw_set(device, "x")
        self.client.on_message = self._answer
        ready = threading.Event()
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.connect(broker.host, broker.port)
        self.client.subscribe(f"{self._topic}/command", 1)
        self.client.loop_start()
        assert ready.wait(60)
        self.client.publish(f"{self._topic}/status", "online", 1, True).wait_for_publish(60)

    def _answer(self, client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        command = json.loads(message.payload)
        self.asked.append(command["do"])
        reply = {"id": command["id"], "ok": True, "result": len(self.asked)}
        client.publish(f"{self._topic}/reply", json.dumps(reply), 1)


@pytest.mark.usefixtures("needs_mosquitto")
def test_commands_go_over_the_session_that_is_there(tmp_path: Path) -> None:
    assert find_mosquitto()
    db, log, port = tmp_path / "q.db", tmp_path / "log", free_port()
    store = Store(db, create=True)
    token = accounts.add_token(store, "desk", "operator", "test")
    store.close()
    (tmp_path / "password").write_text("x")
    with OneEach(tmp_path / "broker") as broker, log.open("wb") as said:
        board = Board(broker, "fs-01", "qy-fs01")
        serve = ["serve", "--db", db, "--registry", ROOT / "registry", "--broker", broker.address]
        serve += ["--username", "page", "--password-file", tmp_path / "password"]
        serve += ["--listen", f"127.0.0.1:{port}"]
        command = [ROOT / ".venv/bin/qingyun", *serve]
        process = subprocess.Popen(list(map(str, command)), stderr=said, cwd=ROOT)
        try:
            headers = {"authorization": f"Bearer {token}"}
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60
            ) as client:
                connected = wait_connected(client, process, log)
                for n in (1, 2):
                    at = "/api/1/boards/qy-fs01/command"
                    answer = client.post(at, json={"do": "read"})
                    assert (answer.status_code, answer.json().get("answer")) == (200, n)
                assert link(client)["since"] == connected  # never lost meanwhile
        finally:
            process.terminate()
            process.wait(20)
        board.client.disconnect()
        board.client.loop_stop()
        told = (tmp_path / "broker" / "broker.log").read_text()
    assert told.count(" as page ") == 1, told
    assert board.asked == ["read", "read"]


def link(client: httpx.Client) -> dict[str, object]:
    """The state of the page's own session."""
    with client.stream("GET", "/live") as answer:
        for line in answer.iter_lines():
            if line.startswith("data:") and '"since"' in line:
                found: dict[str, object] = json.loads(line.removeprefix("data:"))
                return found
    pytest.fail("the stream does not tell the link")


def wait_connected(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> object:
    """Until the page is connected to the broker; since when it is."""
    end = time.monotonic() + 240
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            if (state := link(client))["state"] in ("waiting", "live"):
                return state["since"]
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"not connected: {log.read_text()}")
