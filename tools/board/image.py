"""What is in a file that shall be flashed: for which chip, and whether it is whole.

A stock image for the ESP32 is written at 0x1000: boot loader there, partition table at
0x8000, application where that says. Source: Espressif's firmware image format; esptool
reads the parts."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from esptool.bin_image import LoadFirmwareImage
from esptool.targets import ROM_LIST
from esptool.util import FatalError

from board.errors import BoardError

START = 0x1000  # of the boot loader of an ESP32
OLDEST = (1, 26)
_TABLE = 0x8000
_MAGIC = 0xE9
_MAGICS = (_MAGIC, 0xEA)  # the second is of a later ESP8266
_PARTITION = b"\xaa\x50"
_APP = 0  # type of a partition
CHIP = "ESP32"


@dataclass(frozen=True)
class Image:
    """A whole image for an ESP32; version of the MicroPython in it, or None."""

    path: Path
    version: tuple[int, ...] | None
    size: int


def read(path: Path) -> Image:
    """BoardError says what else it is."""
    try:
        data = path.read_bytes()
    except OSError as e:
        raise BoardError(f"{path}: cannot be read: {e.strerror}") from e
    chip = _chip(path, data)
    if chip != CHIP:
        raise BoardError(f"{path}: expected an image for {CHIP}, found one for {chip}")
    _verify(path, data, 0, "boot loader")
    at = _application(path, data)
    _verify(path, data, at, "application")
    version = _version(data)
    if version and version < OLDEST:
        found = ".".join(map(str, version))
        raise BoardError(f"{path}: expected MicroPython v1.26 or later, found v{found}")
    return Image(path, version, len(data))


def _chip(path: Path, data: bytes) -> str:
    """By the extended header, which an ESP8266 has not."""
    if len(data) < 24 or data[0] not in _MAGICS:
        found = f"0x{data[0]:02x}" if data else "nothing"
        raise BoardError(f"{path}: expected an ESP32 image, which begins with 0xe9, found {found}")
    number, appended = struct.unpack_from("<H", data, 12)[0], data[23]
    if data[0] != _MAGIC or appended not in (0, 1):
        return "ESP8266"
    names = {rom.IMAGE_CHIP_ID: str(rom.CHIP_NAME) for rom in ROM_LIST}
    return names.get(number, f"an unknown chip (id {number})")


def _application(path: Path, data: bytes) -> int:
    """Where the partition table says the application begins, in the file."""
    at = _TABLE - START
    table = data[at : at + 0xC00]
    if not table.startswith(_PARTITION):
        raise BoardError(
            f"{path}: no partition table at 0x{at:x}; expected a whole image, as "
            "ESP32_GENERIC-….bin, not an application alone"
        )
    for i in range(0, len(table) - 31, 32):
        magic, kind, _, start, _ = struct.unpack_from("<2sBBII", table, i)
        if magic != _PARTITION:
            break
        if kind == _APP:
            return int(start) - START
    raise BoardError(f"{path}: its partition table names no application")


def _verify(path: Path, data: bytes, at: int, what: str) -> None:
    """All segments there, checksum and hash right."""
    if at >= len(data):
        raise BoardError(f"{path}: truncated: {len(data)} bytes, the {what} begins at 0x{at:x}")
    try:
        image = LoadFirmwareImage("esp32", data[at:])
        if image.checksum != image.calculate_checksum():
            raise BoardError(f"{path}: damaged: wrong checksum of the {what}")
        if image.append_digest and image.stored_digest != image.calc_digest:
            raise BoardError(f"{path}: damaged or truncated: wrong hash of the {what}")
    except (FatalError, struct.error, IndexError, TypeError) as e:
        raise BoardError(f"{path}: damaged or truncated: {what}: {e}") from e


def _version(data: bytes) -> tuple[int, ...] | None:
    """By the line that MicroPython prints at the start."""
    found = re.search(rb"MicroPython v(\d+)\.(\d+)\.(\d+)[^\0]{0,40} on \d{4}-", data)
    return tuple(map(int, found.groups())) if found else None
