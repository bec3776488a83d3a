"""What the page shows of the live site, read as a program reads it: /api/1."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]


@dataclass(frozen=True)
class View:
    """Once looked at. status: of the board; shown: channel → kg, fill ratio, °C, 0 or 1,
    None where its value is no good; marks: channel → why; last: channel of a scale → (t, kg)
    of its last reading in the store; times: of all of today's readings."""

    status: str = "unknown"
    shown: dict[str, float | None] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    last: dict[str, tuple[int, float | None]] = field(default_factory=dict)
    times: frozenset[int] = frozenset()
    events: dict[tuple[str, int, str], Event] = field(default_factory=dict)


@dataclass(frozen=True)
class Api:
    """token: NAME:TOKEN of a user. channels: bin → its scale and its fill sensor."""

    url: str
    token: str
    site: str
    channels: dict[str, tuple[str, str]]

    def _get(self, path: str) -> Any:
        request = urllib.request.Request(  # noqa: S310  http, to this machine
            f"{self.url}/api/1/sites/{self.site}{path}",
            headers={"Authorization": f"Bearer {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    def look(self) -> View:
        """OSError when the page does not answer."""
        board = self._get("")["boards"][0]
        day = self._get("/day")
        marks: dict[str, str] = board["bad"]
        shown: dict[str, float | None] = {}
        for channel, text in board["values"].items():
            shown[channel] = None if channel in marks else _number(text)
        last, times = {}, set()
        for curve in day["curves"]:
            times.update(curve["t"])
            weights = list(zip(curve["t"], curve["kg"] or (), strict=False))
            if weights:
                last[self.channels[curve["bin"]][0]] = weights[-1]
        events = {(e["bin"], e["t"], e["kind"]): e for e in day["events"]}
        return View(board["status"], shown, marks, last, frozenset(times), events)


def _number(text: str) -> float | None:
    """The page writes a value with its unit, or in words."""
    first, _, unit = text.partition(" ")
    if first in ("open", "closed"):
        return float(first == "open")
    try:
        return float(first) / (100 if unit == "%" else 1)
    except ValueError:
        return None
