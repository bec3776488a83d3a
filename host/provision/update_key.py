"""The key that signs updates, and its public part as boards read it."""

from __future__ import annotations

from pathlib import Path

from ..update import keys


def ensure(folder: Path) -> bytes:
    """The content of update.pub. Both files are made if neither is there; where the key is kept
    elsewhere, update.pub alone is enough."""
    secret, public = folder / "update.key", folder / "update.pub"
    if not secret.exists():
        if public.exists():
            return public.read_bytes()
        keys.make(secret)
    return keys.public_text(keys.load(secret).public_key()).encode()
