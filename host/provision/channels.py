"""The channels of a board and the bins at them: each row of fleet.csv is one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from ..registry import CONTAINERS, STREAMS
from . import sheet
from .pins import OF_KIND, Pins, Used
from .sheet import Row

_LETTER = {"weight": "w", "fill": "f", "temperature": "c", "contact": "d"}
_BIN = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MOST = 16  # channels of a board
# Until a platform is calibrated: four cells of 2 mV/V whose rated loads are 4/3 of Max
# together, on a converter of 2^24 counts over ±(supply / 2 / gain).
_PER_KG = 0.002 * (1 << 24) * 3 / 4
_LARGEST = 1_000_000  # counts per kg that the firmware takes


@dataclass(frozen=True)
class Bin:
    """A row of bins.csv but for its site and device; numbers as the sheet has them."""

    bin: str
    channel: str
    fill_channel: str
    stream: str
    volume_l: str
    tare_kg: str
    container: str
    max_kg: str
    e_kg: str


def channels(
    rows: Sequence[Row], pins: Pins, bins: dict[str, Row]
) -> tuple[tuple[dict[str, Any], ...], tuple[Bin, ...]]:
    """The channels of one board, and its bins. bins: those of the rows before."""
    used: Used = {}
    ids: dict[str, Row] = {}
    found: list[dict[str, Any]] = []
    stands: dict[str, Bin] = {}
    if len(rows) > _MOST:
        rows[_MOST].fail("channel", f"at most {_MOST} channels on a board")
    for row in rows:
        kind = row.one_of("kind", tuple(OF_KIND))
        if row["kind"] not in OF_KIND:
            continue
        name = _id(row, kind, ids)
        channel: dict[str, Any] = {"id": name, "kind": kind, **pins.of(row, name, kind, used)}
        row.nothing(() if kind == "weight" else (*sheet.WEIGHT, *sheet.BIN), f"on a {kind} channel")
        row.nothing(() if kind == "fill" else sheet.FILL, f"on a {kind} channel")
        if kind in ("weight", "fill"):
            channel |= _thermometer(row)
        else:
            row.nothing(("temperature",), f"on a {kind} channel")
        if kind == "weight":
            channel |= _weight(row)
            if _stand(row, bins):
                stands[row["bin"]] = _bin(row)
        elif kind == "fill":
            channel |= _fill(row)
        else:
            row.nothing(("bin",), f"on a {kind} channel")
        found.append(channel)
    for row in rows:
        if row["kind"] == "fill":
            _look(row, stands)
        by = row["temperature"]
        if by and row["kind"] in ("weight", "fill") and (by not in ids or by[0] != "c"):
            row.fail("temperature", "the id of a temperature channel of this board, or nothing")
    return tuple(found), tuple(stands.values())


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
    """As JSON has a number."""
    return int(value) if value == value.to_integral_value() else float(value)


def _thermometer(row: Row) -> dict[str, Any]:
    return {"temperature": row["temperature"]} if row["temperature"] else {}


def _weight(row: Row) -> dict[str, Any]:
    gain = int(row.one_of("gain", ("128", "64", "32"), "128"))
    most = row.number("max_kg", "1", "8000")
    scale = min(round(_PER_KG * gain / float(most), 1), _LARGEST)
    calibration = {"id": "nominal", "date": "1970-01-01", "zero": 0, "counts_per_kg": scale}
    e = row.number("e_kg", "0.001", "10")
    return {"gain": gain, "max_kg": plain(most), "e_kg": plain(e), "calibration": calibration}


def _fill(row: Row) -> dict[str, Any]:
    empty = row.whole("empty_mm", 50, 8000)
    full = row.whole("full_mm", 0, empty - 1)
    geometry: dict[str, Any] = {"empty_mm": empty, "full_mm": full}
    geometry["blind_mm"] = row.whole("blind_mm", 0, 1000, 200)
    return geometry


def _stand(row: Row, bins: dict[str, Row]) -> bool:
    """A bin stands on one platform of the whole sheet."""
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


def _look(row: Row, stands: dict[str, Bin]) -> None:
    """A fill channel looks into a bin that this board weighs, or into none of the registry."""
    if not row["bin"]:
        return
    if row["bin"] not in stands:
        row.fail("bin", "a bin on a platform of this board, or nothing")
    elif stands[row["bin"]].fill_channel:
        row.fail("bin", f"a bin that {stands[row['bin']].fill_channel} does not look into already")
    else:
        stands[row["bin"]] = replace(stands[row["bin"]], fill_channel=row["channel"])
