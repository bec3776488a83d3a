"""lorawan.csv of the registry: which LoRaWAN sensor looks into which bin, and how deep that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..registry import Registry, Row, csv_rows
from .payloads import MODELS, Model
from .uplinks import is_eui

FILE = "lorawan.csv"
CHANNEL = "f1"
COLUMNS = ("device", "dev_eui", "model", "every_min", "empty_mm", "full_mm")
_MOST_MM = 8000
_BEYOND_MM = 500  # below the bottom of the bin; as the board takes it (firmware/sensors/build.py)


@dataclass(frozen=True)
class Sensor:
    """A sensor at a bin. every_s: it is set to report once in so many seconds. empty_mm, full_mm:
    distance to the bottom of the bin, and to the waste of a full one."""

    device: str
    site: str
    dev_eui: str
    name: str
    every_s: int
    empty_mm: int
    full_mm: int

    @property
    def model(self) -> Model:
        return MODELS[self.name]

    def permille(self, mm: int) -> int:
        """The fill at a distance, as a board computes it (firmware/sensors/fill.py)."""
        fill = (self.empty_mm - mm) * 1000 // (self.empty_mm - self.full_mm)
        return min(max(fill, 0), 1000)

    def is_too_far(self, mm: int) -> bool:
        """Whether a distance is beyond the bottom of the bin."""
        return mm > self.empty_mm + _BEYOND_MM


def there(folder: Path) -> bool:
    """Whether a registry has such sensors."""
    return (folder / FILE).exists()


def load(folder: Path, registry: Registry) -> dict[str, Sensor]:
    """DevEUI → sensor; RegistryError names the first mistake."""
    found: dict[str, Sensor] = {}
    for sensor, row in _rows(folder, registry):
        row.unique("dev_eui", found, sensor.dev_eui)
        row.unique("device", {s.device for s in found.values()}, sensor.device)
        found[sensor.dev_eui] = sensor
    return found


def _rows(folder: Path, registry: Registry) -> Iterator[tuple[Sensor, Row]]:
    channels: dict[str, set[str]] = {}
    for b in registry.bins:
        channels.setdefault(b.device, set()).update(filter(None, (b.channel, b.fill_channel)))
    for row in csv_rows(folder, FILE, COLUMNS):
        device = row.known("device", registry.devices, "a device of devices.csv")
        if channels.get(device) != {CHANNEL}:
            raise row.fail("device", f"a device whose one bin in bins.csv has {CHANNEL} alone")
        eui = row.text("dev_eui").lower().replace("-", "").replace(":", "")
        if not is_eui(eui):
            raise row.fail("dev_eui", "16 hexadecimal digits")
        model = row.one_of("model", tuple(MODELS))
        every_s = _whole(row, "every_min", 1, 1440) * 60
        empty = _whole(row, "empty_mm", 50, _MOST_MM)
        full = _whole(row, "full_mm", 0, empty - 1)
        site = registry.devices[device].site
        yield Sensor(device, site, eui, model, every_s, empty, full), row


def _whole(row: Row, column: str, least: int, most: int) -> int:
    text = row.text(column)
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise row.fail(column, f"a whole number from {least} to {most}")
    return int(text)
