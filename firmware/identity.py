"""What this firmware is: a version for people, a hash over its files for certainty."""

import hashlib
import os
from binascii import hexlify

# The host job has the same: host/common/project.py.
VERSION = "0.2.0"
_PIECE = bytearray(128)
_OTHERS = ("umqtt", "lib")


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


def describe(ch):
    """What a channel is, and by which calibration it weighs now."""
    entry = {"kind": ch.kind, "unit": ch.unit}
    if ch.calibration:
        entry.update(table(ch.calibration))
        entry["calibration"] = entry.pop("id")
        entry["calibrated"] = entry.pop("date")
        if ch.since is not None:
            entry["since"] = ch.since
        if ch.tracking.shift:
            entry["zero_tracked"] = ch.tracking.shift
    return entry


def table(cal):
    """A calibration as it stands in a configuration."""
    out = {"id": cal.id, "date": cal.date, "zero": cal.zero, "counts_per_kg": cal.counts_per_kg}
    if cal.zero_per_c or cal.span_ppm_per_c:
        out["t_c"] = cal.t_c
        out["zero_per_c"] = cal.zero_per_c
        out["span_ppm_per_c"] = cal.span_ppm_per_c
    return out
