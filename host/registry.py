"""The registry: towns, sites, boards and bins, from CSV files an office can edit.

A mistake stops with one line that names file, line and column."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from operator import itemgetter
from pathlib import Path

from .common import csv_file
from .common.errors import UserError
from .metrology import instruments, r76
from .metrology.instruments import Instrument

DRY, WET, RECYCLABLE, HAZARDOUS = "干垃圾", "湿垃圾", "可回收物", "有害垃圾"
STORED_HAZARDOUS = "危险废物"
STREAMS = (DRY, WET, RECYCLABLE, HAZARDOUS, STORED_HAZARDOUS)
KINDS = ("collection", "hazardous")
DISTRICT = "district"  # stands for a site in what is of no single one
RESERVED = ("update", DISTRICT)  # qingyun/1/update/… has the firmware
CONTAINERS = ("wheelie", "platform")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})?")
_CHANNEL = re.compile(r"w[0-9]{1,2}")
_FILL = re.compile(r"f[0-9]{1,2}")
WINDOW = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")


class RegistryError(UserError):
    """One line: `file:line: column: expected …, found …`."""


@dataclass(frozen=True)
class Site:
    """A collection point or a hazardous store. windows: local opening hours, none: all day.
    contractor: who empties its bins, "" where nobody is named."""

    site: str
    name: str
    town: str
    kind: str
    windows: tuple[str, ...]
    contractor: str = ""


@dataclass(frozen=True)
class Device:
    """A board and the site it is mounted at."""

    device: str
    site: str


@dataclass(frozen=True)
class Bin:
    """A bin, or a platform that drums stand on; masses in grams. A spare has no device,
    a bin without a scale no channel; volume_l is 0 where it is not given."""

    bin: str
    site: str
    device: str
    channel: str
    fill_channel: str
    stream: str
    volume_l: int
    tare_g: int
    container: str
    max_g: int
    e_g: int


@dataclass(frozen=True)
class Registry:
    """Everything the host knows about where boards and bins stand."""

    towns: tuple[str, ...]
    sites: dict[str, Site]
    devices: dict[str, Device]
    bins: tuple[Bin, ...]
    instruments: tuple[Instrument, ...] = ()

    def instruments_at(self, bin_: Bin) -> list[Instrument]:
        """The instrument that weighs a bin, once for each of its verifications."""
        return self._by_place.get((bin_.device, bin_.channel), [])

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], list[Instrument]]:
        return instruments.by_place(self.instruments)

    def platforms(self) -> list[Bin]:
        """The bins that stand on a scale, in the order of the file."""
        return [b for b in self.bins if b.channel]

    def fill_only(self) -> list[Bin]:
        """The bins that a fill sensor looks into, and no scale weighs."""
        return [b for b in self.bins if b.device and not b.channel]

    def spares(self, site: str) -> list[Bin]:
        """Bins that may come to a site in exchange: its own and those of no site."""
        return [b for b in self.around(site) if not b.device]

    def around(self, site: str) -> list[Bin]:
        """The bins of a site and those that may come to it, in the order of the file."""
        loose = [(i, b) for i, b in self._by_site.get("", ()) if not b.device]
        return [b for _, b in sorted([*self._by_site.get(site, ()), *loose], key=itemgetter(0))]

    @cached_property
    def _by_site(self) -> dict[str, list[tuple[int, Bin]]]:
        found: dict[str, list[tuple[int, Bin]]] = defaultdict(list)
        for i, bin_ in enumerate(self.bins):
            found[bin_.site].append((i, bin_))
        return found


class Row:
    """One line of a CSV; each getter checks, and fails with the place."""

    def __init__(self, file: str, line: int, values: dict[str, str]) -> None:
        self._where = f"{file}:{line}"
        self._values = values

    @property
    def place(self) -> str:
        """File and line."""
        return self._where

    def fail(self, column: str, expected: str) -> RegistryError:
        found = self._values.get(column, "")
        return RegistryError(f"{self._where}: {column}: expected {expected}, found {found!r}")

    def text(self, column: str) -> str:
        value = self._values[column]
        if not value:
            raise self.fail(column, "a text")
        return value

    def name(self, column: str) -> str:
        value = self._values[column]
        if not _NAME.fullmatch(value):
            raise self.fail(column, "a name of letters, digits, - _ .")
        return value

    def optional(self, column: str) -> str:
        """Nothing also where the file has no such column."""
        return self._values.get(column, "")

    def match(self, column: str, pattern: re.Pattern[str], expected: str) -> str:
        value = self._values[column]
        if not pattern.fullmatch(value):
            raise self.fail(column, expected)
        return value

    def one_of(self, column: str, known: tuple[str, ...] | dict[str, object]) -> str:
        value = self._values[column]
        if value not in known:
            raise self.fail(column, "one of " + " ".join(known))
        return value

    def known(self, column: str, table: object, what: str) -> str:
        value = self._values[column]
        if not (isinstance(table, (dict, tuple)) and value in table):
            raise self.fail(column, what)
        return value

    def thousandths(self, column: str, least: str, most: str) -> int:
        """A decimal number with at most three places, in thousandths."""
        expected = f"a number from {least} to {most} with at most 3 decimals"
        try:
            value = Decimal(self._values[column])
        except InvalidOperation:
            raise self.fail(column, expected) from None
        scaled = value * 1000
        fits = value.is_finite() and Decimal(least) <= value <= Decimal(most)
        if not fits or scaled != scaled.to_integral_value():
            raise self.fail(column, expected)
        return int(scaled)

    def date(self, column: str, otherwise: dt.date) -> dt.date:
        """YYYY-MM-DD, or nothing."""
        text = self.match(column, _DAY, "YYYY-MM-DD or nothing")
        try:
            return dt.date.fromisoformat(text) if text else otherwise
        except ValueError:
            raise self.fail(column, "a date that there is") from None

    def unique(self, column: str, seen: object, value: object) -> None:
        if isinstance(seen, (dict, set)) and value in seen:
            raise self.fail(column, "a value not used before")


def csv_rows(folder: Path, name: str, columns: tuple[str, ...]) -> Iterator[Row]:
    """The lines of a CSV that has at least these columns; RegistryError otherwise."""
    file = csv_file.read(folder / name, RegistryError)
    for line, cells in file.rows(columns):
        yield Row(file.name, line, cells)


def load(folder: Path) -> Registry:
    """Read and check registry/*.csv; RegistryError names the first mistake."""
    towns: dict[str, str] = {}
    for row in csv_rows(folder, "towns.csv", ("code", "town")):
        town = row.text("town")
        row.unique("town", towns, town)
        towns[town] = row.text("code")
    sites: dict[str, Site] = {}
    for row in csv_rows(folder, "sites.csv", ("site", "name", "town", "kind", "windows")):
        site = row.name("site")
        if site in RESERVED:
            raise row.fail("site", f"another name than {' and '.join(RESERVED)}")
        row.unique("site", sites, site)
        windows = tuple(w for w in row.optional("windows").split(";") if w)
        if not all(WINDOW.fullmatch(w) for w in windows):
            raise row.fail("windows", "HH:MM-HH:MM;… or nothing")
        named = row.text("name"), row.known("town", towns, "a town of towns.csv")
        kind, contractor = row.one_of("kind", KINDS), row.optional("contractor")
        sites[site] = Site(site, *named, kind, windows, contractor)
    devices: dict[str, Device] = {}
    for row in csv_rows(folder, "devices.csv", ("device", "site")):
        device = row.name("device")
        row.unique("device", devices, device)
        devices[device] = Device(device, row.known("site", sites, "a site of sites.csv"))
    bins = _bins(folder, sites, devices)
    rows = csv_rows(folder, instruments.FILE, instruments.COLUMNS)
    weighed = {(b.device, b.channel): (b.max_g, b.e_g) for b in bins if b.channel}
    there = (folder / instruments.FILE).exists()
    found = instruments.read(rows, devices, weighed) if there else ()
    return Registry(tuple(towns), sites, devices, bins, tuple(found))


_BIN_COLUMNS = (
    *("bin", "site", "device", "channel", "fill_channel", "stream"),
    *("volume_l", "tare_kg", "container", "max_kg", "e_kg"),
)


def _bins(folder: Path, sites: dict[str, Site], devices: dict[str, Device]) -> tuple[Bin, ...]:
    bins: dict[str, Bin] = {}
    used: set[tuple[str, str]] = set()  # (device, channel)
    for row in csv_rows(folder, "bins.csv", _BIN_COLUMNS):
        row.unique("bin", bins, row.name("bin"))
        if row.optional("device"):
            row.known("site", sites, "a site of sites.csv")
            _check_mounted(row, devices, used)
        else:
            if row.optional("site"):
                row.known("site", sites, "a site of sites.csv, or nothing")
            if row.optional("channel"):
                raise row.fail("channel", "nothing for a bin without a device")
        bin_ = _bin(row)
        bins[bin_.bin] = bin_
    return tuple(bins.values())


def _check_mounted(row: Row, devices: dict[str, Device], used: set[tuple[str, str]]) -> None:
    """A bin stands at the site of its device; no channel has two bins."""
    device = row.known("device", devices, "a device of devices.csv, or nothing for a spare bin")
    channel, fill = row.optional("channel"), row.optional("fill_channel")
    if devices[device].site != row.optional("site"):
        raise row.fail("device", f"a device at {row.optional('site')}")
    if channel or not fill:
        row.match("channel", _CHANNEL, "w followed by a number, or a fill_channel alone")
    for column, name in (("channel", channel), ("fill_channel", fill)):
        if name:
            row.unique(column, used, (device, name))
            used.add((device, name))
    if fill:
        row.match("fill_channel", _FILL, "f followed by a number, or nothing")


def _bin(row: Row) -> Bin:
    device, channel = row.optional("device"), row.optional("channel")
    weighed = bool(channel) or not device
    if not weighed and row.one_of("container", CONTAINERS) == "platform":
        raise row.fail("container", "wheelie for a bin without a scale")
    needs_volume = not weighed or row.optional("volume_l")
    bin_ = Bin(
        row.name("bin"),
        row.optional("site"),
        device,
        channel,
        row.optional("fill_channel"),
        row.one_of("stream", STREAMS),
        row.thousandths("volume_l", "0" if weighed else "1", "5000") // 1000 if needs_volume else 0,
        _mass(row, "tare_kg", weighed, "0", "500"),
        row.one_of("container", CONTAINERS),
        _mass(row, "max_kg", weighed, "1", "8000"),
        _mass(row, "e_kg", weighed, "0.001", "10"),
    )
    if weighed and bin_.tare_g >= bin_.max_g:
        raise row.fail("max_kg", "more than tare_kg")
    if weighed and bin_.max_g < r76.LEAST_INTERVALS * bin_.e_g:
        raise row.fail("e_kg", f"at most max_kg / {r76.LEAST_INTERVALS}")
    return bin_


def _mass(row: Row, column: str, weighed: bool, least: str, most: str) -> int:
    """Grams; without a scale it may be left empty."""
    if not weighed and not row.optional(column):
        return 0
    return row.thousandths(column, least, most)
