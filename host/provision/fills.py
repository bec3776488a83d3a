"""Fill channels with another sensor than one at trigger and echo, from the cell `line` of
fleet.csv: `sensor=a02yyuw uart=1 tx=25 rx=34`, `sensor=jsn-sr04t uart=2 tx=17 rx=16 ask=yes`,
`sensor=4-20ma i2c=0 scl=22 sda=21`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .lines import Cell, Line
from .pins import Pins, Used
from .sheet import FILL, PINS, Row


@dataclass(frozen=True)
class Sensor:
    """What it can see, in mm, and the keys of its own."""

    reach: int
    blind: int
    keys: tuple[str, ...] = ()


AT_PINS = Sensor(8001, 200)
LOOP = "4-20ma"
# Keys of a loop: least, most, usual.
_LOOP = {
    **{"address": (72, 75, 72), "input": (0, 3, 0), "shunt_ohm": (50, 150, 100)},
    **{"empty_ma": (4, 20, 4), "full_ma": (4, 20, 20)},
}
SENSORS = {"a02yyuw": Sensor(4500, 30), "jsn-sr04t": Sensor(6000, 200, ("ask",))}


def channel(
    row: Row, pins: Pins, used: Used, on_lines: dict[str, Line], on_buses: dict[str, str]
) -> dict[str, Any]:
    """The sensor of a channel as in config.json, and where it hangs; mistakes go to the sheet.
    on_lines: uart → what is on it; on_buses: I2C bus → the first channel on it; this channel is
    added."""
    row.nothing(PINS, "beside line: its pins stand there")
    row.nothing(("temperature",), "with a sensor in line: it measures without a thermometer")
    cell = Cell(row)
    name = cell.one_of("sensor", (*SENSORS, LOOP))
    if name == LOOP:
        return _loop(cell, pins, used, on_buses)
    return _serial(cell, name, pins, used, on_lines)


def _serial(
    cell: Cell, name: str, pins: Pins, used: Used, before: dict[str, Line]
) -> dict[str, Any]:
    row = cell.row
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


def _loop(cell: Cell, pins: Pins, used: Used, before: dict[str, str]) -> dict[str, Any]:
    """A current loop: four on a chip, four chips on a bus, which the first of them gives pins."""
    row = cell.row
    row.nothing(FILL, "for a current: empty_ma= and full_ma= in line")
    cell.known(("sensor", "i2c", "scl", "sda", *_LOOP))
    bus = cell.one_of("i2c", pins.buses, "0")
    made: dict[str, Any] = {"kind": "loop_fill", "converter": "ads1115", "i2c": int(bus)}
    for key, (least, most, usual) in _LOOP.items():
        made[key] = cell.whole(key, least, most, usual)
    if abs(made["empty_ma"] - made["full_ma"]) < 1:
        cell.fail("full_ma= another current than empty_ma=")
    first = before.setdefault(bus, row["channel"])
    if first.startswith("w"):
        cell.fail(f"i2c= a bus without a platform, as {first} is")
    there = f"{bus} {made['address']} {made['input']}"
    if before.setdefault(there, row["channel"]) != row["channel"]:
        cell.fail(f"input= one not used before at address={made['address']}")
    if first != row["channel"]:
        cell.nothing(("scl", "sda"), f"on the bus i2c={bus} again")
        return made
    for key in ("scl", "sda"):
        if key in cell.values:
            made[key] = pins.one(row, "line", key, cell.values[key], used)
        else:
            cell.fail(f"{key}= a pin")
    return made


def geometry(row: Row, sensor: Sensor = AT_PINS) -> dict[str, int]:
    """How far the sensor is from the bottom and from the waste of a full bin, mm."""
    empty = row.whole("empty_mm", 50, sensor.reach - 1)
    full = row.whole("full_mm", 0, empty - 1)
    blind = row.whole("blind_mm", 0, 1000, sensor.blind)
    return {"empty_mm": empty, "full_mm": full, "blind_mm": blind}
