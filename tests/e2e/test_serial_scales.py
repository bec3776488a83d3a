"""A quarter of an hour of a board with an indicator and a Modbus transmitter, keys pressed at
both: what households and the truck did is booked, what keys did is told and nothing else."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from broker import Broker
from host_job import Ingester
from simple_site import HEADER, SimpleSite

from host import registry, rollup
from host.events import Kind
from host.store import Store

DATE = dt.date(2026, 3, 3)
TARE, CLEAR, ZERO, UNIT = 1, 2, 3, 4
MAP = {"fc": 4, "at": 0, "n": 5, "w": 0, "type": "u32", "g": 10, "more": True, "s": 4}
MAP |= {"still": 4, "over": 0x18, "minus": 2, "net": 0x20}
INDICATOR = {"id": "w1", "kind": "indicator", "uart": 1, "tx": 25, "rx": 34, "max_kg": 150}
MODBUS = {"id": "w2", "kind": "modbus", "uart": 2, "tx": 17, "rx": 16, "de": 4, "map": MAP}
Rows = list[tuple[float, str, float]]


def moved(t: float, channel: str, kg: float, to: float) -> Rows:
    """A load that comes or goes within a second and a half."""
    return [(t + 0.1 * i, channel, kg + (to - kg) * i / 15) for i in range(16)]


@pytest.mark.parametrize(
    ("form", "bits"), [("xk3190", 64), ("toledo", 64), ("stgs", 32), ("reversed", 64)]
)
def test_keys_at_instruments_are_told_and_book_nothing(
    form: str, bits: int, needs_32_bits: None, broker: Broker, tmp_path: Path
) -> None:
    site = SimpleSite(tmp_path)
    row = "fs,hw-09,qy-hw09,w1,,干垃圾,240,13.1,wheelie,150,0.05\n"
    row += "dr,hw-09,qy-hw09,w2,,危险废物,0,0,platform,150,0.05\n"
    (tmp_path / "bins.csv").write_text(f"{HEADER}\n{row}", encoding="utf-8")
    site.configure([INDICATOR | {"format": form, "e_kg": 0.05}, MODBUS | {"e_kg": 0.05}])
    trace: Rows = [(0, "w1", 33.1), (0, "w2", 0.0)]
    trace += moved(60, "w1", 33.1, 38.1)  # a bag of 5 kg
    trace += [(150, "w1.key", TARE), (210, "w1.key", CLEAR)]
    trace += [(270, "w1.key", UNIT), (300, "w1.key", UNIT)]
    trace += moved(400, "w1", 38.1, 0.0) + moved(430, "w1", 0.0, 13.1)  # emptied: 25 kg
    trace += [*moved(40, "w2", 0.0, 3.0), (240, "w2.key", ZERO)]
    trace += moved(330, "w2", 3.0, 13.0) + moved(480, "w2", 13.0, 3.0)  # a drum of 10 kg
    trace += [(620, "w1", 13.1)]
    site.trace(trace)
    with Ingester(site.db, tmp_path, broker.address) as ingester:
        ingester.wait_subscribed()
        report = site.run(site.board(broker.address, bits=bits))
        ingester.wait_for(report["published"])
    store = Store(site.db)
    known = registry.load(tmp_path)
    booked = {
        bin_.bin: [(e.kind, round(e.grams, -1)) for e in events]
        for bin_, events in rollup.events(store, known, DATE)
    }
    day = rollup.roll(store, known, DATE)
    flags = {p.bin.bin: set(p.balance.flags) for p in day.platforms}
    assert booked["fs"] == [(Kind.DEPOSIT, 5000), (Kind.COLLECTION, 25000)]
    assert booked["dr"] == [
        (Kind.DEPOSIT, 3000),
        (Kind.UNATTRIBUTED, -3000),
        (Kind.DEPOSIT, 10000),
        (Kind.COLLECTION, 10000),
    ]
    assert {"tared", *(["unit"] if form in ("xk3190", "reversed") else [])} <= flags["fs"]
    assert "zeroed" in flags["dr"]
    store.close()
