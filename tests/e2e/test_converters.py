"""A board whose platform hangs on a NAU7802: what households and the truck did is booked, a supply
that falls for a moment costs a gap that is told and no kilogram."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from broker import Broker
from host_job import Ingester
from simple_site import HEADER, SCALE, Row, SimpleSite

from host import registry, rollup
from host.events import Kind
from host.store import Store, hazard

DATE = dt.date(2026, 3, 3)
NAU = {k: v for k, v in SCALE.items() if k not in ("dout", "sck")}
NAU |= {"converter": "nau7802", "i2c": 0, "scl": 22, "sda": 21}


def test_a_converter_on_a_bus_weighs_as_one_at_pins(broker: Broker, tmp_path: Path) -> None:
    site = SimpleSite(tmp_path)
    row = "fs,hw-09,qy-hw09,w1,,干垃圾,240,13.1,wheelie,150,0.05\n"
    (tmp_path / "bins.csv").write_text(f"{HEADER}\n{row}", encoding="utf-8")
    site.configure([NAU])
    trace: list[Row] = [(0, "w1", 33.1), (60, "w1", 38.1)]  # a bag of 5 kg
    trace += [(120, "w1.on", 0), (120.4, "w1.on", 1)]  # its supply falls
    trace += [(200, "w1", 0.0), (230, "w1", 13.1)]  # emptied: 25 kg
    trace += [(300, "w1.on", 0), (320, "w1.on", 1), (400, "w1", 13.1)]
    site.trace(trace)
    with Ingester(site.db, tmp_path, broker.address) as ingester:
        ingester.wait_subscribed()
        report = site.run(site.board(broker.address))
        ingester.wait_for(report["published"])
    store = Store(site.db)
    known = registry.load(tmp_path)
    ((_, events),) = rollup.events(store, known, DATE)
    booked = [(e.kind, round(e.grams, -1)) for e in events]
    assert booked == [(Kind.DEPOSIT, 5000), (Kind.COLLECTION, 25000)]
    readings = list(store.readings("qy-hw09", 0, 1 << 40))
    assert "not_ready" in {r.q.get("w1") for r in readings}
    weighed = {round(r.values["w1"], -2) for r in readings if "w1" in r.values}
    assert weighed <= {33100, 38100, 0, 13100}, weighed
    born = hazard.birth(store, "qy-hw09", readings[-1].life, readings[-1].boot)
    assert born and json.loads(born[1])["channels"]["w1"]["converter"] == "nau7802"
    store.close()
