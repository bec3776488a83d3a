"""How long a board may be silent before nobody knows what happened meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .limits import GAP_S


@dataclass(frozen=True)
class Silences:
    """Of one board. told: life → (since, every_s) in order of time (Unix seconds): from then on
    it reports at least every so many seconds, by its birth messages. A board that told nothing
    reports every 300 s."""

    told: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    def longest(self, life: str, t: int) -> int:
        """Seconds that may lie between a reading at Unix time t and the one before: twice what
        is told and a minute. Readings before the first birth of a life are by that one: a board
        measures before it can connect."""
        every = 0
        for since, told in self.told.get(life, ()):
            if every and since > t:
                break
            every = told
        return max(GAP_S, 2 * every + 60)


DEFAULT = Silences()
