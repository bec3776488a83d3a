"""`qingyun lorawan` between two real brokers, with the ingester behind it: what was heard is stored
once, what was lost is said, whatever is killed or delivered twice in between."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import random
import shutil
import signal
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from broker import Broker, free_port
from host_job import Ingester
from lorawan_bridge import Bridge
from lorawan_net import CHIRPSTACK, At, chirpstack, df702, em310, ldds75, mbx, things_stack
from paho.mqtt.enums import CallbackAPIVersion
from sim_board import ROOT

from host import registry as registry_of
from host import rollup
from host.common.local_days import date_of, local_day
from host.events.fillonly import FillSample, watch
from host.events.silences import Silences
from host.rollup import density
from host.store import Store, StreamStatus, report_intervals

EMPTY, FULL = 1100, 300
EVERY_S = 1800
DAYS = 14 if os.environ.get("SOAK") else 2
LONGEST_S = 2 * EVERY_S + 60
GATEWAYS = "0016c001f153a14c", "0016c001f153a14d"
SOLD: dict[str, tuple[str, str, Callable[[int], tuple[int, bytes]]]] = {
    "lw-1": ("24e124713b492010", "milesight-em310-udl", em310),
    "lw-2": ("a840411a91831d2c", "dragino-ldds75", ldds75),
    "lw-3": ("70b3d57ba0000bb1", "decentlab-dl-mbx-001", mbx),
    "lw-4": ("8c83fc05005e1f3a", "dingtek-df702", df702),
}


def registry(folder: Path) -> Path:
    """Four bins without a scale at one site."""
    folder.mkdir()
    shutil.copy(ROOT / "registry" / "towns.csv", folder)
    (folder / "sites.csv").write_text("site,name,town,kind,windows\nlw,点,方松街道,collection,\n")
    (folder / "devices.csv").write_text("device,site\n" + "".join(f"{d},lw\n" for d in SOLD))
    head = "bin,site,device,channel,fill_channel,stream,volume_l,tare_kg,container,max_kg,e_kg\n"
    rows = [f"b-{d},lw,{d},,f1,干垃圾,240,,wheelie,,\n" for d in SOLD]
    (folder / "bins.csv").write_text(head + "".join(rows))
    rows = [f"{d},{eui},{m},{EVERY_S // 60},{EMPTY},{FULL}\n" for d, (eui, m, _) in SOLD.items()]
    head = "device,dev_eui,model,every_min,empty_mm,full_mm\n"
    (folder / "lorawan.csv").write_text(head + "".join(rows))
    return folder


class Client:
    """Publishes at QoS 1 and waits for the broker; keeps what it hears."""

    def __init__(self, broker: Broker, name: str, topic: str = "") -> None:
        self.heard: dict[str, bytes] = {}
        self._client = paho.Client(CallbackAPIVersion.VERSION2, name)
        self._client.max_inflight_messages_set(200)
        self._topic = topic
        self._client.on_message = self._take
        self._client.on_connect = self._subscribe
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def _take(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        self.heard[message.topic] = bytes(message.payload)

    def _subscribe(self, *_: Any) -> None:
        if self._topic:
            self._client.subscribe(self._topic, 1)

    def publish(self, messages: list[tuple[str, bytes]]) -> None:
        sent = [self._client.publish(topic, payload, qos=1) for topic, payload in messages]
        for info in sent:
            info.wait_for_publish(30)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def wait(true: Callable[[], bool], what: str, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, what
        time.sleep(0.05)


@dataclass
class Truth:
    """What was heard of a sensor: (t, permille) in order, and by run its counters."""

    heard: list[tuple[int, int]] = field(default_factory=list)
    runs: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    emptied: list[int] = field(default_factory=list)

    def lost(self) -> int:
        """Frames missing between those that were heard; of a later run also at its begin."""
        first = min(self.runs)
        return sum(
            max(c) + 1 - len(c) - (min(c) if run == first else 0) for run, c in self.runs.items()
        )


def played(seed: int, t0: int, frames: int) -> tuple[list[tuple[str, bytes]], dict[str, Truth]]:
    """Days of four sensors as their network server publishes them, in order of time, and the
    truth. Each frame gets lost with 10 %. lw-2 begins at 0 again after a third, lw-3 joins anew;
    lw-4 falls silent 5 h before the end."""
    rng = random.Random(seed)  # noqa: S311
    said: list[tuple[float, str, bytes]] = []
    truth = {d: Truth() for d in SOLD}
    for i, (device, (eui, _, sensor)) in enumerate(SOLD.items()):
        counter, run, fill, addr = 1000 * (i + 1), 0, 100 + 100 * i, f"0018944{i}"
        for n in range(frames - (10 if device == "lw-4" else 0)):
            t = t0 + n * EVERY_S + 60 * i
            if n == frames // 3 and device in ("lw-2", "lw-3"):
                counter, run, addr = 0, 1, addr if device == "lw-2" else "01abcdef"
            fill += 24
            if fill > 800:
                fill = 15
                truth[device].emptied.append(t)
            mm = EMPTY - fill * (EMPTY - FULL) // 1000
            heard = [
                At(g, -rng.randrange(60, 120), rng.randrange(-150, 100) / 10, t) for g in GATEWAYS
            ]
            heard = [h for h in heard if rng.random() > 0.316]
            if heard:
                truth[device].heard.append((t, (EMPTY - mm) * 1000 // (EMPTY - FULL)))
                truth[device].runs[run].append(counter)
                # One in ten copies comes after the network server has stopped waiting for more.
                late = len(heard) == 2 and rng.random() < 0.1
                for k, group in enumerate([[h] for h in heard] if late else [heard]):
                    body = chirpstack(
                        eui, counter, sensor(mm), t, group, addr=addr, with_zeros=bool(n % 2)
                    )
                    said.append((t + k, CHIRPSTACK.format(eui=eui), body))
            counter += 1
    said.sort(key=lambda m: m[0])
    return [(topic, body) for _, topic, body in said], truth


@pytest.fixture
def net(needs_mosquitto: None, tmp_path: Path) -> Iterator[Broker]:
    """The broker of the network server."""
    with Broker(tmp_path / "net") as made:
        yield made


def test_four_sensors_two_gateways_losses_a_reset_and_kills(
    net: Broker, broker: Broker, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    folder = registry(tmp_path / "registry")
    frames = DAYS * 86_400 // EVERY_S
    t0 = int(time.time()) - (frames - 1) * EVERY_S - 400
    messages, truth = played(7, t0, frames)
    unique = sum(len(x.heard) for x in truth.values())
    bridge = Bridge(tmp_path, net.address, broker.address)
    with Ingester(tmp_path / "q.db", folder, broker.address) as ingester, bridge:
        ingester.wait_subscribed()
        wait(lambda: "connected to" in bridge.log(), "no session")
        people = Client(broker, "people", "qingyun/#")
        server = Client(net, "server")
        third = len(messages) // 3
        server.publish(messages[:third])
        bridge.stop(signal.SIGKILL)  # somewhere in between
        server.publish(messages[third : 2 * third])
        bridge.start()
        server.publish(messages[2 * third :])
        server.publish(messages[-30::3])  # delivered again
        assert ingester.wait_for(unique)
        # All of it has passed when the last message has: one of lw-1, which nobody understands.
        eui = SOLD["lw-1"][0]
        bad = chirpstack(eui, 5000, (9, b"\1\2"), time.time())
        server.publish(
            [("application/x/device/y/event/up", b"{"), (CHIRPSTACK.format(eui=eui), bad)]
        )
        wait(lambda: ingester.stats().get("quarantined") == 1, "not in quarantine")
        wait(lambda: "qingyun/1/lw/lw-4/status" in people.heard, "no status")
        server.close()
        people.close()
        stats = ingester.stats()
    assert stats["stored"] == unique and stats["duplicates"] > 0
    _check_figures(tmp_path / "q.db", truth)
    heard = {t.removeprefix("qingyun/1/lw/"): p for t, p in people.heard.items()}
    assert (heard["lw-1/status"], heard["lw-4/status"]) == (b"online", b"offline")
    t, permille = truth["lw-2"].heard[-1]
    state = json.loads(heard["lw-2/state"])
    assert (state["t"], state["f1"], state["v1"]) == (t, permille / 1000, 3.385)
    (kept,) = Store(tmp_path / "q.db").kept()
    assert kept.reason == "milesight-em310-udl: port 9: expected 85"
    lost = sum(x.lost() for x in truth.values())
    figure(
        f"LoRaWAN: 4 sensors, {frames} frames each, {len(messages)} uplinks of 2 gateways, "
        f"{unique} stored, {lost} lost and counted, {stats['duplicates']} repeated, 0 doubled"
    )


def _check_figures(db: Path, truth: dict[str, Truth]) -> None:
    """What is stored is what was heard; what was lost is missing, and gaps are where it was."""
    store = Store(db)
    store.compact()
    days_sure = {}
    lives: dict[str, list[StreamStatus]] = defaultdict(list)
    for life in store.status():
        lives[life.device].append(life)
    for device, of in truth.items():
        rows = list(store.readings(device, 0, 1 << 40))
        assert [(r.t, r.values["f1"]) for r in rows] == of.heard
        assert all(-120 <= r.values["r1"] <= -60 for r in rows)
        assert len(lives[device]) == len(of.runs)
        missing = sum(life.missing for life in lives[device])
        # The frame that nobody understood is not missing, but those before it are.
        assert missing == of.lost() + (5000 - max(of.runs[0]) - 1 if device == "lw-1" else 0)
        told = report_intervals.of_devices(store.database, device)[device]
        assert {life.life: ((0, EVERY_S),) for life in lives[device]} == told
        samples = [FillSample(r.t, r.values["f1"], r.life, r.seq, r.boot) for r in rows]
        found = watch(samples, silences=Silences(told))
        times = [t for t, _ in of.heard]
        pairs = list(itertools.pairwise(times))
        covered = sum(b - a for a, b in pairs if b - a <= LONGEST_S)
        assert sum(b - a for a, b in found.covered) == covered
        # Each emptying once and no other; sure, unless frames are missing right at it.
        emptyings = sorted(found.emptyings, key=lambda e: e.t)
        before = [max(x for x in times if x < t) for t in of.emptied if t <= times[-1]]
        assert [e.t for e in emptyings] == before
        for e in emptyings:
            i = times.index(e.t)
            is_torn = any(y - x > LONGEST_S for x, y in pairs[max(i - 1, 0) : i + 2])
            assert is_torn or (e.t_end, e.doubt) == (times[i + 1], ""), e
        days_sure[device] = sum(not e.doubt for e in emptyings)
    _check_report(store, truth, days_sure)


def _check_report(store: Store, truth: dict[str, Truth], sure: dict[str, int]) -> None:
    """The days of the report have these emptyings, with an estimate and nothing weighed."""
    folder = Path(str(store.where)).parent / "registry"
    known = registry_of.load(folder)
    first = date_of(local_day(min(of.heard[0][0] for of in truth.values())))
    days = (date_of(local_day(int(time.time()))) - first).days + 1
    dates = [first + dt.timedelta(n) for n in range(days)]
    rolled = [rollup.roll(store, known, date, densities=density.load(folder)) for date in dates]
    rows = [row for day in rolled for row in day.rows]
    assert sum(row.estimated_collections for row in rows) == sum(sure.values())
    assert sum(row.estimated_g for row in rows) > 0
    assert {(row.collected_g, row.covered_s) for row in rows} == {(0, 0)}


def test_the_things_stack_and_a_broker_of_the_boards_that_is_away(
    net: Broker, broker: Broker, tmp_path: Path
) -> None:
    registry(tmp_path / "registry")
    now = int(time.time())
    eui, _, sensor = SOLD["lw-2"]
    listen = f"127.0.0.1:{free_port()}"
    more = ["--server", "things-stack", "--network-username", "bins@ttn", "--listen", listen]
    topic = "v3/bins@ttn/devices/bin/up"
    with Bridge(tmp_path, net.address, broker.address, *more) as bridge:
        wait(lambda: "connected to" in bridge.log(), "no session")
        server = Client(net, "server")
        broker.kill()
        server.publish([(topic, things_stack(eui, 0, sensor(700), now - EVERY_S))])
        wait(lambda: "nothing is acknowledged" in bridge.log(), "nothing told")
        bridge.stop(signal.SIGKILL)
        bridge.start()
        broker.start()
        people = Client(broker, "people", "qingyun/#")
        place = "qingyun/1/lw/lw-2/"
        wait(lambda: place + "reading" in people.heard, "nothing came")
        reading = json.loads(people.heard[place + "reading"])
        birth = json.loads(people.heard[place + "birth"])
        assert (reading["seq"], reading["t"], reading["f1"]) == (0, now - EVERY_S, 0.5)
        assert (birth["every_s"], birth["life"]) == (EVERY_S, reading["life"])
        # Another session is another life; what no sensor has measured is no fill.
        joined = things_stack(eui, 0, sensor(0), now, session="AXBSH1Pk6Z0G166RlH16CA==")
        server.publish([(topic, joined)])
        wait(lambda: json.loads(people.heard[place + "reading"])["t"] == now, "no second one")
        second = json.loads(people.heard[place + "reading"])
        assert second["q"] == {"f1": "fault"} and "f1" not in second
        assert second["life"] != reading["life"]
        told = {
            'qingyun_lorawan_frames_total{result="taken"} 1.0',
            'qingyun_lorawan_frames_total{result="repeated"} 1.0',
            'qingyun_lorawan_sensors{state="reporting"} 1.0',
            'qingyun_lorawan_sensors{state="never heard"} 3.0',
            'qingyun_lorawan_battery_volts{device="lw-2"} 3.385',
            "qingyun_lorawan_connected 1.0",
        }

        def all_told() -> bool:  # "connected" too: it may be between two sessions just now
            with urllib.request.urlopen(f"http://{listen}/metrics", timeout=30) as answer:
                return told <= set(answer.read().decode().splitlines())

        wait(all_told, "not all is told")
        server.close()
        people.close()
