"""A database as `make demo` leaves it, in seconds: the demo's day without its boards.

The same generated day at the same sites, told as boards tell it, over a real broker into
`qingyun ingest`; only the sensors and the firmware are left out."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from broker import Broker
from demo import CONFIGS, REGISTRY, configure, generate
from host_job import Ingester
from paho.mqtt.enums import CallbackAPIVersion

DATE = dt.date(2026, 3, 3)
EVERY_S, AT_REST_S, STEP_KG = 300, 6, 0.2  # as the firmware: firmware/logger.py
EMPTY_MM, FULL_MM = 1000, 200
_EACH = 50  # readings in a message


def make(out: Path) -> None:
    """Into an empty folder, as build/demo: qingyun.db, qingyun.toml, traces and truth."""
    generate(DATE, 1, out)
    configure(out)
    total = 0
    with Broker(out / "broker") as broker:
        with Ingester(out / "qingyun.db", REGISTRY, broker.address) as ingester:
            ingester.wait_subscribed()
            client = paho.Client(CallbackAPIVersion.VERSION2, "boards")
            client.max_inflight_messages_set(1000)
            client.connect(broker.host, broker.port)
            client.loop_start()
            for n, file in enumerate(sorted(CONFIGS.glob("*.json"))):
                config = json.loads(file.read_text())
                life = f"{n:08x}"
                made = list(readings(config, out / f"{file.stem}.csv", life))
                topic = f"qingyun/1/{config['site']}/{config['device']}"
                client.publish(f"{topic}/birth", json.dumps(birth(config, life)), 1)
                for first in range(0, len(made), _EACH):
                    part = json.dumps(made[first : first + _EACH])
                    client.publish(f"{topic}/reading", part, 1)
                total += len(made)
            assert ingester.wait_for(total), ingester.stats()
            client.disconnect()
            client.loop_stop()


def birth(config: dict[str, Any], life: str) -> dict[str, Any]:
    """By what each platform weighs, from its first reading on."""
    channels = {}
    for ch in config["channels"]:
        if ch["kind"] == "weight":
            by = ch["calibration"]
            told = {key: by[key] for key in ("zero", "counts_per_kg")}
            told |= {"calibration": by["id"], "calibrated": by["date"], "since": 0}
            channels[ch["id"]] = {"kind": "weight", "unit": "kg"} | told
    return {"life": life, "boot": 1, "up": 4, "first": 0, "version": "0.1.0", "channels": channels}


def readings(config: dict[str, Any], trace: Path, life: str) -> Iterator[dict[str, Any]]:
    """Before each step of a weight a reading marked moving, after it one at rest; else one
    every five minutes."""
    told = {ch["id"]: ch["kind"] for ch in config["channels"]}
    with trace.open(newline="") as file:
        rows = [(float(r["t"]), r["channel"], float(r["value"])) for r in csv.DictReader(file)]
    now: dict[str, float] = {name: 0 for name, kind in told.items() if kind == "contact"}
    seq = itertools.count()

    def reading(t: float, **more: Any) -> dict[str, Any]:
        n = next(seq)
        noise = 0.01 * (n % 2)  # a live scale is never still
        told = {k: round(v + noise * (k[0] == "w"), 3) for k, v in now.items()}
        return {"life": life, "seq": n, "boot": 1, "t": round(t)} | told | more

    last = rows[0][0]
    moving: dict[str, float] = {}  # channel → when it will be at rest
    for t, channel, value in rows:
        for name, at in sorted(moving.items(), key=lambda x: x[1]):
            if at < t:
                yield reading(at)
                last = at
                del moving[name]
        while t - last > EVERY_S:
            last += EVERY_S
            yield reading(last)
        kind = told.get(channel)
        if kind == "weight":
            step = abs(value - now.get(channel, value)) >= STEP_KG
            if step and channel not in moving:
                yield reading(t, q={channel: "moving"})
                last = t
            if step or channel in moving:
                moving[channel] = t + AT_REST_S
        if kind == "fill":
            now[channel] = min(max((EMPTY_MM - value) / (EMPTY_MM - FULL_MM), 0.0), 1.0)
        elif kind is not None:
            now[channel] = value
