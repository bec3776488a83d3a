"""The settings of `qingyun serve`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..mqtt.broker import Broker
from .tiles import Tiles


@dataclass(frozen=True)
class Settings:
    """broker None: nothing is live. public_url: the address for browsers if a proxy stands in
    front. refresh_s: seconds between two computations of today's figures. label_journal,
    label_serials, label_printer and what it speaks: as [label] of the configuration says.
    tiles: what lies below the map."""

    db: Path | str
    registry: Path
    broker: Broker | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    secure: bool = False
    refresh_s: float = 60.0
    stats: Path | None = None
    label_journal: Path | None = None
    label_serials: str | None = None
    label_printer: str = ""
    label_language: str = "tspl"
    label_dpi: int = 203
    tiles: Tiles | None = None

    @property
    def cookie(self) -> str:
        """The name of the session cookie; browsers take the prefix __Host- over TLS only."""
        return "__Host-qingyun" if self.secure else "qingyun"
