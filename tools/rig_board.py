"""Starts simulated boards under measurement (boards/sim/rig.py): in real time, or with a hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sim_board import BoardRun


@dataclass(frozen=True, kw_only=True)
class RigRun(BoardRun):
    """A board under measurement; see boards/sim/rig.py."""

    speed: int = 0
    patience: int = 1000
    made: Path | None = None
    hand: Path | None = None

    def command(self) -> list[str]:
        parts = ["rig" if p == "run" else p for p in super().command()]
        parts += ["--speed", str(self.speed), "--patience", str(self.patience)]
        parts += ["--hand", str(self.hand)] if self.hand else []
        return [*parts, "--made", str(self.made)] if self.made else parts

    @property
    def log(self) -> str:
        """What the board has printed so far."""
        return self.report.with_suffix(".log").read_text()
