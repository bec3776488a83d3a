"""A segment: one append-only file of records that one start of the board wrote.

Header: magic, life, boot, first seq, first up, epoch, channel names, CRC. Times are
whole seconds since the start that wrote it (up); epoch is the Unix time of its second
0, or 0 while it did not know the time.
Record: length u8, CRC-16 (the low half of CRC-32 over the rest), seq offset u16,
up offset u24, body. A damaged record is stepped over by looking for the next one
whose CRC and order are right.
"""

import struct
from binascii import crc32

from micropython import const

_MAGIC = b"QYS2"
_HEAD = "<4s4sIIIIB"  # magic, life, boot, first seq, first up, epoch, length of names
_HEAD_LEN = const(25)
_REC = const(8)  # length, crc, seq offset, up offset
_LONGEST = const(80)  # 16 channels, each with a reason, take 72


class Header:
    """What all records of a segment share."""

    def __init__(self, life, boot, seq, up, epoch, names):
        self.life = life
        self.boot = boot
        self.seq = seq
        self.up = up
        self.epoch = epoch
        self.names = names

    def pack(self):
        names = ",".join(self.names).encode()
        life = bytes.fromhex(self.life)
        raw = struct.pack(_HEAD, _MAGIC, life, self.boot, self.seq, self.up, self.epoch, len(names))
        raw += names
        return raw + struct.pack("<H", crc32(raw) & 0xFFFF)

    def fits(self, life, boot, seq, up, epoch):
        """Whether a record can be told by offsets from this header."""
        if life != self.life or boot != self.boot:
            return False
        # Within a second it is the same time; 0 is none.
        if (epoch == 0) != (self.epoch == 0) or not -1 <= epoch - self.epoch <= 1:
            return False
        return 0 <= seq - self.seq < 0xFFFF and 0 <= up - self.up < 0x1000000


def read_header(f):
    """The header at the start of an open file, or None if it cannot be trusted."""
    raw = f.read(_HEAD_LEN)
    if len(raw) < _HEAD_LEN:
        return None
    magic, life, boot, seq, up, epoch, n = struct.unpack(_HEAD, raw)
    names = f.read(n)
    crc = f.read(2)
    if magic != _MAGIC or len(crc) < 2:
        return None
    if struct.unpack("<H", crc)[0] != crc32(raw + names) & 0xFFFF:
        return None
    return Header(life.hex(), boot, seq, up, epoch, names.decode().split(","))


def size(body):
    """Bytes that a record with this body takes."""
    return _REC + len(body)


def pack(header, seq, up, body):
    """One record as bytes."""
    n = _REC + len(body)
    rec = bytearray(n)
    rec[0] = n
    struct.pack_into("<H", rec, 3, seq - header.seq)
    d = up - header.up
    rec[5] = d & 0xFF
    rec[6] = (d >> 8) & 0xFF
    rec[7] = d >> 16
    rec[_REC:] = body
    struct.pack_into("<H", rec, 1, crc32(memoryview(rec)[3:]) & 0xFFFF)
    return rec


class Reader:
    """Reads a segment forward. next() gives (seq, up, body) or None at the end;
    .damaged counts places that had to be stepped over."""

    def __init__(self, path, chunk=128):
        self._f = open(path, "rb")
        self.header = read_header(self._f)
        self._buf = b""
        self._at = 0
        self._chunk = chunk
        self._last = -1
        self.damaged = 0

    def close(self):
        self._f.close()

    def last(self):
        """The seq of the last good record so far; -1 before the first."""
        return -1 if self._last < 0 else self.header.seq + self._last

    def next(self):
        if self.header is None:
            return None
        skipping = False
        least = 3 * len(self.header.names)
        while True:
            self._fill()
            left = len(self._buf) - self._at
            if left < _REC:
                return None
            n = self._buf[self._at]
            if n >= _REC + least and n <= left:
                rec = memoryview(self._buf)[self._at : self._at + n]
                crc, offset = struct.unpack_from("<HH", rec, 1)
                if offset > self._last and crc == crc32(rec[3:]) & 0xFFFF:
                    self._at += n
                    self._last = offset
                    d = rec[5] | rec[6] << 8 | rec[7] << 16
                    return self.header.seq + offset, self.header.up + d, bytes(rec[_REC:])
            if not skipping:
                skipping = True
                self.damaged += 1
            self._at += 1

    def _fill(self):
        if len(self._buf) - self._at < _LONGEST:
            more = self._f.read(self._chunk)
            if more:
                self._buf = self._buf[self._at :] + more
                self._at = 0
