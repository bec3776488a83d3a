"""The hash by which a firmware is known for certain; needed once in a start."""

import hashlib
import os
from binascii import hexlify

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
