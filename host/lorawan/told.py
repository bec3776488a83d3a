"""What the bridge publishes of a frame: as a board would (docs/asyncapi.yaml)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ..readings.messages import LIMITS
from .frames import Named
from .memory import Remembered
from .payloads import RANGE, Measured
from .sensors import CHANNEL, Sensor
from .uplinks import Uplink

UNITS = {"f": ("fill", "ratio"), "c": ("temperature", "degC"), "b": ("battery", "%"),
         "v": ("voltage", "V"), "r": ("signal", "dBm"), "s": ("snr", "dB")}  # fmt: skip
Body = dict[str, Any]


def topic(sensor: Sensor, what: str) -> str:
    return f"qingyun/1/{sensor.site}/{sensor.device}/{what}"


def text(body: Body) -> str:
    """As it is published."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def values(sensor: Sensor, uplink: Uplink, m: Measured) -> tuple[dict[str, float], dict[str, str]]:
    """Channel → value, and channel → why it has none. A value that no sensor can measure is left
    out; a frame without a measurement says nothing of the fill."""
    found: dict[str, float | None] = {}
    why = m.why
    if m.mm is not None and sensor.is_too_far(m.mm):
        why = RANGE
    elif m.mm is not None:
        found[CHANNEL] = sensor.permille(m.mm) / 1000
    found["c1"] = None if m.centi_c is None else m.centi_c / 100
    found["b1"] = m.percent
    found["v1"] = None if m.mv is None else m.mv / 1000
    best = uplink.best()
    found["r1"] = best.rssi if best else None
    found["s1"] = None if best is None or best.snr is None else round(best.snr, 1)
    good = {k: v for k, v in found.items() if v is not None and _is_possible(k, v)}
    q = {CHANNEL: why} if why else {}
    return good, q if good or q else {CHANNEL: "no_data"}


def _is_possible(channel: str, value: float) -> bool:
    _, low, high = LIMITS[channel]
    return low <= value <= high


def reading(named: Named, good: dict[str, float], q: dict[str, str]) -> Body:
    return {**_head(named), **good, **({"q": q} if q else {})}


def refused(named: Named, uplink: Uplink, why: str) -> Body:
    """A frame whose bytes are not understood: it counts, and goes into quarantine."""
    frame = {"port": uplink.port, "data": uplink.data.hex()}
    return {**_head(named), "refused": why[:200], **frame}


def _head(named: Named) -> Body:
    return {"life": named.life.name, "seq": named.seq, "boot": 0, "t": named.t}


def state(remembered: Remembered, t: int, q: dict[str, str]) -> Body:
    """The latest value of each channel; of one that has none now, why."""
    shown = {k: v for k, v in remembered.values.items() if k not in q}
    return {"t": t, **shown, **({"q": q} if q else {})}


def birth(sensor: Sensor, named: Named) -> Body:
    """What the sensor is. It names every channel that one may have."""
    life = named.life
    return {
        "fw": "lorawan",
        "model": sensor.name,
        "dev_eui": sensor.dev_eui,
        "life": life.name,
        "boot": 0,
        "up": max(named.t - life.begun, 0),
        "t": life.begun if named.begins or named.repeated else named.t,
        "first": 0,
        "counter": life.base,
        "every_s": sensor.every_s,
        "channels": {f"{k}1": {"kind": kind, "unit": unit} for k, (kind, unit) in UNITS.items()},
    }


def digest(body: Body) -> str:
    """Of what in a birth is told again when it changes."""
    lasting = {k: v for k, v in body.items() if k not in ("t", "up")}
    return hashlib.sha256(text(lasting).encode()).hexdigest()[:16]
