"""What this firmware is: a version for people, a hash over its files for certainty."""

import hashlib
import os
from binascii import hexlify

VERSION = "0.1.0"
_PIECE = bytearray(128)
_OTHERS = ("config.json", "spool", "umqtt", "lib")


def sha256(root):
    """SHA-256 over name and content of every module below root, in order of name."""
    h = hashlib.sha256()
    _add(h, root, "")
    return hexlify(h.digest()).decode()


def _add(h, root, sub):
    for name in sorted(os.listdir(root + "/" + sub)):
        path = sub + "/" + name if sub else name
        full = root + "/" + path
        if os.stat(full)[0] & 0x4000:
            if path not in _OTHERS and not name.startswith("__"):
                _add(h, root, path)
        elif name.endswith(".py") or name.endswith(".mpy"):
            h.update(path.encode())
            with open(full, "rb") as f:
                n = f.readinto(_PIECE)
                while n:
                    h.update(memoryview(_PIECE)[:n])
                    n = f.readinto(_PIECE)


def describe(channels):
    """What each channel is, and by which calibration it weighs now."""
    table = {}
    for ch in channels:
        entry = {"kind": ch.kind, "unit": ch.unit}
        if ch.calibration:
            entry.update(ch.calibration.table())
            entry["calibration"] = entry.pop("id")
            entry["calibrated"] = entry.pop("date")
            if ch.since is not None:
                entry["since"] = ch.since
        table[ch.name] = entry
    return table
