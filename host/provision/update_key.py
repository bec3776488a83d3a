"""The key that signs updates, and its public part as boards read it."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from host.provision import ProvisionError, files

BITS = 3072


def ensure(folder: Path) -> bytes:
    """The content of update.pub; update.key is made unless one of the two is there. The
    key may be kept elsewhere, then update.pub alone stands for it."""
    secret = files.read(folder / "update.key")
    public = files.read(folder / "update.pub")
    if secret is None and public is not None:
        return public
    if secret is None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        files.write(folder / "update.key", secret, files.SECRET)
    try:
        loaded = load_pem_private_key(secret, None)
    except (ValueError, TypeError):
        loaded = None
    if not isinstance(loaded, rsa.RSAPrivateKey) or loaded.public_key().public_numbers().e != 65537:
        raise ProvisionError(f"{folder}/update.key: expected an RSA key (PEM), exponent 65537")
    return text(loaded.public_key())


def text(key: rsa.RSAPublicKey) -> bytes:
    """A public key as the board's update.pub: the modulus in hex; the exponent is 65537."""
    return f"{key.public_numbers().n:x}\n".encode()
