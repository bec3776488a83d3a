"""The queue's few numbers, in one small file that littlefs replaces as a whole.

A file of up to 96 bytes lives inside littlefs's metadata: rewriting it is one program
of some 130 bytes and an erase about every thirtieth time."""

import struct
from binascii import crc32

from micropython import const

FORM = "<4s4sIIII"  # magic, life, boot, next seq, acknowledged seq + 1, dropped
MAGIC = b"QYM2"
_EPOCHS = const(6)  # starts whose time is remembered


class QueueState:
    """life, boot, next_seq, acked (every seq below is safe or dropped), dropped, and
    epochs: start number -> Unix seconds of its second 0, of the last few starts."""

    def __init__(self, life):
        self.life = life
        self.boot = 0
        self.next_seq = 0
        self.acked = 0
        self.dropped = 0
        self.epochs = {}

    def date(self, boot, epoch):
        """Remember when a start began; the oldest are forgotten."""
        self.epochs[boot] = epoch
        while len(self.epochs) > _EPOCHS:
            self.epochs.pop(min(self.epochs))


def save(path, state):
    """Replace the file at path: after a power cut it is the old one or the new one."""
    raw = struct.pack(
        FORM,
        MAGIC,
        bytes.fromhex(state.life),
        state.boot,
        state.next_seq,
        state.acked,
        state.dropped,
    )
    for number in state.epochs:
        raw += struct.pack("<II", number, state.epochs[number])
    with open(path, "wb") as f:
        f.write(raw + struct.pack("<I", crc32(raw)))
