"""The key that signs updates, and its public part as boards read it."""

from __future__ import annotations

from pathlib import Path

from ..update import keys
from . import ProvisionError


def ensure(folder: Path) -> bytes:
    """The content of update.pub: one or two keys. Both files are made if neither is there; where
    the key is kept elsewhere, update.pub alone is enough."""
    secret, public = folder / "update.key", folder / "update.pub"
    if not secret.exists():
        if public.exists():
            return public.read_bytes()
        keys.make(secret)
    text = keys.public_text(keys.load(secret).public_key())
    if public.exists() and text.strip() not in public.read_text("utf-8").split():
        raise ProvisionError(
            f"{public}: expected the public half of update.key; after a change of keys put the new "
            "update.key and update.pub there together"
        )
    return public.read_bytes() if public.exists() else text.encode()
