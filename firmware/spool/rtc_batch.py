"""The batch in RAM as bytes, for memory that survives a reset but not a loss of power.

A record is (seq, boot, epoch, up, body): the start that made it, Unix seconds of that
start's second 0 (0: not known), whole seconds since then, the channels."""

import struct
from binascii import crc32

_MAGIC = b"QYB1"
_HEAD = "<4s4sB"  # magic, life, how many
_REC = "<IIIIB"  # seq, boot, epoch, up, length of body


def pack(life, recs):
    """As bytes that unpack() understands."""
    raw = bytearray(struct.pack(_HEAD, _MAGIC, bytes.fromhex(life), len(recs)))
    for seq, boot, epoch, up, body in recs:
        raw += struct.pack(_REC, seq, boot, epoch, up, len(body))
        raw += body
    raw += struct.pack("<I", crc32(raw))
    return raw


def unpack(raw):
    """(life, records); (None, []) when it holds no batch that can be trusted."""
    if raw is None or len(raw) < 13 or raw[:4] != _MAGIC:
        return None, []
    raw = memoryview(raw)
    if struct.unpack("<I", raw[-4:])[0] != crc32(raw[:-4]):
        return None, []
    _, life, n = struct.unpack_from(_HEAD, raw)
    at = struct.calcsize(_HEAD)
    size = struct.calcsize(_REC)
    recs = []
    for _ in range(n):
        seq, boot, epoch, up, length = struct.unpack_from(_REC, raw, at)
        at += size
        recs.append((seq, boot, epoch, up, bytes(raw[at : at + length])))
        at += length
    return life.hex(), recs
