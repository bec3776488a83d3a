"""Pins of a board and their abilities, from boards/<board>/pins.json."""

from __future__ import annotations

import json
from typing import Any

from ..common import project
from .sheet import PINS, Row

BOARDS = project.ROOT / "boards"
OF_KIND = {
    "weight": ("dout", "sck"),
    "fill": ("trig", "echo"),
    "temperature": ("pin",),
    "contact": ("pin",),
}
# What a signal needs of its pin; those of a column `pin` stand under their kind.
_NEEDS: dict[str, tuple[str, ...]] = {
    **{"dout": ("in",), "sck": ("out",), "trig": ("out",), "echo": ("in",), "pdwn": ("out",)},
    **{"temperature": ("in", "out"), "contact": ("in", "pull")},
    **{"mdc": ("out",), "mdio": ("in", "out"), "power": ("out",), "key": ("out",)},
    **{"mosi": ("out",), "miso": ("in",), "cs": ("out",), "int": ("in",)},
    **{"tx": ("out",), "rx": ("in",), "de": ("out",), "scl": ("in", "out"), "sda": ("in", "out")},
}
ESP32 = "esp32"  # the board of a sheet that names none
_WORDS = {"in": "be an input", "out": "be an output", "pull": "pull up by itself"}
Used = dict[int, tuple[str, str]]  # pin → kind of channel, and its place in the sheet


class Pins:
    """The pin table of one board: its pins, and the numbers of the UARTs, I2C and SPI buses that
    are free (the first UART is the console). emac: pins of the chip's own Ethernet, or None."""

    def __init__(self, name: str = ESP32) -> None:
        path = BOARDS / name / "pins.json"
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self.name = name
        self.board: str = table["board"]
        self.uarts: tuple[str, ...] = tuple(map(str, table["uarts"]))
        self.buses: tuple[str, ...] = tuple(map(str, table["i2c"]))
        self.spis: tuple[str, ...] = tuple(map(str, table["spi"]))
        self.emac: dict[str, list[int]] | None = table.get("emac")
        self.pins: dict[str, dict[str, Any]] = table["pins"]
        self.standard: dict[str, dict[str, int]] = table["standard"]

    def of(self, row: Row, channel: str, kind: str, used: Used) -> dict[str, int]:
        """The pins of a channel: those of the row, or the board's standard ones."""
        wanted = OF_KIND[kind]
        row.nothing([c for c in PINS if c not in wanted], f"on a {kind} channel")
        standard = not any(row[c] for c in wanted)
        if standard and not set(wanted) <= self.standard.get(channel, {}).keys():
            row.fail(wanted[0], f"a pin ({' '.join(self.standard)} have one of their own)")
            return {}
        pins = {}
        for column in wanted:
            text = str(self.standard[channel][column]) if standard else row[column]
            pins[column] = self._check(row, column, kind, text, standard)
            if pins[column] >= 0:
                _use(row, column, (kind, f"line {row.line}, {channel} {column}"), pins, used)
        return pins

    def one(self, row: Row, column: str, need: str, text: str, used: Used) -> int:
        """One pin for a line, checked as the others; -1 after a mistake."""
        found = {need: self._check(row, column, need, text, False)}
        if found[need] >= 0:
            before = used.setdefault(found[need], ("line", f"line {row.line}, {need}"))
            if before != ("line", f"line {row.line}, {need}"):
                expected = "a pin not used before"
                row.fail(column, expected, f"{need}={found[need]}, as in {before[1]}")
        return found[need]

    def _check(self, row: Row, column: str, kind: str, text: str, standard: bool) -> int:
        """The pin's number, or -1 after a mistake."""
        if not text.isascii() or not text.isdigit():
            row.fail(column, "the number of a pin")
            return -1
        pin = self.pins.get(str(int(text)))
        if pin is None:
            row.fail(column, f"a pin of the {self.board}", f"{text}, which does not exist")
            return -1
        if "refused" in pin:
            row.fail(column, "a pin that is free", f"{text}: {pin['refused']}")
            return -1
        need = _NEEDS[column if column in _NEEDS else kind]
        for ability in need:
            if ability not in pin["can"]:
                row.fail(column, f"a pin that can {_WORDS[ability]}", f"{text}, which cannot")
                return -1
        if "warning" in pin and not standard:
            row.warn(column, f"{text}: {pin['warning']}")
        return int(text)


def boards() -> dict[str, Pins]:
    """Every board that a sheet can name."""
    return {path.parent.name: Pins(path.parent.name) for path in BOARDS.glob("*/pins.json")}


def _use(row: Row, column: str, use: tuple[str, str], pins: dict[str, int], used: Used) -> None:
    before = used.setdefault(pins[column], use)
    if before != use:
        row.fail(column, "a pin not used before", f"{pins[column]}, as in {before[1]}")
