"""docs/asyncapi.yaml holds for what boards and host really say."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
import yaml
from broker import Broker
from demo import CONFIGS, REGISTRY, generate
from host_job import Ingester, qingyun
from jsonschema import Draft7Validator
from lorawan_net import chirpstack, em310
from paho.mqtt.enums import CallbackAPIVersion
from sim_board import ROOT, BoardRun, micropython

from host.alarms import rules
from host.lorawan import sensors
from host.lorawan.counts import Counts
from host.lorawan.memory import Memory
from host.lorawan.translation import Translation
from host.readings import births, messages
from host.registry import STREAMS
from host.update import bundle, keys
from host.update.air import chunk_messages

DATE = dt.date(2026, 3, 3)
MIDNIGHT = 1_772_467_200  # of that day in Shanghai
START, MINUTE = MIDNIGHT + 7 * 3600, 60
DEVICES = ("qy-fs01", "qy-hw01")  # between them they have every kind of channel

DOC: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text(encoding="utf-8"))


def resolve(ref: str) -> Any:
    """What a local reference points at; KeyError when there is nothing."""
    assert ref.startswith("#/"), ref
    node: Any = DOC
    for part in ref[2:].split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def nodes(node: Any, path: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object below a node, with where it stands."""
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            yield from nodes(value, f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from nodes(value, f"{path}/{i}")


def schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema and subschema; a map of named properties is none itself."""
    for path, node in nodes(DOC["components"]["schemas"], "#/components/schemas"):
        if path.rpartition("/")[2] not in ("schemas", "properties", "patternProperties"):
            yield path, node


def validator(message: str) -> Draft7Validator:
    """Checks the payload of a message of components/messages."""
    payload = DOC["components"]["messages"][message]["payload"]
    return Draft7Validator({"allOf": [payload], "components": DOC["components"]})


def message_of(channel: str) -> str:
    (entry,) = DOC["channels"][channel]["messages"].values()
    return str(entry["$ref"]).removeprefix("#/components/messages/")


def test_every_reference_points_at_something_and_every_component_is_used() -> None:
    used = set()
    for path, node in nodes(DOC):
        if "$ref" in node:
            assert resolve(node["$ref"]) is not None, path
            assert len(node) == 1, f"{path}: what stands beside $ref is ignored"
            used.add(node["$ref"])
    for kind, entries in DOC["components"].items():
        for name in entries:
            assert f"#/components/{kind}/{name}" in used


def test_channels_and_operations_fit_each_other() -> None:
    assert DOC["asyncapi"] == "3.0.0"
    sent = {}
    for name, operation in DOC["operations"].items():
        assert operation["action"] in ("send", "receive"), name
        channel = operation["channel"]["$ref"].removeprefix("#/channels/")
        assert channel in DOC["channels"], name
        mqtt = operation["bindings"]["mqtt"]
        assert mqtt["qos"] in (0, 1) and isinstance(mqtt["retain"], bool), name
        if operation["action"] == "send":
            assert channel not in sent, f"{channel} has two senders"
            sent[channel] = mqtt
    assert sent.keys() == DOC["channels"].keys()
    for operation in DOC["operations"].values():
        assert operation["bindings"]["mqtt"] == sent[operation["channel"]["$ref"].split("/")[-1]]
    for name, channel in DOC["channels"].items():
        assert set(re.findall(r"\{(\w+)\}", channel["address"])) == set(channel["parameters"])
        assert message_of(name) in DOC["components"]["messages"]


def test_schemas_are_closed_and_every_number_has_a_unit() -> None:
    for path, schema in schemas():
        Draft7Validator.check_schema(schema)
        if schema.get("type") == "object":
            assert "additionalProperties" in schema, path
        if schema.get("type") in ("number", "integer"):
            assert schema.get("x-unit"), f"{path}: a number without x-unit"


def test_examples_are_valid() -> None:
    for name, message in DOC["components"]["messages"].items():
        assert message["examples"], name
        for example in message["examples"]:
            validator(name).validate(example["payload"])


def test_the_host_has_the_same_rules() -> None:
    known = DOC["components"]["schemas"]
    assert set(known["q"]["additionalProperties"]["enum"]) == messages.QUALITIES
    assert known["daily"]["properties"]["streams"]["propertyNames"]["enum"] == list(STREAMS)
    event = known["event"]["properties"]
    assert event["kind"]["enum"] == list(rules.KINDS)
    assert set(event["unit"]["enum"]) == {u for units in rules.KINDS.values() for u in units}
    assert known["t"]["minimum"] == messages.EARLIEST
    assert known["t"]["exclusiveMaximum"] == messages.LATEST
    for message in DOC["components"]["messages"]["reading"]["examples"]:
        _, refused = messages.readings(json.dumps(message["payload"]).encode(), messages.LATEST)
        assert refused == []
    birth = DOC["components"]["messages"]["birth"]["examples"][0]["payload"]
    assert births.birth(json.dumps(birth).encode(), messages.LATEST).first == birth["first"]


def test_what_is_said_of_lorawan_sensors_is_described(tmp_path: Path) -> None:
    eui, now = "24e124713b492010", int(time.time())
    where = sensors.Sensor("lw-1", "fs-01", eui, "milesight-em310-udl", 3600, 1100, 300)
    translation = Translation({eui: where}, Memory(tmp_path), Counts())
    frames = [em310(700), em310(0), (9, b"\1"), (0, b"")]
    sent = [(b"", chirpstack(eui, n, f, now + 60 * n)) for n, f in enumerate(frames)]
    said = translation.take(sent)
    assert (len(said.births), len(said.readings), len(said.states)) == (1, 4, 7)
    for topic, payload in [*said.births, *said.readings, *said.states]:
        what = topic.rpartition("/")[2]
        validator(what).validate(payload if what == "status" else json.loads(payload))
    refused = [messages.readings(p.encode(), messages.LATEST)[1] for _, p in said.readings]
    assert [len(bad) for bad in refused] == [0, 0, 1, 0]
    births.birth(said.births[0][1].encode(), messages.LATEST)


class Listener:
    """Everything published below qingyun/, as it came."""

    def __init__(self, broker: Broker, name: str) -> None:
        self._marked: list[bytes] = []
        self.heard: list[paho.MQTTMessage] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, name)
        self._client.on_message = self._on_message
        self._client.connect(broker.host, broker.port)
        self._client.subscribe("qingyun/#", qos=2)  # each comes with the QoS it was sent with
        self._client.subscribe("mark")

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        if message.topic == "mark":
            self._marked.append(bytes(message.payload))
        else:
            self.heard.append(message)

    def settle(self) -> list[paho.MQTTMessage]:
        """All that the broker had to say before this call."""
        mark = str(len(self._marked)).encode()
        self._client.publish("mark", mark)
        end = time.monotonic() + 60
        while mark not in self._marked:
            assert time.monotonic() < end, "the broker does not answer"
            time.sleep(0.02)
        return list(self.heard)

    def wait(self, ending: str) -> None:
        """Until something was heard on such a topic."""
        end = time.monotonic() + 60
        while not any(m.topic.endswith(ending) for m in list(self.heard)):
            assert time.monotonic() < end, f"nothing on {ending}"
            time.sleep(0.02)

    def offer(self, folder: Path) -> None:
        """A piece of a bundle, as `qingyun update` publishes it."""
        keys.make(folder / "update.key", 2048)
        made = bundle.pack({"main.mpy": b"M\6"}, "1.0.0", "sim", keys.load(folder / "update.key"))
        for topic, payload in chunk_messages(made):
            self._client.publish(topic, payload, qos=1, retain=True)

    def command(self, device_topic: str, body: dict[str, Any]) -> None:
        self._client.publish(f"{device_topic}/command", json.dumps(body), qos=1)

    def __enter__(self) -> Listener:
        self._client.loop_start()
        self.settle()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def crashed(folder: Path) -> Path:
    """A flash folder that holds what an earlier start has written of a crash."""
    folder.mkdir()
    script = (
        "from health.crash_log import CrashLog; from health.log import Log\n"
        f"CrashLog('{folder}', 0, lambda: (False, 5), Log()).take('network', ValueError('a bug'))"
    )
    env = os.environ | {"MICROPYPATH": f"{ROOT / 'firmware'}:.frozen"}
    subprocess.run([micropython(), "-c", script], env=env, check=True)
    return folder


def add_outages(trace: Path) -> None:
    """A stretch without network, within it two starts: a backlog, and readings without a date."""
    outages = [(30, "wifi", 0), (40, "power", 0), (41, "power", 1)]
    outages += [(55, "power", 0), (56, "power", 1), (65, "wifi", 1)]
    with trace.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    rows += [[str(START + m * MINUTE), channel, str(v)] for m, channel, v in outages]
    rows.sort(key=lambda row: float(row[0]))
    with trace.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


@dataclass(frozen=True)
class Run:
    """live: as it was said; kept: what somebody gets who comes later."""

    live: list[paho.MQTTMessage]
    kept: list[paho.MQTTMessage]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two hours of two boards, stored and rolled up, all of it listened to."""
    out = tmp_path_factory.mktemp("topics")
    generate(DATE, 1, out)
    db = out / "q.db"
    with Broker(out / "broker") as broker, Listener(broker, "early") as listener:
        with Ingester(db, REGISTRY, broker.address) as ingester:
            ingester.wait_subscribed()
            runs = []
            for device in DEVICES:
                trace = out / f"{device}.csv"
                add_outages(trace)
                config = out / f"{device}.config.json"
                plain = json.loads((CONFIGS / f"{device}.json").read_text())
                config.write_text(json.dumps(plain | {"confirm": "host"}))
                flash, report = out / f"{device}.flash", out / f"{device}.json"
                board = BoardRun(
                    *(config, trace, flash, report, broker.address, "field", 1),
                    start=START,
                    until=START + 120 * MINUTE,
                    files=crashed(out / f"{device}.files"),
                )
                runs.append((board, board.launch()))
            listener.wait("qy-hw01/birth")
            listener.command("qingyun/1/hw-01/qy-hw01", {"id": "1", "do": "read"})
            listener.offer(out)
            for board, process in runs:
                assert process.wait(300) == 0, board.report.with_suffix(".log").read_text()
        rolled = qingyun(
            *("rollup", "--date", str(DATE), "--db", db, "--registry", REGISTRY),
            *("--out", out, "--publish", broker.address),
        )
        assert rolled.returncode == 0, rolled.stderr
        tell = ("alarms", "update", "--db", db, "--registry", REGISTRY, "--publish", broker.address)
        found = qingyun(*tell, "--now", f"{DATE} 12:00")  # the boards are silent since 09:00
        assert found.returncode == 1, found.stderr
        seen = qingyun("alarms", "ack", "1", "--db", db, "--by", "王五", "--note", "断电")
        assert seen.returncode == 0, seen.stderr
        told = qingyun(*tell, "--now", f"{DATE} 12:01")
        assert told.returncode == 0, told.stderr
        left = qingyun("ledger", "anchor", "--db", db, "--publish", broker.address)
        assert left.returncode == 0, left.stderr
        with Listener(broker, "late") as late:
            return Run(listener.settle(), late.settle())


def channel_of(topic: str) -> str:
    """The channel whose address fits; fails when none or several do."""
    fitting: list[str] = []
    for name, channel in DOC["channels"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(channel["address"]))
        if re.fullmatch(pattern, topic):
            fitting.append(name)
    assert len(fitting) == 1, f"{topic}: channels {fitting}"
    return fitting[0]


def decoded(message: str, payload: bytes) -> Any:
    kind = DOC["components"]["messages"][message].get("contentType", DOC["defaultContentType"])
    if kind == "application/octet-stream":
        return payload.decode("latin-1")  # a character each
    text = payload.decode("utf-8")
    return json.loads(text) if kind == "application/json" else text


def test_every_real_message_fits_its_channel(run: Run) -> None:
    assert len(run.live) > 40
    for m in run.live:
        message = message_of(channel_of(m.topic))
        value = decoded(message, bytes(m.payload))
        faults = [f"{e.json_path}: {e.message}" for e in validator(message).iter_errors(value)]
        assert not faults, (m.topic, m.payload, faults)
    assert {channel_of(m.topic) for m in run.live} == set(DOC["channels"])


@pytest.mark.usefixtures("needs_mosquitto")
def test_quality_of_service_and_retention_are_as_said(run: Run) -> None:
    said = {
        operation["channel"]["$ref"].split("/")[-1]: operation["bindings"]["mqtt"]
        for operation in DOC["operations"].values()
        if operation["action"] == "send"
    }
    for m in run.live:
        assert m.qos == said[channel_of(m.topic)]["qos"], m.topic
    assert all(m.retain for m in run.kept)
    assert {channel_of(m.topic) for m in run.kept} == {
        channel for channel, mqtt in said.items() if mqtt["retain"]
    }


def test_each_change_of_an_alarm_is_told_once(run: Run) -> None:
    said = [json.loads(m.payload) for m in run.live if m.topic == "qingyun/1/hw-01/event"]
    # The containers of the example are of an edition that is out of force.
    editions = [e for e in said if e["rule"].startswith("edition-")]
    assert {e["what"] for e in editions} == {"raised"}
    assert len({e["alarm"] for e in editions}) == len(editions) == 4
    others = [e for e in said if e not in editions]
    assert [(e["what"], e["alarm"], e["rule"]) for e in others] == [
        ("raised", 1, "silent"),
        ("raised", 2, "silent"),
        ("acknowledged", 1, "silent"),
    ]
    assert others[2]["by"] == "王五"


def test_the_run_has_every_shape_of_reading(run: Run) -> None:
    """Else the messages above would prove less than they seem to."""
    readings: list[dict[str, Any]] = []
    arrays = 0
    for m in run.live:
        if m.topic.endswith("/reading"):
            value = json.loads(m.payload)
            arrays += isinstance(value, list)
            readings += value if isinstance(value, list) else [value]
    assert arrays
    assert any("up" in r for r in readings) and any("t" in r for r in readings)
    assert any("moving" in r.get("q", {}).values() for r in readings)
    assert {key[0] for r in readings for key in r if key[1:].isdigit()} == set("wfcd")
    status = {m.payload for m in run.live if m.topic.endswith("/status")}
    assert status == {b"online", b"offline"}
