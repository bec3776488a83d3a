"""How a board reaches the broker, from the cell `uplinks` of fleet.csv, the preferred line first:
`lan phy=w5500 sck=5 mosi=6 miso=7 cs=8 int=9; wifi; ppp uart=1 tx=4 rx=5 apn=cmnet`."""

from __future__ import annotations

from typing import Any

from .lines import Cell, Line
from .pins import Pins, Used
from .sheet import Row

WIFI = {"kind": "wifi"}
_COLUMN = "uplinks"
_KINDS = ("lan", "wifi", "ppp")
_PINS = {
    "lan8720": ("mdc", "mdio"),
    "w5500": ("sck", "mosi", "miso", "cs", "int"),
    "ppp": ("tx", "rx"),
}
_MORE = {
    "lan8720": ("phy_addr", "ref_clk", "ref_clk_out", "power"),
    "w5500": ("spi",),
    "ppp": ("uart", "baud", "key", "apn", "auth", "user", "password", "budget_mb"),
}
_BAUDS = ("9600", "19200", "38400", "57600", "115200", "230400", "460800", "921600")


def read(row: Row, pins: Pins, used: Used, on_lines: dict[str, Line]) -> tuple[dict[str, Any], ...]:
    """The lines as in config.json, none for Wi-Fi alone; mistakes go to the sheet. used, on_lines:
    what hangs at pins and UARTs; these lines are added."""
    parts = [part.strip() for part in row[_COLUMN].split(";")]
    if parts == [""]:
        return ()
    made: list[dict[str, Any]] = []
    for part in parts:
        kind, _, rest = part.partition(" ")
        if kind not in _KINDS or any(kind == way["kind"] for way in made):
            row.fail(_COLUMN, "lan, wifi or ppp with ; between, each once")
        elif any(way["kind"] == "ppp" for way in made):
            row.fail(_COLUMN, "ppp as the last one: the others cost nothing")
        elif kind == "wifi":
            made.append(WIFI)
            if rest:
                row.fail(_COLUMN, "nothing beside wifi: it has columns of its own")
        else:
            of = _lan if kind == "lan" else _ppp
            made.append({"kind": kind, **of(Cell(row, _COLUMN, rest), pins, used, on_lines)})
    if made == [WIFI]:
        row.fail(_COLUMN, "more than wifi, or nothing")
    return tuple(made)


def _lan(cell: Cell, pins: Pins, used: Used, _: dict[str, Line]) -> dict[str, Any]:
    phy = cell.one_of("phy", ("lan8720", "w5500"))
    cell.known(("phy", *_PINS[phy], *_MORE[phy]))
    made: dict[str, Any] = {"phy": phy}
    if phy == "w5500":
        made["spi"] = int(cell.one_of("spi", pins.spis, "1"))
        return made | _wired(cell, pins, used, _PINS[phy])
    if pins.emac is None:
        cell.fail(f"phy=w5500: the {pins.board} has no Ethernet of its own")
        return made
    for pin in pins.emac["rmii"]:
        _take(cell, used, pin, "lan8720")
    made["phy_addr"] = cell.whole("phy_addr", 0, 31, 1)
    made["ref_clk_out"] = cell.one_of("ref_clk_out", ("yes", "no"), "no") == "yes"
    can = pins.emac["ref_clk_out" if made["ref_clk_out"] else "ref_clk_in"]
    made["ref_clk"] = int(cell.one_of("ref_clk", tuple(map(str, can)), "0"))
    _take(cell, used, made["ref_clk"], "ref_clk")
    more = ("power",) if "power" in cell.values else ()
    return made | _wired(cell, pins, used, (*_PINS[phy], *more))


def _ppp(cell: Cell, pins: Pins, used: Used, on_lines: dict[str, Line]) -> dict[str, Any]:
    cell.known((*_PINS["ppp"], *_MORE["ppp"]))
    uart = cell.one_of("uart", pins.uarts, pins.uarts[0])
    on_lines[uart] = Line("ppp")
    made: dict[str, Any] = {"uart": int(uart), "baud": int(cell.one_of("baud", _BAUDS, "115200"))}
    made |= _wired(cell, pins, used, ("tx", "rx", *(("key",) if "key" in cell.values else ())))
    made["auth"] = cell.one_of("auth", ("none", "pap", "chap"), "none")
    for key, most in (("apn", 63), ("user", 64), ("password", 64)):
        text = cell.values.get(key, "")
        if len(text) > most or '"' in text:
            cell.fail(f"{key}= a text of at most {most} characters without quotation marks")
        if key != "apn" and made["auth"] != "none" and not text:
            cell.fail(f"{key}= a text, with auth={made['auth']}")
        made[key] = text
    made["budget_mb"] = cell.whole("budget_mb", 0, 999999, 0)
    return made


def _wired(cell: Cell, pins: Pins, used: Used, keys: tuple[str, ...]) -> dict[str, int]:
    made = {}
    for key in keys:
        if key in cell.values:
            made[key] = pins.one(cell.row, _COLUMN, key, cell.values[key], used)
        else:
            cell.fail(f"{key}= a pin")
    return made


def _take(cell: Cell, used: Used, pin: int, what: str) -> None:
    """A pin that the chip has given to Ethernet."""
    before = used.setdefault(pin, ("lan", f"line {cell.row.line}, {what}"))
    if before != ("lan", f"line {cell.row.line}, {what}"):
        cell.fail(f"{what}= a pin not used before")
