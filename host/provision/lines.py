"""Channels on a serial line, from the cell `line` of fleet.csv: key=value with blanks between.

What a transmitter's registers mean is a row of transmitters.csv; a board gets the rows of its
own channels only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ..common import csv_file
from ..common.errors import UserError
from .pins import Pins, Used
from .sheet import Row

_BAUDS = ("600", "1200", "2400", "4800", "9600", "19200", "38400", "57600", "115200")
_LINE = ("uart", "tx", "rx", "de", "baud", "frame")
_KEYS = {
    "modbus": (*_LINE, "unit_id", "profile", "digit_g", "at", "reply_ms"),
    "indicator": (*_LINE, "format", "unit", "address", "checksum", "ask"),
}
KINDS = tuple(_KEYS)
_FORMATS = {
    "xk3190": ("unit", "address"),
    "toledo": ("checksum",),
    "stgs": ("ask",),
    "a12": (),
    "reversed": ("unit",),
}
_NUMBERS = ("fc", "at", "n", "w", "s", "on", "still", "motion", "over", "bad", "minus", "net")
_FRAME = re.compile("[78][NEO][12]")
_SECRET = re.compile(r"((?:password|salt)=).*", re.DOTALL)  # one with a blank, too


@cache
def transmitters() -> dict[str, dict[str, str]]:
    """profile → its row."""
    file = csv_file.read(Path(__file__).with_name("transmitters.csv"), UserError)
    return {row["profile"]: row for _, row in file.rows(("profile", *_NUMBERS))}


@dataclass
class Line:
    """What is on a line so far: the kind of its first channel, and the units."""

    kind: str
    units: set[int] = field(default_factory=set)


def channel(row: Row, pins: Pins, used: Used, before: dict[str, Line]) -> dict[str, Any]:
    """The line of a channel as in config.json; mistakes go to the sheet. before: uart → what is on
    it; this channel is added."""
    cell = Cell(row)
    kind = row["kind"]
    cell.known(_KEYS[kind])
    uart = cell.one_of("uart", pins.uarts, pins.uarts[-1])
    made: dict[str, Any] = {"uart": int(uart)}
    if uart not in before:
        before[uart] = Line(kind)
        _wire(cell, made, pins, used)
    elif kind != "modbus" or before[uart].kind != "modbus":
        cell.fail(f"a line of its own: only modbus channels share uart={uart}")
    else:
        cell.nothing(("tx", "rx", "de", "baud", "frame"), f"on the line of uart={uart} again")
    made |= _modbus(cell, before[uart].units) if kind == "modbus" else _indicator(cell)
    return made


class Cell:
    """The cell `line` of a row, or a text of another one: its keys, each checked when it is asked
    for."""

    def __init__(self, row: Row, column: str = "line", text: str | None = None) -> None:
        self.row = row
        self.column = column
        self.text = row[column] if text is None else text
        parts = [part.partition("=") for part in self.text.split()]
        self.values = {key: value for key, _, value in parts}
        if not parts or not all(value for _, _, value in parts) or len(self.values) < len(parts):
            self.fail("key=value with blanks between, each key once")

    def fail(self, expected: str) -> None:
        self.row.fail(self.column, expected, repr(_SECRET.sub(r"\1…", self.text)))

    def known(self, keys: tuple[str, ...]) -> None:
        for key in self.values:
            if key not in keys:
                self.fail(f"one of {' '.join(keys)} before each =")

    def nothing(self, keys: tuple[str, ...], where: str) -> None:
        for key in keys:
            if key in self.values:
                self.fail(f"no {key} {where}")

    def one_of(self, key: str, allowed: tuple[str, ...], default: str = "") -> str:
        value = self.values.get(key, default)
        if value not in allowed:
            self.fail(f"{key}= one of {' '.join(allowed)}")
            return allowed[0]
        return value

    def whole(self, key: str, least: int, most: int, default: int | None = None) -> int:
        text = self.values.get(key, "" if default is None else str(default))
        if not re.fullmatch("[0-9]{1,6}", text) or not least <= int(text) <= most:
            self.fail(f"{key}= a whole number from {least} to {most}")
            return least
        return int(text)


def _wire(cell: Cell, made: dict[str, Any], pins: Pins, used: Used) -> None:
    for key in ("tx", "rx", "de"):
        if key in cell.values:
            made[key] = pins.one(cell.row, "line", key, cell.values[key], used)
        elif key != "de":
            cell.fail(f"{key}= a pin")
    made["baud"] = int(cell.one_of("baud", _BAUDS, _of_profile(cell, "baud", "9600")))
    made["frame"] = cell.values.get("frame", _of_profile(cell, "frame", "8N1"))
    if not _FRAME.fullmatch(made["frame"]):
        cell.fail("frame= bits, parity and stop bits, as 8N1 or 7E1")
    if "de" in made and made["baud"] < 4800:
        cell.fail("baud=4800 or more with a DE pin (slower: a converter that turns by itself)")


def _of_profile(cell: Cell, key: str, otherwise: str) -> str:
    return transmitters().get(cell.values.get("profile", ""), {}).get(key) or otherwise


def _modbus(cell: Cell, units: set[int]) -> dict[str, Any]:
    profile = transmitters()[cell.one_of("profile", tuple(transmitters()))]
    unit = cell.whole("unit_id", 1, 247, 1)
    if unit in units:
        cell.fail("unit_id= one not used before on this line")
    units.add(unit)
    mapped: dict[str, Any] = {k: int(profile[k]) for k in _NUMBERS if profile[k]}
    mapped["type"] = profile["type"]
    for key in ("low", "more"):
        if profile[key]:
            mapped[key] = True
    if "at" in cell.values:
        mapped["at"] = cell.whole("at", 0, 65535)
    mapped["g"] = cell.whole("digit_g", 1, 1000)
    _doubt_digit(cell.row, mapped["g"])
    made = {"unit_id": unit, "profile": profile["profile"], "map": mapped}
    if "reply_ms" in cell.values:
        made["reply_ms"] = cell.whole("reply_ms", 50, 600)
    return made


def _doubt_digit(row: Row, grams: int) -> None:
    """An instrument shows as many decimals as its division has, and that division is mostly e: with
    another digit every mass is ten times too large or too small."""
    e_kg = row["e_kg"]
    is_mass = re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", e_kg)
    e_g = round(1000 * float(e_kg)) if is_mass else 0
    if not e_g:
        return  # that column says so
    usual = 10 ** (len(str(e_g)) - 1)
    if grams != usual:
        row.warn(
            "line",
            f"digit_g={grams}: with e of {e_g} g one digit is mostly {usual} g; "
            "compare what instrument and board show",
        )


def _indicator(cell: Cell) -> dict[str, Any]:
    form = cell.one_of("format", tuple(_FORMATS))
    others = {k for keys in _FORMATS.values() for k in keys} - set(_FORMATS[form])
    cell.nothing(tuple(sorted(others)), f"for the format {form}")
    made: dict[str, Any] = {"format": form}
    if "unit" in _FORMATS[form]:
        made["unit"] = cell.one_of("unit", ("kg", "g", "t", "lb"), "kg")
    if "address" in cell.values:
        made["address"] = cell.one_of("address", tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    if form == "toledo":
        made["checksum"] = cell.one_of("checksum", ("yes", "no"), "no") == "yes"
    elif "ask" in cell.values:
        made["ask"] = cell.values["ask"].replace("\\r", "\r").replace("\\n", "\n")
    return made
