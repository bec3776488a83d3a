"""What is in a file that shall be flashed: for which chip, and whether it is whole.

A stock image is written from where its chip's boot loader begins; partition table at 0x8000,
application where that says. Source: Espressif's firmware image format; esptool reads the parts,
and knows where each boot loader begins."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from esptool.bin_image import LoadFirmwareImage
from esptool.targets import ROM_LIST
from esptool.util import FatalError

from board.errors import BoardError

# board → chip, as esptool calls it
CHIPS = {"esp32": "ESP32", "esp32s3": "ESP32-S3", "esp32c3": "ESP32-C3", "esp32c6": "ESP32-C6"}
OLDEST = (1, 26)
_TABLE = 0x8000
_MAGIC = 0xE9
_MAGICS = (_MAGIC, 0xEA)  # the second is of a later ESP8266
_PARTITION = b"\xaa\x50"
_APP = 0  # type of a partition
_STARTS = {str(rom.CHIP_NAME): int(rom.BOOTLOADER_FLASH_OFFSET) for rom in ROM_LIST}


@dataclass(frozen=True)
class Image:
    """A whole image; chip as esptool calls it, start: where it is written; version of the
    MicroPython in it, or None."""

    path: Path
    chip: str
    version: tuple[int, ...] | None
    size: int

    @property
    def start(self) -> int:
        return _STARTS[self.chip]


def board_of(chip: str) -> str:
    """The board of a chip, as esptool or the image calls it: ESP32-S3, ESP32S3."""
    return chip.lower().replace("-", "")


def read(path: Path, board: str | None = None) -> Image:
    """For this board, or for any; BoardError says what else it is."""
    try:
        data = path.read_bytes()
    except OSError as e:
        raise BoardError(f"{path}: cannot be read: {e.strerror}") from e
    chip = _chip(path, data)
    wanted = [CHIPS[board]] if board else list(CHIPS.values())
    if chip not in wanted:
        found = f"expected an image for {' or '.join(wanted)}, found one for {chip}"
        raise BoardError(f"{path}: {found}")
    _verify(path, chip, data, 0, "boot loader")
    at = _application(path, data, _STARTS[chip])
    _verify(path, chip, data, at, "application")
    version = _version(data)
    if version and version < OLDEST:
        found = ".".join(map(str, version))
        raise BoardError(f"{path}: expected MicroPython v1.26 or later, found v{found}")
    return Image(path, chip, version, len(data))


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


def _application(path: Path, data: bytes, begin: int) -> int:
    """Where the partition table says the application begins, in the file."""
    at = _TABLE - begin
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
            return int(start) - begin
    raise BoardError(f"{path}: its partition table names no application")


def _verify(path: Path, chip: str, data: bytes, at: int, what: str) -> None:
    """All segments there, checksum and hash right."""
    if at >= len(data):
        raise BoardError(f"{path}: truncated: {len(data)} bytes, the {what} begins at 0x{at:x}")
    try:
        image = LoadFirmwareImage(board_of(chip), data[at:])
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
