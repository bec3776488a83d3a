"""`qingyun alarms update` at collection points: readings of a store, a real broker, booked days."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from broker import Broker
from drums import DrumBoard
from host_job import qingyun
from paho.mqtt.enums import CallbackAPIVersion
from sim_board import ROOT

from host import registry
from host.alarms import alarm_log, rules
from host.common.local_days import LOCAL
from host.hazard import sections
from host.points import site_days
from host.points.update import Watch
from host.rollup.day_figures import update_figures
from host.store import Store

DAY, HOUR = 86_400, 3600
START = int(dt.datetime(2026, 3, 1, tzinfo=LOCAL).timestamp())
BOARD, SITE, WET = "qy-fs01", "fs-01", "fs-01-2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "registry"
    shutil.copytree(ROOT / "registry", made)
    return made


def board() -> DrumBoard:
    """Its bins of food and residual waste, half full of nothing."""
    values = {"w1": 12_400, "w2": 13_100, "f1": 100, "f2": 100}
    made = DrumBoard(BOARD, SITE, START, values)
    made._say()
    return made


def emptied(made: DrumBoard, t: int) -> None:
    """The bin of food waste is lifted, and comes back empty."""
    grams = made.values["w2"]
    made.step(t, "w2", -grams).step(t + 120, "w2", 13_100)


def test_days_are_read_as_they_are_booked(store: Store, folder: Path) -> None:
    """Emptied on the first day, not on the two after it, at a real rollup; the alarm comes when
    the second of them is booked, and is cleared by the next emptying that is."""
    made, known = board(), registry.load(folder)
    for hour in (7.5, 31.5, 55.5):
        made.step(START + int(hour * HOUR), "w2", 9_000)
        if hour < 24:
            emptied(made, START + 10 * HOUR)
            made.step(START + 11 * HOUR, "w2", 3_000)
    made.until(START + 3 * DAY + HOUR).store(store)
    limits = [r for r in rules.load(folder, {}) if r.kind == "uncollected"]
    watch = Watch(known, limits)

    def told(now: int) -> list[tuple[str, str]]:
        watch.read(store, now)
        rows = alarm_log.record(store, watch.findings(now), now, places=watch.places)
        return [(r.what, r.body.subject) for r in rows]

    now = START + 3 * DAY + 600
    update_figures(store, known, dt.date(2026, 3, 2), now=now)
    assert told(now) == []
    update_figures(store, known, dt.date(2026, 3, 3), now=now)
    days = site_days.read(store, known, dt.date(2026, 3, 4))[SITE]
    assert days.emptied == {WET: dt.date(2026, 3, 1)} and days.booked == dt.date(2026, 3, 3)
    assert told(now + 60) == [("raised", WET)]
    emptied(made, START + 3 * DAY + 10 * HOUR)
    made.until(START + 4 * DAY + HOUR).store(store)
    update_figures(store, known, dt.date(2026, 3, 4), now=made.t)
    assert told(made.t) == [("cleared", WET)]


def test_what_is_stored_and_what_boards_say(folder: Path, tmp_path: Path, broker: Broker) -> None:
    """Offline by the store, safe mode and queue by retained messages; each change is published."""
    db = tmp_path / "q.db"
    store = Store(db, create=True)
    made = board().until(START + HOUR)
    made.store(store)
    store.close()
    heard: list[tuple[str, bytes]] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, "listener")
    client.on_message = lambda _c, _d, m: heard.append((m.topic, bytes(m.payload)))
    client.connect(broker.host, broker.port)
    client.subscribe("qingyun/1/+/event", qos=1)
    client.loop_start()
    state = {"t": made.t, "w1": 12.4, "queue": 812, "clock": "ntp"}
    for topic, payload in (("status", "safe"), ("state", json.dumps(state))):
        name = f"qingyun/1/{SITE}/{BOARD}/{topic}"
        client.publish(name, payload, qos=1, retain=True).wait_for_publish(10)
    at = dt.datetime.fromtimestamp(made.t + 700, LOCAL).strftime("%Y-%m-%d %H:%M")
    args = ("alarms", "update", "--db", db, "--registry", folder, "--now", at)
    said = qingyun(*args, "--publish", broker.address)
    assert said.returncode == 1, said.stderr
    client.loop_stop()
    store = Store(db)
    rows = alarm_log.read(store)
    exported = sections.of(store)["alarms"](dt.datetime.fromtimestamp(made.t, LOCAL).date())
    store.close()
    assert {a["store"] for a in exported} == {"hw-01-a"}  # the export has alarms of stores alone
    mine = {r.body.rule: r.body for r in rows if r.body.site == SITE}
    assert {"offline", "queue-500"} <= set(mine), said.stdout
    assert mine["offline"].since == made.t and mine["offline"].action == "到现场看电源和网络"
    assert mine["queue-500"].value == 812
    published = [json.loads(p) for t, p in heard if t == f"qingyun/1/{SITE}/event"]
    assert {m["rule"] for m in published} == set(mine)
    assert all("store" not in m for m in published)
    shown = qingyun("alarms", "show", "--db", db, "--registry", folder, "--site", SITE)
    assert shown.returncode == 1 and "queue-500" in shown.stdout and "hw-01" not in shown.stdout
    wrong = qingyun("alarms", "show", "--db", db, "--registry", folder, "--site", "fs-9")
    assert wrong.returncode == 2 and "--site: expected fs-01 jt-01" in wrong.stderr
    traced = qingyun("trace", f"alarm:{rows[0].alarm}", "--db", db, "--registry", folder)
    assert traced.returncode == 0, traced.stderr


def test_a_board_silent_since_before_the_watch_began(store: Store, folder: Path) -> None:
    """Its last reading is older than what the watch reads when it begins: it is offline since
    then, and was heard."""
    made = board().until(START + HOUR)
    made.store(store)
    limits = [r for r in rules.load(folder, {}) if r.kind in ("offline", "unheard")]
    watch, now = Watch(registry.load(folder), limits), START + 5 * DAY
    watch.read(store, now)
    raised = alarm_log.record(store, watch.findings(now), now, places=watch.places)
    mine = [(r.body.rule, r.body.since) for r in raised if r.body.site == SITE]
    assert mine == [("offline", made.t)]
