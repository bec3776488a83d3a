"""Whether the page hears its broker: what may be called live, and since when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..events.limits import GAP_S

QUIET_S = GAP_S  # a board says something at least every 5 minutes


@dataclass(frozen=True)
class Link:
    """wanted: a broker was named. since: of `connected`, Unix seconds. problem: what the
    broker says why it does not let the page in."""

    wanted: bool
    connected: bool
    since: float
    problem: str = ""

    def made(self, now: float) -> Link:
        return Link(True, True, now)

    def lost(self, now: float) -> Link:
        """Also when it was lost before: then since then."""
        return Link(True, False, now, self.problem) if self.connected else self

    def refused(self, why: str) -> Link:
        """why "": nobody answers there."""
        return replace(self, connected=False, problem=why)

    def said(self, heard: float | None, now: float) -> dict[str, Any]:
        """For a page. state: off (no broker), away, waiting (no message yet), quiet (none
        for QUIET_S), live. heard: when a board's message came last that the broker had not
        merely kept."""
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
