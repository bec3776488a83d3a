"""A chip in download mode at the end of a pseudo-terminal, for esptool: registers and flash.

Source: Espressif's "Serial Protocol". It answers as one in which esptool's flasher stub
runs already, so that no code of the chip has to be run."""

from __future__ import annotations

import hashlib
import os
import pty
import select
import struct
import threading
import tty
import zlib

_END, _ESC = 0xC0, 0xDB
_OK, _UNKNOWN = b"\0\0", b"\1\5"
_FLASH_ID = 0x1640EF  # 4 MiB
_REGISTERS = {
    0x3FF42080: _FLASH_ID,  # where the answer of the flash stands, ESP32
    0x60002058: _FLASH_ID,  # ESP32-S3 and -C3
    0x60003058: _FLASH_ID,  # ESP32-C6
    0x3FF40014: 40_000_000 // 115_200,  # divider of the serial clock: a crystal of 40 MHz
}
_MAGIC = {"ESP32": 0x00F01D83, "ESP32-S2": 0x000007C6, "ESP8266": 0xFFF0C101}
_CHIP_IDS = {"ESP32-S3": 9, "ESP32-C3": 5, "ESP32-C6": 13}


class SerialChip:
    """with SerialChip("ESP32") as chip: … chip.port; chip.flash is what was written."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.flash = bytearray(4 << 20)  # not erased
        self.erased = 0
        self._written = 0
        self._inflate = zlib.decompressobj()
        self._stop = threading.Event()

    def __enter__(self) -> SerialChip:
        self._near, self._far = pty.openpty()
        tty.setraw(self._far)
        self.port = os.ttyname(self._far)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        os.close(self._near)
        os.close(self._far)

    def _serve(self) -> None:
        data = b""
        while not self._stop.is_set():
            if not select.select([self._near], [], [], 0.05)[0]:
                continue
            data += os.read(self._near, 65536)
            while data.count(_END) >= 2:
                start = data.index(_END)
                end = data.index(_END, start + 1)
                frame, data = data[start + 1 : end], data[end + 1 :]
                if frame:
                    self._answer(frame.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb"))
                else:
                    data = bytes([_END]) + data  # the end of one was taken for a beginning

    def _answer(self, frame: bytes) -> None:
        _, command, size, _ = struct.unpack_from("<BBHI", frame)
        body = frame[8 : 8 + size]
        value, said = self._do(command, body)
        reply = struct.pack("<BBHI", 1, command, len(said), value) + said
        reply = reply.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
        packet = bytes([_END]) + reply + bytes([_END])
        os.write(self._near, packet * (8 if command == 0x08 else 1))

    def _do(self, command: int, body: bytes) -> tuple[int, bytes]:
        """The value and the data of the answer."""
        words = struct.unpack_from(f"<{min(4, len(body) // 4)}I", body)
        if command == 0x0A:  # read a register
            magic = _MAGIC.get(self.kind, 0) if words[0] == 0x40001000 else 0
            return magic or _REGISTERS.get(words[0], 0), _OK
        if command == 0x14:  # security info, which tells later chips apart
            if self.kind not in _CHIP_IDS:
                return 0, _UNKNOWN
            return 0, struct.pack("<IB7xII", 0, 0, _CHIP_IDS[self.kind], 0) + _OK
        if command == 0xD0:
            self.flash[:] = b"\xff" * len(self.flash)
            self.erased += 1
        elif command == 0x10:  # compressed data begins
            self._at, self._inflate = words[3], zlib.decompressobj()
        elif command == 0x11:
            piece = self._inflate.decompress(body[16:])
            self.flash[self._at : self._at + len(piece)] = piece
            self._at += len(piece)
        elif command == 0x13:
            at, size = words[:2]
            return 0, hashlib.md5(self.flash[at : at + size]).digest() + _OK  # noqa: S324
        return 0, _OK
