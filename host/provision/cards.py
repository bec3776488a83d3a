"""Readers of cards, from the cell `line` of fleet.csv: `uart=2 tx=17 rx=16 salt=…`."""

from __future__ import annotations

from typing import Any

from .lines import Cell, Line
from .pins import Pins, Used
from .sheet import PINS, Row

KIND = "card_reader"
_SHORTEST, _LONGEST = 16, 64  # characters of a salt


def channel(row: Row, pins: Pins, used: Used, on_lines: dict[str, Line]) -> dict[str, Any]:
    """Where a reader hangs as in config.json, and the salt of its ids; mistakes go to the sheet.
    on_lines: uart → what is on it; this channel is added."""
    row.nothing(PINS, "beside line: its pins stand there")
    cell = Cell(row)
    cell.known(("uart", "tx", "rx", "salt"))
    uart = cell.one_of("uart", pins.uarts, pins.uarts[-1])
    if uart in on_lines:
        cell.fail(f"a line of its own: uart={uart} has a {on_lines[uart].kind} channel")
    on_lines.setdefault(uart, Line(KIND))
    made: dict[str, Any] = {"uart": int(uart)}
    for key in ("tx", "rx"):
        if key in cell.values:
            made[key] = pins.one(row, "line", key, cell.values[key], used)
        else:
            cell.fail(f"{key}= a pin")
    made["salt"] = cell.values.get("salt", "")
    if not _SHORTEST <= len(made["salt"]) <= _LONGEST:
        cell.fail(f"salt= a secret of {_SHORTEST} to {_LONGEST} characters")
    return made
