"""Platforms on another converter than an HX711, from the cell `line` of fleet.csv:
`converter=nau7802 i2c=0 scl=22 sda=21`."""

from __future__ import annotations

from typing import Any

from .lines import Cell
from .pins import Pins, Used
from .sheet import PINS, Row

_KEYS = ("converter", "i2c", "scl", "sda", "sps")
_CONVERTERS = ("nau7802",)


def channel(row: Row, pins: Pins, used: Used, before: dict[str, str]) -> dict[str, Any]:
    """The converter of a platform as in config.json; mistakes go to the sheet. before: bus → the
    channel on it; this one is added."""
    row.nothing(PINS, "beside a line: its pins stand in it")
    cell = Cell(row)
    cell.known(_KEYS)
    bus = cell.one_of("i2c", ("0", "1"), "0")
    made: dict[str, Any] = {"converter": cell.one_of("converter", _CONVERTERS), "i2c": int(bus)}
    if before.setdefault(bus, row["channel"]) != row["channel"]:
        text = f"another bus than that of {before[bus]}: every NAU7802 has the address 0x2A"
        cell.fail(f"i2c= {text}")
    for key in ("scl", "sda"):
        if key in cell.values:
            made[key] = pins.one(row, "line", key, cell.values[key], used)
        else:
            cell.fail(f"{key}= a pin")
    made["sps"] = int(cell.one_of("sps", ("10", "20", "40", "80"), "10"))
    return made
