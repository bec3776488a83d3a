"""What a metered line has carried in the month, of what it may."""

from __future__ import annotations

import datetime as dt
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache

from ..common.local_days import LOCAL

_HOUR_S, _DAY_S = 3600, 86_400
RATE_S = 7 * _DAY_S  # over which it is told how fast it goes
_LEAST_S = 3 * _DAY_S  # less tells nothing of the days to come: a backlog is sent in hours
_LEAST_SHARE = 20  # percent of the budget: with less used up, a backlog or two are most of it


def month_of(t: int) -> tuple[int, int]:
    """First second of the month in Shanghai that t is in, and of the next one (Unix seconds)."""
    return _month(t // _HOUR_S)


@lru_cache(maxsize=256)
def _month(hour: int) -> tuple[int, int]:
    first = dt.datetime.fromtimestamp(hour * _HOUR_S, LOCAL).replace(
        day=1, hour=0, minute=0, second=0
    )
    after = (first + dt.timedelta(days=32)).replace(day=1)
    return int(first.timestamp()), int(after.timestamp())


@dataclass(slots=True)
class Metered:
    """kb: carried since the month of t began, as the board told at t (Unix seconds); budget_mb:
    what it may carry in a month."""

    t: int = 0
    kb: int = 0
    budget_mb: int = 0
    _past: deque[tuple[int, int]] = field(default_factory=deque)  # (t, kb), one an hour

    def take(self, t: int, kb: int, budget_mb: int) -> None:
        """What the board told at t (Unix seconds). Less than before: another month, or another
        board."""
        if t < self.t:
            return
        if kb < self.kb or month_of(t) != month_of(self.t):
            self._past.clear()
        self.t, self.kb, self.budget_mb = t, kb, budget_mb
        if not self._past or t - self._past[-1][0] >= _HOUR_S:
            self._past.append((t, kb))
        while len(self._past) > 1 and self._past[1][0] <= t - RATE_S:
            self._past.popleft()

    def share(self, now: int) -> float | None:
        """What is used up of the budget, in percent; None: not known of the month of now."""
        if month_of(self.t) != month_of(now) or not self.budget_mb:
            return None
        return 100 * self.kb / (1000 * self.budget_mb)

    def ends(self, now: int) -> tuple[float, int] | None:
        """(days that it is used up before the month is over, Unix second at which it is) at the
        pace of the last week, or of the month where less than three days of it are known; days
        below 0: it lasts longer. None: not known."""
        begin, over = month_of(now)
        share, pace = self.share(now), self._pace(begin)
        if share is None or pace is None:
            return None
        if share < _LEAST_SHARE:
            return (begin - over) / _DAY_S, over
        left = 1000 * self.budget_mb - self.kb
        longest = 2 * (over - begin)
        out = self.t + min(longest, left / pace if pace else longest)
        return (over - max(out, self.t)) / _DAY_S, int(max(out, self.t))

    def _pace(self, begin: int) -> float | None:
        """kB in a second; begin: of the month."""
        first, kb = self._past[0]
        if self.t - first >= _LEAST_S:
            return (self.kb - kb) / (self.t - first)
        if self.t - begin >= _LEAST_S:
            return self.kb / (self.t - begin)
        return None
