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
        """Seconds that may lie between a reading at Unix time t and the one before."""
        every_s = 0
        for since, told in self.told.get(life, ()):
            if since > t:
                break
            every_s = told
        return longest_silence(every_s)


def longest_silence(every_s: int) -> int:
    """Seconds without a reading of a board that reports once in every_s: twice that and a
    minute; 0: it did not tell."""
    return max(GAP_S, 2 * every_s + 60)


DEFAULT = Silences()
