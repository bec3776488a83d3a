"""Fill channels with another sensor than one at trigger and echo, from the cell `line` of
fleet.csv: `sensor=a02yyuw uart=1 tx=25 rx=34`, `sensor=jsn-sr04t uart=2 tx=17 rx=16 ask=yes`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .lines import Cell, Line
from .pins import Pins, Used
from .sheet import PINS, Row


@dataclass(frozen=True)
class Sensor:
    """What it can see, in mm, and the keys of its own."""

    reach: int
    blind: int
    keys: tuple[str, ...] = ()


AT_PINS = Sensor(8001, 200)
SENSORS = {"a02yyuw": Sensor(4500, 30), "jsn-sr04t": Sensor(6000, 200, ("ask",))}


def channel(row: Row, pins: Pins, used: Used, before: dict[str, Line]) -> dict[str, Any]:
    """The sensor of a channel as in config.json, and where it hangs; mistakes go to the sheet.
    before: uart → what is on it; this channel is added."""
    row.nothing(PINS, "beside line: its pins stand there")
    row.nothing(("temperature",), "with a sensor in line: it measures without a thermometer")
    cell = Cell(row)
    name = cell.one_of("sensor", tuple(SENSORS))
    cell.known(("sensor", "uart", "tx", "rx", *SENSORS[name].keys))
    uart = cell.one_of("uart", pins.uarts, pins.uarts[0])
    if uart in before:
        cell.fail(f"a line of its own: uart={uart} has a {before[uart].kind} channel")
    before.setdefault(uart, Line("fill"))
    made: dict[str, Any] = {"kind": "serial_fill", "sensor": name, "uart": int(uart)}
    for key in ("tx", "rx"):
        if key in cell.values:
            made[key] = pins.one(row, "line", key, cell.values[key], used)
        else:
            cell.fail(f"{key}= a pin")
    if "ask" in cell.values:
        made["ask"] = cell.one_of("ask", ("yes", "no")) == "yes"
    return made | geometry(row, SENSORS[name])


def geometry(row: Row, sensor: Sensor = AT_PINS) -> dict[str, int]:
    """How far the sensor is from the bottom and from the waste of a full bin, mm."""
    empty = row.whole("empty_mm", 50, sensor.reach - 1)
    full = row.whole("full_mm", 0, empty - 1)
    blind = row.whole("blind_mm", 0, 1000, sensor.blind)
    return {"empty_mm": empty, "full_mm": full, "blind_mm": blind}
