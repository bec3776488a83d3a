"""Discovery for Home Assistant: from the registry to a broker, and away again."""

from __future__ import annotations

import json
import threading
from typing import Any

import jinja2
import paho.mqtt.client as paho
import pytest
from broker import Broker
from host_job import qingyun
from paho.mqtt.enums import CallbackAPIVersion
from sim_board import ROOT

PREFIX = "homeassistant/sensor/"


def heard(broker: Broker) -> dict[str, dict[str, Any]]:
    """What is retained for Home Assistant."""
    found: dict[str, bytes] = {}
    all_there = threading.Event()

    def on_message(_client: paho.Client, _user: Any, message: paho.MQTTMessage) -> None:
        if message.topic == "homeassistant/end":
            all_there.set()
        else:
            found[message.topic] = bytes(message.payload)

    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = on_message

    # What is retained comes before what is said after it.
    @client.subscribe_callback()
    def subscribed(*_: Any) -> None:
        client.publish("homeassistant/end", "", 1)

    client.connect(broker.host, broker.port)
    client.subscribe("homeassistant/#", 1)
    client.loop_start()
    assert all_there.wait(30)
    client.disconnect()
    client.loop_stop()
    return {topic: json.loads(body) for topic, body in found.items()}


def shows(entity: dict[str, Any], state: dict[str, Any]) -> str:
    """The value as its template gives it; an empty one leaves what was there."""
    template = jinja2.Environment(autoescape=True).from_string(entity["value_template"])
    return template.render(value_json=state, this={"state": "83420"}).strip()


@pytest.mark.usefixtures("needs_mosquitto")
def test_shown_when_asked_and_taken_away(broker: Broker) -> None:
    shown = ("homeassistant", "--registry", ROOT / "registry", "--site", "fs-01")
    args = (*shown, "--publish", broker.address)
    assert heard(broker) == {}
    done = qingyun(*args)
    assert done.returncode == 0, done.stderr
    found = heard(broker)
    assert {name.removeprefix(PREFIX) for name in found} >= {
        "qingyun_qy_fs01_w1/config",
        "qingyun_qy_fs01_f1/config",
        "qingyun_qy_fs01_queue/config",
    }
    assert len({e["unique_id"] for e in found.values()}) == len(found)
    weight = found[f"{PREFIX}qingyun_qy_fs01_w1/config"]
    assert weight["state_topic"] == "qingyun/1/fs-01/qy-fs01/state"
    assert weight["availability_topic"] == "qingyun/1/fs-01/qy-fs01/status"
    assert (weight["device_class"], weight["unit_of_measurement"]) == ("weight", "kg")
    state = {"t": 1772496000, "w1": 83.42, "f1": 0.41, "queue": 3, "clock": "ntp"}
    assert shows(weight, state) == "83.42"
    assert shows(weight, state | {"q": {"w1": "moving"}}) == ""
    assert shows(weight, {"queue": 0}) == ""
    assert float(shows(found[f"{PREFIX}qingyun_qy_fs01_f1/config"], state)) == 41
    assert shows(found[f"{PREFIX}qingyun_qy_fs01_queue/config"], state) == "3"
    assert shows(found[f"{PREFIX}qingyun_qy_fs01_rssi/config"], state) == ""
    done = qingyun(*args, "--remove")
    assert done.returncode == 0, done.stderr
    assert heard(broker) == {}


def test_a_site_that_is_none() -> None:
    done = qingyun(
        *("homeassistant", "--registry", ROOT / "registry"),
        *("--site", "xx", "--publish", "127.0.0.1:1"),
    )
    assert done.returncode == 2
    assert "--site: expected a site of sites.csv, found 'xx'" in done.stderr
