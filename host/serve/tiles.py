"""The pictures below the map, as [map] of the configuration names them. Browsers load them from
their provider: the key in their addresses is none that could be kept from who looks at the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from ..common.errors import UsageError


@dataclass(frozen=True)
class Tiles:
    """layers: addresses with {z}, {x} and {y}, the lowest first. gcj02: whether they are in GCJ-02,
    not in WGS 84."""

    layers: tuple[str, ...]
    attribution: str
    gcj02: bool = False

    @property
    def origins(self) -> list[str]:
        """Scheme, host and port of each, once."""
        parts = [urlsplit(layer) for layer in self.layers]
        return list(dict.fromkeys(f"{p.scheme}://{p.netloc}" for p in parts))


def of(section: Mapping[str, Any]) -> Tiles | None:
    """None without such a section; UsageError when the key cannot be read or used."""
    if not section:
        return None
    tiles = section.get("tiles", [])
    layers = [tiles] if isinstance(tiles, str) else tiles
    key = _key(Path(file)) if (file := section.get("key_file")) else ""
    for layer in layers:
        if any(c in urlsplit(layer).netloc for c in ";,' {"):  # it goes into a header
            raise UsageError(f"[map] tiles: expected https://HOST/…, found {layer!r}")
        if "{key}" in layer and not key:
            raise UsageError("[map] key_file: expected a file with what stands for {key} in tiles")
    made = tuple(layer.replace("{key}", quote(key, safe="")) for layer in layers)
    gcj02 = section.get("coordinates") == "GCJ-02"
    return Tiles(made, str(section.get("attribution", "")), gcj02) if made else None


def _key(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"[map] key_file: {file}: {error}") from None
