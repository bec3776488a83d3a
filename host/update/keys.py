"""The RSA key that signs bundles, and the public half that boards hold."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ..common.errors import UserError
from . import KEY_SIZES

MOST_KEYS = 2  # that a board accepts


class BadKey(UserError):
    """A key file that cannot be used; one line."""


def public_text(key: rsa.RSAPublicKey) -> str:
    """What a board reads: the modulus in hex; the exponent is 65537 always."""
    return f"{key.public_numbers().n:x}\n"


def moduli(path: Path) -> tuple[str, ...]:
    """The lines of a file as boards have it: one or two moduli in hex. BadKey otherwise."""
    try:
        lines = tuple(path.read_text("utf-8").split())
    except (OSError, ValueError) as error:
        raise BadKey(f"{path}: cannot be read: {error}") from None
    lengths = {bits // 4 for bits in KEY_SIZES}
    good = all(len(x) in lengths and re.fullmatch("[89a-f][0-9a-f]*", x) for x in lines)
    if not 0 < len(lines) <= MOST_KEYS or not good:
        raise BadKey(f"{path}: expected one or two public keys, each a line of FILE.pub")
    return lines


def fingerprint(modulus: str) -> str:
    """As a board tells it in its birth message: 16 hex digits of a SHA-256."""
    return hashlib.sha256(bytes.fromhex(modulus)).hexdigest()[:16]


def make(path: Path, bits: int = 3072) -> Path:
    """Write a new key, for its owner alone, and beside it FILE.pub for the boards.

    A key that is there already is never replaced: boards in the field go by it."""
    public = path.with_suffix(".pub")
    for p in (path, public):
        if p.exists():
            raise BadKey(f"{p}: is there already; boards may go by it")
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        public.write_text(public_text(key.public_key()), "utf-8")
    except OSError as error:
        raise BadKey(f"{error.filename}: cannot be written: {error.strerror}") from None
    return public


def load(path: Path) -> rsa.RSAPrivateKey:
    """The signing key; BadKey when it is none, or others may read it."""
    try:
        if path.stat().st_mode & 0o077:
            raise BadKey(f"{path}: others may read it; expected mode 0600")
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise BadKey(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadKey(f"{path}: expected an RSA key (PEM, without password)") from None
    good = isinstance(key, rsa.RSAPrivateKey) and key.key_size in KEY_SIZES
    if not good or key.public_key().public_numbers().e != 65537:  # type: ignore[union-attr]
        raise BadKey(f"{path}: expected RSA with 2048 or 3072 bits and the exponent 65537")
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def sign(key: rsa.RSAPrivateKey, data: bytes) -> bytes:
    """PKCS #1 v1.5 with SHA-256."""
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
