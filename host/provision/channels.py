"""Channels of a board and the bins at them; each row of fleet.csv is a channel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from ..registry import CONTAINERS, STREAMS
from . import cards, converters, fills, lines, sheet
from .pins import OF_KIND, Pins, Used
from .sheet import PINS, Row

_LETTER = {"weight": "w", "fill": "f", "temperature": "c", "contact": "d", cards.KIND: "k"}
_LETTER |= dict.fromkeys(lines.KINDS, "w")
_WEIGHING = ("weight", *lines.KINDS)
_BIN = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MOST = 16  # channels of a board
# Nominal counts per kg at gain 1 and Max 1 kg, until a platform is calibrated: four cells of
# 2 mV/V with rated loads of 4/3 Max together; 2^24 counts over ±(supply / 2 / gain), as HX711
# and NAU7802 have them.
_PER_KG = 0.002 * (1 << 24) * 3 / 4
_LARGEST = 1_000_000  # counts per kg that the firmware takes


@dataclass(frozen=True)
class Bin:
    """A row of bins.csv without site and device; numbers as text, as in the sheet."""

    bin: str
    channel: str
    fill_channel: str
    stream: str
    volume_l: str
    tare_kg: str
    container: str
    max_kg: str
    e_kg: str


@dataclass(frozen=True)
class _Wires:
    """What the channels of a board hang on so far: pins, serial lines by UART, I2C buses."""

    pins: Pins
    used: Used
    on_lines: dict[str, lines.Line]
    on_buses: dict[str, str]

    def of(self, row: Row, name: str, kind: str) -> dict[str, Any]:
        """Where a channel hangs, as in config.json."""
        if kind == cards.KIND:
            return cards.channel(row, self.pins, self.used, self.on_lines)
        if kind in lines.KINDS:
            row.nothing(PINS, f"on a {kind} channel: its pins stand in line")
            return lines.channel(row, self.pins, self.used, self.on_lines) | _limits(row)
        if kind == "weight" and row["line"]:
            wired = converters.channel(row, self.pins, self.used, self.on_buses)
        elif kind == "fill" and row["line"]:
            return fills.channel(row, self.pins, self.used, self.on_lines, self.on_buses)
        else:
            wired = self.pins.of(row, name, kind, self.used)
        return wired | _thermometer(row)


def channels(
    rows: Sequence[Row],
    pins: Pins,
    bins: dict[str, Row],
    used: Used,
    on_lines: dict[str, lines.Line],
) -> tuple[tuple[dict[str, Any], ...], tuple[Bin, ...]]:
    """The channels of one board as in config.json, and its bins; mistakes go to the sheet.

    bins: bins of the boards before, with their rows; those of this board are added. used, on_lines:
    pins and UARTs that are taken."""
    ids: dict[str, Row] = {}
    made: list[dict[str, Any]] = []
    weighed: dict[str, Bin] = {}
    if len(rows) > _MOST:
        rows[_MOST].fail("channel", f"at most {_MOST} channels on a board")
    wires = _Wires(pins, used, on_lines, on_buses={})
    for row in rows:
        kind = row.one_of("kind", (*OF_KIND, *lines.KINDS, cards.KIND))
        if row["kind"] not in _LETTER:
            continue
        name = _id(row, kind, ids)
        channel: dict[str, Any] = {"id": name, "kind": kind}
        _check_empty(row, kind)
        channel |= wires.of(row, name, kind)
        if kind == "weight":
            channel |= _weight(row)
        if kind in _WEIGHING and _stand(row, bins):
            weighed[row["bin"]] = _bin(row)
        elif kind == "fill" and not row["line"]:
            channel |= fills.geometry(row)
        made.append(channel)
    for row in rows:
        if row["kind"] == "fill":
            _look(row, weighed)
        _check_thermometer(row, ids)
    return tuple(made), tuple(weighed.values())


def _check_empty(row: Row, kind: str) -> None:
    """Columns of other kinds of channel are empty."""
    where = f"on a {kind} channel"
    row.nothing(() if kind in _WEIGHING else (*sheet.WEIGHT, *sheet.BIN), where)
    row.nothing(() if kind == "fill" else sheet.FILL, where)
    row.nothing(() if kind in (*_WEIGHING, "fill", cards.KIND) else sheet.LINE, where)
    if kind in lines.KINDS:
        row.nothing(("gain", "temperature"), where)
    elif kind not in ("weight", "fill"):
        row.nothing(("temperature", "bin"), where)


def _check_thermometer(row: Row, ids: dict[str, Row]) -> None:
    """The channel that corrects this one measures a temperature on the same board."""
    name = row["temperature"]
    if name and row["kind"] in ("weight", "fill") and (name not in ids or name[0] != "c"):
        row.fail("temperature", "the id of a temperature channel of this board, or nothing")


def _id(row: Row, kind: str, ids: dict[str, Row]) -> str:
    letter = _LETTER[kind]
    pattern = re.compile(letter + "[1-9][0-9]?")
    name = row.match("channel", pattern, f"{letter} followed by a number from 1 to 99")
    before = ids.setdefault(name, row)
    if before is not row:
        row.fail(
            "channel", f"a channel that {row['device']} does not have yet (line {before.line})"
        )
    return name


def plain(value: Decimal) -> int | float:
    """The value as JSON writes it: whole numbers without a fraction."""
    return int(value) if value == value.to_integral_value() else float(value)


def _thermometer(row: Row) -> dict[str, Any]:
    return {"temperature": row["temperature"]} if row["temperature"] else {}


def _limits(row: Row) -> dict[str, Any]:
    most, e = row.number("max_kg", "1", "8000"), row.number("e_kg", "0.001", "10")
    return {"max_kg": plain(most), "e_kg": plain(e)}


def _weight(row: Row) -> dict[str, Any]:
    gain = int(row.one_of("gain", ("128", "64", "32"), "128"))
    most = row.number("max_kg", "1", "8000")
    scale = min(round(_PER_KG * gain / float(most), 1), _LARGEST)
    calibration = {"id": "nominal", "date": "1970-01-01", "zero": 0, "counts_per_kg": scale}
    e = row.number("e_kg", "0.001", "10")
    return {"gain": gain, "max_kg": plain(most), "e_kg": plain(e), "calibration": calibration}


def _stand(row: Row, bins: dict[str, Row]) -> bool:
    """Whether the row is the first to name its bin, which stands on one platform only."""
    name = row.match("bin", _BIN, "the name of the bin on this platform, of letters, digits, - _ .")
    before = bins.setdefault(name, row)
    if name and before is not row:
        row.fail("bin", f"a bin not named before (line {before.line})")
    return before is row


def _bin(row: Row) -> Bin:
    for column, most in (("tare_kg", "500"), ("volume_l", "5000")):
        if column == "tare_kg" or row[column]:
            row.number(column, "0", most)
    return Bin(
        row["bin"],
        row["channel"],
        "",
        row.one_of("stream", STREAMS),
        row["volume_l"],
        row["tare_kg"],
        row.one_of("container", CONTAINERS),
        row["max_kg"],
        row["e_kg"],
    )


def _look(row: Row, weighed: dict[str, Bin]) -> None:
    """A fill channel looks into a bin that this board weighs, or into none of the registry."""
    if not row["bin"]:
        return
    if row["bin"] not in weighed:
        row.fail("bin", "a bin on a platform of this board, or nothing")
    elif weighed[row["bin"]].fill_channel:
        row.fail("bin", f"a bin that {weighed[row['bin']].fill_channel} does not look into already")
    else:
        weighed[row["bin"]] = replace(weighed[row["bin"]], fill_channel=row["channel"])
