"""A board with both ultrasonic sensors on serial lines: what it tells of bins, of a cut cable and
without an echo; one on batteries; and one with current loops."""

from __future__ import annotations

from pathlib import Path

import stored
from broker import Broker
from host_job import Ingester
from played import wait_stored
from simple_site import MIDNIGHT, SimpleSite

BIN = {"kind": "serial_fill", "empty_mm": 1000, "full_mm": 200}
A02 = BIN | {"id": "f1", "sensor": "a02yyuw", "uart": 1, "tx": 25, "rx": 34}
JSN = BIN | {"id": "f2", "sensor": "jsn-sr04t", "uart": 2, "tx": 17, "rx": 16, "ask": True}
HOUR = 3600.0


def test_fill_by_serial_sensors_and_what_they_cannot_see(broker: Broker, tmp_path: Path) -> None:
    site = SimpleSite(tmp_path)
    site.configure([A02, JSN], report={"every_s": 30})
    rows = [(0.0, "f1", 1000.0), (0.0, "f2", 600.0), (100.0, "f1", 400.0), (100.0, "f2", 150.0)]
    rows += [(200.0, "f1.on", 0.0), (300.0, "f1.on", 1.0), (300.0, "f2", 840.0)]
    site.trace([*rows, (400.0, "f1", 400.0)])
    with Ingester(site.db, tmp_path, broker.address) as ingester:
        ingester.wait_subscribed()
        report = site.run(site.board(broker.address))
        wait_stored(site.db, report["published"])
    found = [(r.t - MIDNIGHT, r.values, r.q) for _, r in stored.readings(site.db) if r.t]
    for t, values, q in found:
        if 203 < t < 300:
            assert "f1" not in values and q["f1"] == "not_ready", (t, values, q)
        elif not 99 < t < 165:  # a change counts when two measurements agree, 30 s apart
            assert values["f1"] == (0 if t < 100 else 750), (t, values, q)
        if 103 < t < 300:
            assert "f2" not in values and q["f2"] == "blind", (t, values, q)
        elif t < 100 or t > 301:
            assert values["f2"] == (500 if t < 100 else 200), (t, values, q)
    assert len(found) >= 12


def test_on_batteries(broker: Broker, tmp_path: Path) -> None:
    site = SimpleSite(tmp_path)
    power = {"mode": "cycle", "wake_s": 900, "send_every": 1}
    site.configure([A02, JSN], power=power)
    site.trace([(0.0, "f1", 600.0), (0.0, "f2", 800.0), (1.5 * HOUR, "f2.on", 0.0)])
    with Ingester(site.db, tmp_path, broker.address) as ingester:
        ingester.wait_subscribed()
        report = site.run(site.board(broker.address, until=MIDNIGHT + 3 * 3600))
        wait_stored(site.db, report["published"])
    found = [(r.t - MIDNIGHT, r.values, r.q) for _, r in stored.readings(site.db) if r.t]
    assert len(found) >= 11
    for t, values, q in found:
        assert values["f1"] == 500, (t, values, q)
        if t < 1.5 * HOUR:
            assert values["f2"] == 250 and not q, (t, values, q)
        else:
            assert "f2" not in values and q == {"f2": "not_ready"}, (t, values, q)


def test_levels_on_current_loops(broker: Broker, tmp_path: Path) -> None:
    site = SimpleSite(tmp_path)
    loop = {"id": "f1", "kind": "loop_fill", "scl": 22, "sda": 21}
    other = {"id": "f2", "kind": "loop_fill", "input": 1, "empty_ma": 20, "full_ma": 4}
    site.configure([loop, other], report={"every_s": 30})
    rows = [(0.0, "f1", 12.0), (0.0, "f2", 16.0), (100.0, "f1", 0.0), (200.0, "f1", 20.0)]
    site.trace([*rows, (100.0, "f2", 21.5), (300.0, "f2", 21.5)])
    with Ingester(site.db, tmp_path, broker.address) as ingester:
        ingester.wait_subscribed()
        report = site.run(site.board(broker.address))
        wait_stored(site.db, report["published"])
    found = [(r.t - MIDNIGHT, r.values, r.q) for _, r in stored.readings(site.db) if r.t]
    for t, values, q in found:
        if t < 100 or t > 235:
            assert values["f1"] == (500 if t < 100 else 1000), (t, values, q)
        elif 135 < t < 200:
            assert "f1" not in values and q["f1"] == "not_ready", (t, values, q)
        if t < 100:
            assert values["f2"] == 250 and not q, (t, values, q)
        elif t > 135:
            assert "f2" not in values and q["f2"] == "saturated", (t, values, q)
    assert len(found) >= 9
