"""The queue's few numbers, in one small file that littlefs replaces as a whole.

A file this small lives inside littlefs's metadata: rewriting it is one commit of
some hundred bytes and only now and then an erase.
"""

import struct
from binascii import crc32

_FORM = "<4s4sIIII"  # magic, life, boot, next seq, acknowledged seq + 1, dropped
_MAGIC = b"QYM1"


def load(path):
    """(life, boot, next_seq, acked, dropped), or None when absent or damaged."""
    try:
        with open(path, "rb") as f:
            raw = f.read()
    except OSError:
        return None
    size = struct.calcsize(_FORM)
    if len(raw) != size + 4 or struct.unpack("<I", raw[size:])[0] != crc32(raw[:size]):
        return None
    magic, life, boot, seq, acked, dropped = struct.unpack(_FORM, raw[:size])
    return (life.hex(), boot, seq, acked, dropped) if magic == _MAGIC else None


def save(path, life, boot, seq, acked, dropped):
    """Write the mark; it is the old one or the new one after a power cut, never half."""
    raw = struct.pack(_FORM, _MAGIC, bytes.fromhex(life), boot, seq, acked, dropped)
    with open(path, "wb") as f:
        f.write(raw + struct.pack("<I", crc32(raw)))
