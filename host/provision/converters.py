"""Platforms on another converter than an HX711 at 10 conversions a second, from the cell `line`
of fleet.csv: `converter=nau7802 i2c=0 scl=22 sda=21`, `converter=ads1232 pdwn=13`."""

from __future__ import annotations

from typing import Any

from .lines import Cell
from .pins import Pins, Used
from .sheet import PINS, Row

_RATES = {
    "nau7802": ("10", "20", "40", "80"),
    "hx711": ("10", "80"),
    "hx717": ("10", "20", "80", "320"),
    "ads1232": ("10",),
    "cs1237": ("10",),
}
_GAINS = {"hx717": ("128", "64"), "cs1237": ("128",)}
_MORE = {"nau7802": ("i2c", "scl", "sda"), "ads1232": ("pdwn",)}


def channel(row: Row, pins: Pins, used: Used, before: dict[str, str]) -> dict[str, Any]:
    """The converter of a platform as in config.json, and where it hangs; mistakes go to the sheet.
    before: bus → the channel on it; this one is added."""
    cell = Cell(row)
    name = cell.one_of("converter", tuple(_RATES))
    cell.known(("converter", *_MORE.get(name, ()), "sps"))
    made: dict[str, Any] = {"converter": name}
    made["sps"] = int(cell.one_of("sps", _RATES[name], "10"))
    if name == "nau7802":
        row.nothing(PINS, "beside scl and sda: its pins stand in line")
        return made | _bus(row, cell, pins, used, before)
    gains = _GAINS.get(name)
    if gains and row["gain"] and row["gain"] not in gains:
        row.fail("gain", f"{' or '.join(gains)} for a {name}")
    made |= pins.of(row, row["channel"], "weight", used)
    if name == "ads1232":
        made |= _pins(("pdwn",), row, cell, pins, used)
    return made


def _pins(keys: tuple[str, ...], row: Row, cell: Cell, pins: Pins, used: Used) -> dict[str, int]:
    made = {}
    for key in keys:
        if key in cell.values:
            made[key] = pins.one(row, "line", key, cell.values[key], used)
        else:
            cell.fail(f"{key}= a pin")
    return made


def _bus(row: Row, cell: Cell, pins: Pins, used: Used, before: dict[str, str]) -> dict[str, int]:
    bus = cell.one_of("i2c", pins.buses, "0")
    made = {"i2c": int(bus)}
    if before.setdefault(bus, row["channel"]) != row["channel"]:
        text = f"another bus than that of {before[bus]}: every NAU7802 has the address 0x2A"
        cell.fail(f"i2c= {text}")
    return made | _pins(("scl", "sda"), row, cell, pins, used)
