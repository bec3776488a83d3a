"""Images as a build makes them, without a build: whole, and for other chips."""

from __future__ import annotations

import struct
from pathlib import Path

from esptool.bin_image import (
    ELFSection,
    ESP32FirmwareImage,
    ESP32S3FirmwareImage,
    ESP8266ROMFirmwareImage,
)

BANNER = "MicroPython v%s on 2025-09-09; Generic ESP32 module with ESP32"
_APP_AT = 0x10000


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


def application(version: str = "1.26.1") -> bytes:
    text = (BANNER % version).encode() + b"\0" + bytes(range(256)) * 400
    return _part(ESP32FirmwareImage, 0x3FFB0000, text)


def whole(version: str = "1.26.1", kind: type = ESP32FirmwareImage) -> bytes:
    """Boot loader, partition table and application, from 0x1000 on."""
    boot = _part(kind, 0x3FFB0000, b"boot loader")
    table = _table(
        (1, 2, 0x9000, 0x6000, b"nvs"),
        (0, 0, _APP_AT, 0x1F0000, b"factory"),
        (1, 0x81, 0x200000, 0x200000, b"vfs"),
    )
    data = boot.ljust(0x7000, b"\xff") + table
    return data.ljust(_APP_AT - 0x1000, b"\xff") + application(version)


def for_s3() -> bytes:
    return _part(ESP32S3FirmwareImage, 0x3FCE0000, b"boot loader").ljust(0x20000, b"\xff")


def for_esp8266(folder: Path) -> bytes:
    image = ESP8266ROMFirmwareImage()
    image.segments = [ELFSection(b".text", 0x40100000, bytes(range(256)) * 16, 0)]
    image.entrypoint = 0x40100000
    image.save(str(folder / "esp8266-"))
    return (folder / "esp8266-0x00000.bin").read_bytes()
