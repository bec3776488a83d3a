"""The registry as the trace generator needs it: sites, the bins on scales, spare bins.

Read here and not with the host's own reader on purpose: the ground truth must not
depend on the code that is measured against it.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

CONTAINERS = ("wheelie", "platform")
WINDOW = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")


class BadInput(Exception):
    """One line for the person who ran the command: what, where, what was expected."""


@dataclass(frozen=True)
class Site:
    """windows: opening hours as (start, end) in seconds of the local day; none: all day."""

    name: str
    windows: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Bin:
    """One row of bins.csv; masses in grams. A spare bin has no device."""

    name: str
    site: str
    device: str
    channel: str
    fill_channel: str
    stream: str
    volume_l: float
    tare_g: int
    container: str
    max_g: int


@dataclass(frozen=True)
class Registry:
    sites: dict[str, Site]
    bins: tuple[Bin, ...]  # standing on a device, in the order of the file
    spares: tuple[Bin, ...]


def _rows(path: Path, columns: str) -> list[tuple[str, dict[str, str]]]:
    """(file:line, row) of a CSV that has at least these columns."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [c for c in columns.split(",") if c not in (reader.fieldnames or [])]
            if missing:
                raise BadInput(f"{path}:1: expected a column {missing[0]}")
            return [
                (f"{path}:{reader.line_num}", {k: (v or "").strip() for k, v in row.items() if k})
                for row in reader
            ]
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path}: expected UTF-8 CSV, {error}") from error


def _number(where: str, row: dict[str, str], column: str, least: float = 1) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = -1
    if not least <= value < 1e6:
        raise BadInput(f"{where}: {column}: expected a number >= {least}, got {row[column]!r}")
    return value


def parse_windows(where: str, text: str) -> tuple[tuple[int, int], ...]:
    """`07:00-09:00;18:00-20:00` as seconds of the day; an empty text gives no window."""
    windows = []
    for part in filter(None, text.split(";")):
        match = WINDOW.fullmatch(part.strip())
        h1, m1, h2, m2 = (int(x) for x in match.groups()) if match else (0, 0, 0, 0)
        start, end = h1 * 3600 + m1 * 60, h2 * 3600 + m2 * 60
        if not 0 <= start < end <= 86400:
            raise BadInput(f"{where}: windows: expected HH:MM-HH:MM;..., got {text!r}")
        windows.append((start, end))
    return tuple(windows)


def _bin(where: str, row: dict[str, str], sites: dict[str, Site], devices: dict[str, str]) -> Bin:
    if row["container"] not in CONTAINERS:
        raise BadInput(f"{where}: container: expected wheelie or platform, got {row['container']}")
    if row["device"] and row["device"] not in devices:
        raise BadInput(f"{where}: device: {row['device']} is not in devices.csv")
    if row["device"] and devices[row["device"]] != row["site"]:
        raise BadInput(f"{where}: site: expected {devices[row['device']]}, where the device is")
    if row["site"] and row["site"] not in sites:
        raise BadInput(f"{where}: site: {row['site']} is not in sites.csv")
    scale = bool(row["channel"])
    return Bin(
        name=row["bin"],
        site=row["site"],
        device=row["device"],
        channel=row["channel"],
        fill_channel=row["fill_channel"],
        stream=row["stream"],
        volume_l=_number(where, row, "volume_l") if row["container"] == "wheelie" else 0.0,
        tare_g=round(_number(where, row, "tare_kg", 0) * 1000),
        container=row["container"],
        max_g=round(_number(where, row, "max_kg") * 1000) if scale else 0,
    )


def read_registry(folder: Path) -> Registry:
    """Sites, bins and spares of registry/*.csv; BadInput names file, line and column."""
    sites = {
        row["site"]: Site(row["site"], parse_windows(where, row["windows"]))
        for where, row in _rows(folder / "sites.csv", "site,windows")
    }
    devices = {}
    for where, row in _rows(folder / "devices.csv", "device,site"):
        if row["site"] not in sites:
            raise BadInput(f"{where}: site: {row['site']} is not in sites.csv")
        devices[row["device"]] = row["site"]
    columns = "bin,site,device,channel,fill_channel,stream,volume_l,tare_kg,container,max_kg"
    bins = [_bin(where, row, sites, devices) for where, row in _rows(folder / "bins.csv", columns)]
    places: set[tuple[str, str]] = set()
    for bin_ in bins:
        for channel in filter(None, (bin_.channel, bin_.fill_channel)):
            if bin_.device and (bin_.device, channel) in places:
                raise BadInput(
                    f"{folder / 'bins.csv'}: {bin_.name}: expected {bin_.device} {channel} once"
                )
            places.add((bin_.device, channel))
    if not sites:
        raise BadInput(f"{folder / 'sites.csv'}: expected at least one site")
    return Registry(
        sites, tuple(b for b in bins if b.device), tuple(b for b in bins if not b.device)
    )
