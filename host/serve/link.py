"""The connection of the page to the broker: whether figures are live, and since when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..events.limits import GAP_S

QUIET_S = GAP_S  # a board sends something at least every 5 minutes


@dataclass(frozen=True)
class Link:
    """wanted: a broker is configured. since: Unix seconds of the last change of `connected`.
    problem: the reason that the broker gave for a refusal."""

    wanted: bool
    connected: bool
    since: float
    problem: str = ""

    def made(self, now: float) -> Link:
        """Connected now."""
        return Link(True, True, now)

    def lost(self, now: float) -> Link:
        """Disconnected now, or still since the time before."""
        return Link(True, False, now, self.problem) if self.connected else self

    def refused(self, why: str) -> Link:
        """Not connected; why "": nobody answers at that address."""
        return replace(self, connected=False, problem=why)

    def status(self, heard: float | None, now: float) -> dict[str, Any]:
        """For a page. state: off (no broker), away, waiting (no message yet), quiet (none for
        QUIET_S), live. heard: Unix seconds of the last message that was not retained."""
        if not self.wanted:
            state = "off"
        elif not self.connected:
            state = "away"
        elif heard is None:
            state = "waiting"
        else:
            state = "quiet" if now - heard > QUIET_S else "live"
        return {
            "state": state,
            "since": round(self.since),
            "heard": None if heard is None else round(heard),
            "problem": self.problem,
        }
