"""What fleet.csv asks for, checked as a whole: boards with their channels, sites, bins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..registry import KINDS, Registry
from . import sheet
from .channels import Bin, channels
from .pins import Pins
from .sheet import Row, Sheet

# umqtt.simple up to 1.7 sends a wrong length for a topic over 122 bytes; 19 of them are ours.
_TOPIC = 103
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_NAME_IS = "a name of letters, digits, - _ . that begins with a letter or digit"
_WINDOW = r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)"
_WINDOWS = re.compile(rf"({_WINDOW}(;{_WINDOW})*)?")
_SERVERS = re.compile(r"([^\s;]{1,255}(;[^\s;]{1,255}){0,7})?")
HOST, OPERATOR = "qingyun-host", "qingyun-operator"
# Names with a meaning to the broker, and of what else stands in the folder.
_RESERVED = re.compile(
    r"acl|registry|mosquitto\.conf|provision\.log|(ca|crl|broker|update)(\..*)?|qingyun-.*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Board:
    """One board; channels are as config.json has them."""

    device: str
    site: str
    ssid: str
    password: str
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
    """A row of sites.csv; what the sheet leaves open is as the registry has it."""

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


def read(table: Sheet, known: Registry, pins: Pins) -> Plan:
    """The whole sheet; ProvisionError lists every mistake."""
    boards: list[Board] = []
    seen: dict[str, Row] = {}  # devices in small letters
    bins: dict[str, Row] = {}
    for rows in sheet.groups(table.rows, lambda r: r["device"]):
        _device(rows[0], seen)
        boards.append(_board(table, rows, pins, bins))
    here = {b.device for b in boards}
    for b in known.bins:
        if b.bin in bins and b.device and b.device not in here:
            bins[b.bin].fail("bin", f"a bin that stands nowhere else ({b.device} has it)")
    sites = _sites(table, known)
    table.raise_mistakes()
    return Plan(tuple(boards), tuple(sites), tuple(table.warnings))


def _device(row: Row, seen: dict[str, Row]) -> None:
    device = row.match("device", NAME, _NAME_IS)
    if _RESERVED.fullmatch(device):
        row.fail("device", "a name that does not mean something else to the broker")
    before = seen.setdefault(device.lower(), row)
    if device and before is not row:
        together = "a device's rows stand together, capitals make no difference"
        row.fail("device", f"an id not used before (line {before.line}; {together})")


def _board(table: Sheet, rows: Sequence[Row], pins: Pins, bins: dict[str, Row]) -> Board:
    def at(column: str) -> Row:
        return table.shared(rows, column)

    site = at("site").match("site", NAME, _NAME_IS)
    if site == "update":
        at("site").fail("site", "a name other than update, which the topics of updates have")
    together = len((site + rows[0]["device"]).encode())
    if together > _TOPIC:
        at("site").fail("site", f"site and device of at most {_TOPIC} bytes", str(together))
    ssid = at("ssid")["ssid"]
    if not 1 <= len(ssid.encode()) <= 32:
        at("ssid").fail("ssid", "the Wi-Fi network's name of 1 to 32 bytes")
    password = at("password")["password"]
    if not 8 <= len(password.encode()) <= 64:
        at("password").fail("password", "the Wi-Fi password of 8 to 64 characters")
    ntp = at("ntp").match("ntp", _SERVERS, "1 to 8 time servers with ; between, or nothing")
    mode = at("mode").one_of("mode", ("always", "cycle"), "always")
    if mode == "always":
        for column in ("wake_s", "send_every"):
            at(column).nothing((column,), "in the mode always")
    kinds = [r["kind"] for r in rows]
    if mode == "cycle" and "weight" in kinds:
        at("mode").fail("mode", "always for a board that weighs: asleep it would miss a lift")
    return Board(
        rows[0]["device"],
        site,
        ssid,
        password,
        tuple(s for s in ntp.split(";") if s),
        mode,
        at("every_s").whole("every_s", 10, 3600, 300),
        at("wake_s").whole("wake_s", 60, 86400, 900),
        at("send_every").whole("send_every", 1, 64, 4),
        *channels(rows, pins, bins),
    )


def _sites(table: Sheet, known: Registry) -> list[Site]:
    of: dict[str, list[Row]] = {}
    for rows in sheet.groups(table.rows, lambda r: r["device"]):
        of.setdefault(table.shared(rows, "site")["site"], []).extend(rows)
    sites = []
    for site, rows in of.items():
        name, town, kind, windows = (table.shared(rows, c) for c in sheet.SITE)
        given = known.sites.get(site)
        if given is None:
            new = "of this site, which registry/sites.csv does not know"
            if not name["site_name"]:
                name.fail("site_name", f"the name {new}")
            if not kind["site_kind"]:
                kind.fail("site_kind", f"the kind {new}: {' or '.join(KINDS)}")
        if (town["town"] or given is None) and town["town"] not in known.towns:
            town.fail("town", "a town of registry/towns.csv")
        if kind["site_kind"]:
            kind.one_of("site_kind", KINDS)
        windows.match("windows", _WINDOWS, "HH:MM-HH:MM;… or nothing")
        sites.append(
            Site(
                site,
                name["site_name"] or (given.name if given else ""),
                town["town"] or (given.town if given else ""),
                kind["site_kind"] or (given.kind if given else ""),
                windows["windows"] or (";".join(given.windows) if given else ""),
            )
        )
    return sites
