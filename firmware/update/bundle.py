"""What a bundle is, and whether it may run on this board; see installer.py.

A bundle is a line `qingyun-bundle 1`, a line of JSON {"version", "board", "mpy", "files"} and,
if so, "older", "lowest", "keys" (see trust.py), for each file a line [name, size, sha256], then
the files one after the other, then an RSA signature (PKCS #1 v1.5, SHA-256) over everything
before."""

import json
import sys

from update.command import Failed

_MAGIC = b"qingyun-bundle 1\n"
# DigestInfo of SHA-256, RFC 8017 section 9.2.
_DIGEST_INFO = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"


def verified(modulus, signature, digest):
    """Whether an RSA signature with exponent 65537 is of this SHA-256 digest.

    The whole block is compared as it must be (RFC 8017 section 8.2.2), nothing is parsed."""
    k = len(modulus)
    s = int.from_bytes(signature, "big")
    n = int.from_bytes(modulus, "big")
    if len(signature) != k or s >= n:
        return False
    block = pow(s, 65537, n).to_bytes(k, "big")
    tail = b"\0" + _DIGEST_INFO + digest
    return block == b"\0\1" + b"\xff" * (k - 2 - len(tail)) + tail


def header(f, signed, kind, announced):
    """The header of the bundle in f, checked; and where its files begin. f is left at the
    first file's line. signed: bytes before the signature; kind: of this board; announced: the
    version that the command has told."""
    try:
        if f.readline() != _MAGIC:
            raise Failed("expected a bundle that begins with %r" % _MAGIC.decode().strip())
        head = json.loads(f.readline())
        first = f.tell()
        count, total, names = head["files"], 0, set()
        for _ in range(count):
            name, size, sha = json.loads(f.readline())
            if not _plain(name) or name in names or len(sha) != 64 or size < 0:
                raise Failed("header: %r is no file of a firmware" % name)
            names.add(name)
            total += size
        version, board, mpy = head["version"], head["board"], head["mpy"]
    except (ValueError, KeyError, TypeError) as e:
        raise Failed("header: not understood: %s" % e)
    at = f.tell()
    if at + total != signed or "main.mpy" not in names:
        raise Failed("header: does not fit what follows")
    if board != kind:
        raise Failed("board: expected a bundle for %s, found %s" % (kind, board))
    runs = sys.implementation._mpy & 0xFF
    if mpy != runs:
        raise Failed("mpy: expected version %d, found %s" % (runs, mpy))
    if version != announced:
        raise Failed("version: expected %s, found %s" % (announced, version))
    f.seek(first)
    return head, at


def _plain(name):
    """A relative path of a module; it must not lead out of the folder."""
    if not isinstance(name, str) or not 0 < len(name) <= 60:
        return False
    for part in name.split("/"):
        if not part or part[0] == ".":
            return False
    return '"' not in name and "\\" not in name and name.endswith((".mpy", ".py"))
