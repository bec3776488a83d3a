"""The batch in RAM as bytes, for memory that survives a reset but not a loss of power.

A record is (seq, boot, epoch, up, body): the start that made it, Unix seconds of that
start's second 0 (0: not known), whole seconds since then, the channels."""

import struct
from binascii import crc32

MAGIC = b"QYB1"
HEAD = "<4s4sB"  # magic, life, how many
REC = "<IIIIB"  # seq, boot, epoch, up, length of body


def pack(life, recs):
    """As bytes that recovery.unpack() understands."""
    raw = bytearray(struct.pack(HEAD, MAGIC, bytes.fromhex(life), len(recs)))
    for seq, boot, epoch, up, body in recs:
        raw += struct.pack(REC, seq, boot, epoch, up, len(body))
        raw += body
    raw += struct.pack("<I", crc32(raw))
    return raw
