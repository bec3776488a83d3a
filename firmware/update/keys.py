"""The keys that updates of this board are signed with: one or two RSA moduli in hex, a line
each, in the file that `update.key` in config.json names."""

import hashlib
from binascii import hexlify, unhexlify

from update.command import Failed


def of(root, name):
    """One or two public keys: their moduli as bytes. Failed where there is none."""
    if not name:
        raise Failed("update.key: expected in config.json the file of the public key")
    path = root + "/" + name
    try:
        with open(path) as f:
            lines = f.read(2048).split()
        return moduli(lines)
    except OSError as e:
        raise Failed("%s cannot be read (%s)" % (path, e))
    except ValueError:
        raise Failed("%s: expected 1 or 2 RSA moduli of 2048 or 3072 bits in hex" % path)


def told(root, name):
    """The first 16 hex digits of the SHA-256 of each modulus; none where the keys are no good:
    the next update says why."""
    try:
        return [hexlify(hashlib.sha256(n).digest()[:8]).decode() for n in of(root, name)]
    except Failed:
        return []


def moduli(lines):
    """Of lines in hex; ValueError or TypeError where they are none."""
    found = [unhexlify(line) for line in lines]
    if not 0 < len(found) <= 2:
        raise ValueError
    for n in found:
        if len(n) not in (256, 384) or not n[0] & 0x80:
            raise ValueError
    return found
