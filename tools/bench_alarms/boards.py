"""What boards of points are, beside their readings: what their line carries, what their flash has
taken, when their certificate ends.

Beside the troubles there is what looks like them: a backlog that is sent, a flash that a technician
erases, a certificate that ends on the day after."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from host.common.local_days import LOCAL
from host.points.data_budget import Metered, month_of
from host.points.flash_wear import BATCH, BLOCKS, CYCLES, ERASES, FLUSH_S
from host.store.lives import Handed

from .plan import DAY, HOUR, Plan, Plant

_YEAR = 365 * DAY
_BUDGET_MB, _MORE = 30, 6  # MB in a month; the pace with `data_ends`, of half a budget a month


def _on(plants: Sequence[Plant], kind: str, t: int) -> bool:
    return any(p.kind == kind and p.start <= t < p.end for p in plants)


@dataclass
class Line:
    """The 4G of a board. kb: carried in the month; pace: of half the budget."""

    plants: list[Plant]
    rng: random.Random
    pace: float
    budget_mb: int = _BUDGET_MB
    kb: float = 0.0
    month: int = 0

    def hour(self, t: int) -> None:
        """The hour up to t goes by."""
        if (month := month_of(t)[0]) != self.month:
            self.month, self.kb = month, 0.0
        pace = self.pace * self.rng.uniform(0.7, 1.3)
        if _on(self.plants, "data_ends", t - HOUR):
            pace = _MORE * self.budget_mb / _BUDGET_MB
        if self.rng.random() < 0.002:
            pace += 60  # a backlog, or an update of the firmware
        self.kb += pace * 1000 * _BUDGET_MB / 2 / 720
        if _on(self.plants, "data", t):
            self.kb = max(self.kb, 0.85 * 1000 * self.budget_mb)
        if any(p.kind in ("data", "data_ends") and p.end == t for p in self.plants):
            self.budget_mb *= 4  # somebody buys more


class Boards:
    """All boards. n of a device is that of its point."""

    def __init__(self, plan: Plan, seed: int, start: int, days: int) -> None:
        rng = random.Random(f"{seed}-boards")  # noqa: S311  a simulation
        self._plan, self._rng, self._start = plan, rng, start
        self._lines = {
            n: Line(plants, random.Random(f"{seed}-{n}-line"), rng.uniform(0.6, 1.2))  # noqa: S311
            for n, plants in plan.by_site.items()
            if n % 3 == 0 or any(p.kind in ("data", "data_ends") for p in plants)
        }
        self._age = {n: rng.randrange(_YEAR, 6 * _YEAR) for n in plan.by_site}
        self._worn = {n: rng.uniform(10, 72) for n in plan.by_site}
        self._begun: dict[int, list[int]] = {n: [] for n in plan.by_site}
        last = self._date(start + (days - 1) * DAY)
        # The day after the last on which it would be told, or years ahead.
        self._ends = {
            n: last + dt.timedelta(days=32 if n % 5 == 0 else rng.randrange(60, 3000))
            for n in plan.by_site
        }

    def _date(self, t: int) -> dt.date:
        return dt.datetime.fromtimestamp(t, LOCAL).date()

    def handed(self, day: int) -> dict[str, Handed]:
        """What boards have numbered when a day begins."""
        now, found = self._start + day * DAY, {}
        for n, plants in self._plan.by_site.items():
            if _on(plants, "lives", now):
                self._begun[n] += [now - 3 * HOUR, now - 2 * HOUR, now - HOUR]
            elif self._rng.random() < 0.002:
                self._begun[n].append(now - HOUR)
            share = 83.0 if _on(plants, "wear", now) else self._worn[n]
            flushes = share / 100 * BLOCKS * CYCLES / ERASES
            readings = round(BATCH * (flushes - (self._age[n] + day * DAY) / FLUSH_S))
            first = self._start - self._age[n]
            found[f"b{n:04d}"] = Handed(readings, (first, *self._begun[n]))
        return found

    def certificates(self, day: int) -> dict[str, dt.date]:
        """When certificates end, as it stands when a day begins."""
        now, found = self._start + day * DAY, {}
        for n, plants in self._plan.by_site.items():
            ends = _on(plants, "certificate", now)
            soon = self._date(now) + dt.timedelta(days=30)
            found[f"b{n:04d}"] = soon if ends else self._ends[n]
        return found

    def carry(self, metered: Mapping[str, Metered], t: int) -> None:
        """Lines carry for an hour, and boards tell of it at t."""
        for n, line in self._lines.items():
            line.hour(t)
            metered[f"b{n:04d}"].take(t, round(line.kb), line.budget_mb)

    def metered(self) -> dict[str, Metered]:
        """Nothing told yet."""
        return {f"b{n:04d}": Metered() for n in self._plan.by_site}
