"""The store and the registry of a process that has no command line, as commands would take them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..common.store_address import StoreAddress
from . import config, place
from .config import PREFIX, Config, ConfigError
from .keys import SHARED


def named(environment: Mapping[str, str]) -> tuple[Path | str, Path]:
    """[store] db and registry, for a process that has no command line; ConfigError."""
    chosen = place.find((), environment)
    mine = Config(chosen.file, chosen.absent)
    if chosen.file is not None:
        config.read(chosen.file, mine)
    found = []
    for key in SHARED["store"]:
        value = mine.get(f"store.{key}")
        if value is not None and "://" not in str(value):
            value = (chosen.file or Path()).parent / str(value)
        found.append(environment.get(f"{PREFIX}STORE_{key.upper()}", value))
    if found[0] is None:
        raise ConfigError(mine.nowhere())
    db, registry = (str(value) for value in (found[0], found[1] or "registry"))
    return StoreAddress(db) if "://" in db else Path(db), Path(registry)
