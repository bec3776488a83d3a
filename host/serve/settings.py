"""What `qingyun serve` is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..mqtt.broker import Broker


@dataclass(frozen=True)
class Settings:
    """broker None: nothing is live. public_url: how browsers reach the page where a proxy
    stands before it. refresh_s: how often today's figures are made anew."""

    db: Path | str
    registry: Path
    broker: Broker | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    secure: bool = False
    refresh_s: float = 60.0
    stats: Path | None = None

    @property
    def cookie(self) -> str:
        """A browser takes a __Host- cookie over TLS only."""
        return "__Host-qingyun" if self.secure else "qingyun"
