"""Images as a build makes them, without a build: whole, and for other chips."""

from __future__ import annotations

import struct
from pathlib import Path

from esptool.bin_image import (
    ELFSection,
    ESP32C3FirmwareImage,
    ESP32C6FirmwareImage,
    ESP32FirmwareImage,
    ESP32P4FirmwareImage,
    ESP32S3FirmwareImage,
    ESP8266ROMFirmwareImage,
)

BANNER = "MicroPython v%s on 2025-09-09; Generic ESP32 module with ESP32"
_APP_AT = 0x10000
# What esptool makes of it, where its memory is, and where its boot loader begins in the flash.
KINDS: dict[str, tuple[type, int, int]] = {
    "ESP32": (ESP32FirmwareImage, 0x3FFB0000, 0x1000),
    "ESP32-S3": (ESP32S3FirmwareImage, 0x3FCE0000, 0),
    "ESP32-C3": (ESP32C3FirmwareImage, 0x3FC90000, 0),
    "ESP32-C6": (ESP32C6FirmwareImage, 0x40810000, 0),
}


def _part(kind: type, address: int, content: bytes) -> bytes:
    image = kind()
    image.segments = [ELFSection(b".text", address, content + bytes(-len(content) % 4), 0)]
    image.entrypoint = address
    made = image.save(None)
    assert isinstance(made, bytes)
    return made


def _table(*rows: tuple[int, int, int, int, bytes]) -> bytes:
    table = b"".join(
        struct.pack("<2sBBII16sI", b"\xaa\x50", kind, sub, start, size, label, 0)
        for kind, sub, start, size, label in rows
    )
    return table + b"\xff" * (0xC00 - len(table))


def application(version: str = "1.26.1", chip: str = "ESP32") -> bytes:
    kind, memory, _ = KINDS[chip]
    text = (BANNER % version).encode() + b"\0" + bytes(range(256)) * 400
    return _part(kind, memory, text)


def whole(version: str = "1.26.1", chip: str = "ESP32") -> bytes:
    """Boot loader, partition table and application, from where the boot loader begins."""
    kind, memory, start = KINDS[chip]
    boot = _part(kind, memory, b"boot loader")
    table = _table(
        (1, 2, 0x9000, 0x6000, b"nvs"),
        (0, 0, _APP_AT, 0x1F0000, b"factory"),
        (1, 0x81, 0x200000, 0x200000, b"vfs"),
    )
    data = boot.ljust(0x8000 - start, b"\xff") + table
    return data.ljust(_APP_AT - start, b"\xff") + application(version, chip)


def for_p4() -> bytes:
    return _part(ESP32P4FirmwareImage, 0x4FF00000, b"boot loader").ljust(0x20000, b"\xff")


def for_esp8266(folder: Path) -> bytes:
    image = ESP8266ROMFirmwareImage()
    image.segments = [ELFSection(b".text", 0x40100000, bytes(range(256)) * 16, 0)]
    image.entrypoint = 0x40100000
    image.save(str(folder / "esp8266-"))
    return (folder / "esp8266-0x00000.bin").read_bytes()
