"""How much of a PNG is dark: enough of the format to look where text must be."""

from __future__ import annotations

import struct
import zlib


def _rows(png: bytes, upto: int) -> tuple[int, list[bytes]]:
    """Bytes of a pixel, and the first rows of an 8-bit RGB or RGBA picture."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, body, head = 8, b"", (0, 0, 0, 0)
    while at < len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        part = png[at + 8 : at + 8 + size]
        if kind == b"IHDR":
            head = struct.unpack_from(">IIBB", part)
        if kind == b"IDAT":
            body += part
        at += size + 12
    width, height, depth, colour = head
    assert (depth, colour) in ((8, 2), (8, 6))
    n = 3 if colour == 2 else 4
    raw, line = zlib.decompress(body), width * n
    rows: list[bytes] = []
    above = bytes(line)
    for y in range(min(upto, height)):
        start = y * (line + 1)
        above = _plain(raw[start], raw[start + 1 : start + 1 + line], above, n)
        rows.append(above)
    return n, rows


def _plain(kind: int, data: bytes, above: bytes, n: int) -> bytes:
    """A row without its filter (PNG, chapter 9)."""
    row = bytearray(data)
    for i in range(len(row)):
        a, b, c = row[i - n] if i >= n else 0, above[i], above[i - n] if i >= n else 0
        if kind == 1:
            row[i] = (row[i] + a) & 255
        elif kind == 2:
            row[i] = (row[i] + b) & 255
        elif kind == 3:
            row[i] = (row[i] + (a + b) // 2) & 255
        elif kind == 4:
            far = abs(b - c), abs(a - c), abs(a + b - 2 * c)
            best = a if far[0] == min(far) else b if far[1] == min(far) else c
            row[i] = (row[i] + best) & 255
    return bytes(row)


def ink(png: bytes, x0: int, y0: int, x1: int, y1: int) -> int:
    """Dark pixels of a rectangle."""
    n, rows = _rows(png, y1)
    return sum(row[n * x] < 128 for row in rows[y0:y1] for x in range(x0, x1))
