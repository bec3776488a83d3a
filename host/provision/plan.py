"""Boards with their channels, sites and bins as fleet.csv asks for, checked as a whole."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..registry import KINDS, Registry
from . import lines, sheet, uplinks
from .channels import Bin, channels
from .pins import ESP32, Pins, Used
from .sheet import Row, Sheet

# umqtt.simple up to 1.7 sends a wrong length for a topic over 122 bytes; 19 of them are ours.
_TOPIC = 103
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_NAME_IS = "a name of letters, digits, - _ . that begins with a letter or digit"
_WINDOW = r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)"
_WINDOWS = re.compile(rf"({_WINDOW}(;{_WINDOW})*)?")
OPEN = "open"  # as a password: too short for one
_SERVERS = re.compile(r"([^\s;]{1,255}(;[^\s;]{1,255}){0,7})?")
HOST, OPERATOR = "qingyun-host", "qingyun-operator"
# The services beside the ingester: the broker ends the first of two sessions of one name.
SERVE, HAZARD, ROLLUP, ANCHOR, LORAWAN = (
    f"qingyun-{s}" for s in ("serve", "hazard", "rollup", "anchor", "lorawan")
)
# Names with a meaning to the broker, and of what else stands in the folder.
_RESERVED = re.compile(
    r"acl|registry|mosquitto\.conf|provision\.log|(ca|crl|broker|update)(\..*)?|qingyun-.*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Board:
    """One board; times in s, channels as in config.json."""

    device: str
    board: str
    site: str
    ssid: str
    password: str
    uplinks: tuple[dict[str, Any], ...]  # as in config.json; empty for Wi-Fi alone
    ntp: tuple[str, ...]
    mode: str
    every_s: int
    wake_s: int
    send_every: int
    channels: tuple[dict[str, Any], ...]
    bins: tuple[Bin, ...]

    def __repr__(self) -> str:
        return f"Board({self.device})"  # the password is for nobody's log


@dataclass(frozen=True)
class Site:
    """A row of sites.csv."""

    site: str
    name: str
    town: str
    kind: str
    windows: str


@dataclass(frozen=True)
class Plan:
    boards: tuple[Board, ...]
    sites: tuple[Site, ...]
    warnings: tuple[str, ...]


def read(table: Sheet, registry: Registry, tables: Mapping[str, Pins]) -> Plan:
    """The plan of a whole sheet; ProvisionError lists every mistake in it. tables: board → its
    pins."""
    boards: list[Board] = []
    first_rows: dict[str, Row] = {}  # device in small letters -> its first row
    bins: dict[str, Row] = {}
    for rows in sheet.groups(table.rows, lambda r: r["device"]):
        _device(rows[0], first_rows)
        board = _board(table, rows, tables, bins)
        boards.append(replace(board, channels=_named(board, registry)))
    planned = {b.device for b in boards}
    for b in registry.bins:
        if b.bin in bins and b.device and b.device not in planned:
            bins[b.bin].fail("bin", f"a bin that stands nowhere else ({b.device} has it)")
    sites = _sites(table, registry)
    table.raise_mistakes()
    return Plan(tuple(boards), tuple(sites), tuple(table.warnings))


def _named(board: Board, registry: Registry) -> tuple[dict[str, Any], ...]:
    """Its channels; those on a serial line with what instruments.csv says of the instrument."""
    said = {i.channel: i.said for i in registry.instruments if i.device == board.device}
    return tuple(
        c | {"instrument": said[c["id"]]} if c["kind"] in lines.KINDS and c["id"] in said else c
        for c in board.channels
    )


def _device(row: Row, first_rows: dict[str, Row]) -> None:
    device = row.match("device", NAME, _NAME_IS)
    if _RESERVED.fullmatch(device):
        row.fail("device", "a name that does not mean something else to the broker")
    before = first_rows.setdefault(device.lower(), row)
    if device and before is not row:
        together = "a device's rows stand together, capitals make no difference"
        row.fail("device", f"an id not used before (line {before.line}; {together})")


def _board(
    table: Sheet, rows: Sequence[Row], tables: Mapping[str, Pins], bins: dict[str, Row]
) -> Board:
    def shared(column: str) -> Row:
        return table.shared(rows, column)

    pins = tables[shared("board").one_of("board", sorted(tables), ESP32)]
    site = shared("site").match("site", NAME, _NAME_IS)
    if site == "update":
        shared("site").fail("site", "a name other than update, which the topics of updates have")
    together = len((site + rows[0]["device"]).encode())
    if together > _TOPIC:
        shared("site").fail("site", f"site and device of at most {_TOPIC} bytes", str(together))
    used: Used = {}
    on_lines: dict[str, lines.Line] = {}
    ways = uplinks.read(shared("uplinks"), pins, used, on_lines)
    if not ways or uplinks.WIFI in ways:
        ssid, password = _wifi(shared("ssid"), shared("password"))
    else:
        ssid = password = ""
        for column in ("ssid", "password"):
            shared(column).nothing((column,), "without wifi in uplinks")
    ntp = shared("ntp").match("ntp", _SERVERS, "1 to 8 time servers with ; between, or nothing")
    mode = shared("mode").one_of("mode", ("always", "cycle"), "always")
    if mode == "always":
        for column in ("wake_s", "send_every"):
            shared(column).nothing((column,), "in the mode always")
    kinds = [r["kind"] for r in rows]
    if mode == "cycle":
        shared("uplinks").nothing(("uplinks",), "in the mode cycle: it has Wi-Fi alone")
    if mode == "cycle" and not {"weight", *lines.KINDS}.isdisjoint(kinds):
        shared("mode").fail("mode", "always for a board that weighs: asleep it would miss a lift")
    return Board(
        rows[0]["device"],
        pins.name,
        site,
        ssid,
        password,
        ways,
        tuple(s for s in ntp.split(";") if s),
        mode,
        shared("every_s").whole("every_s", 10, 3600, 300),
        shared("wake_s").whole("wake_s", 60, 86400, 900),
        shared("send_every").whole("send_every", 1, 64, 4),
        *channels(rows, pins, bins, used, on_lines),
    )


def _wifi(ssid: Row, password: Row) -> tuple[str, str]:
    """Name and password of the network; no password for an open one."""
    if not 1 <= len(ssid["ssid"].encode()) <= 32:
        ssid.fail("ssid", "the Wi-Fi network's name of 1 to 32 bytes")
    text = password["password"]
    if text == OPEN:
        return ssid["ssid"], ""
    if not 8 <= len(text.encode()) <= 64:
        what = f"the Wi-Fi password of 8 to 64 bytes, or {OPEN} for a network without one"
        password.fail("password", what)
    return ssid["ssid"], text


def _sites(table: Sheet, registry: Registry) -> list[Site]:
    rows_of: dict[str, list[Row]] = {}
    for rows in sheet.groups(table.rows, lambda r: r["device"]):
        rows_of.setdefault(table.shared(rows, "site")["site"], []).extend(rows)
    return [_site(table, registry, site, rows) for site, rows in rows_of.items()]


def _site(table: Sheet, registry: Registry, site: str, rows: Sequence[Row]) -> Site:
    """A site as its rows give it; columns left empty are as the registry has them."""
    name, town, kind, windows = (table.shared(rows, column) for column in sheet.SITE)
    before = _registered(registry, site)
    if before is None:
        _check_new(name, kind)
    if (town["town"] or before is None) and town["town"] not in registry.towns:
        town.fail("town", "a town of registry/towns.csv")
    if kind["site_kind"]:
        kind.one_of("site_kind", KINDS)
    windows.match("windows", _WINDOWS, "HH:MM-HH:MM;… or nothing")
    before = before or Site(site, "", "", "", "")
    return Site(
        site,
        name["site_name"] or before.name,
        town["town"] or before.town,
        kind["site_kind"] or before.kind,
        windows["windows"] or before.windows,
    )


def _registered(registry: Registry, site: str) -> Site | None:
    if site not in registry.sites:
        return None
    s = registry.sites[site]
    return Site(site, s.name, s.town, s.kind, ";".join(s.windows))


def _check_new(name: Row, kind: Row) -> None:
    """A site that the registry does not know needs a name and a kind."""
    new = "of this site, which registry/sites.csv does not know"
    if not name["site_name"]:
        name.fail("site_name", f"the name {new}")
    if not kind["site_kind"]:
        kind.fail("site_kind", f"the kind {new}: {' or '.join(KINDS)}")
