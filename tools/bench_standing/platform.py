"""One platform for some weeks: what stands on it, and what its board says.

The cell is that of boards/sim/physics.py (noise, creep, zero and span with temperature, people who
lean, lorries that pass), calibrated on the first day as it was warm then, and never again. The
median of five conversions is a reading, each 10 min and at both ends of each motion."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from host.common.local_days import DAY_S
from host.events import Platform, Sample

from . import air

sys.path.insert(0, str(Path(__file__).parents[2] / "boards/sim"))
# The module that a simulated board runs.
from physics import LoadCell  # type: ignore[import-not-found]

ZERO, SCALE, MAX_KG, E_G = 84_000, 21_000.0, 150, 50
HOUR = 3600
EVERY_S = 600  # the longest that is no silence: each 5 min is usual, and takes twice as long here
KINDS = ("none", "gain", "zero", "wet", "dirty", "frozen")
WINDOWS = ((6.5 * HOUR, 9 * HOUR), (18 * HOUR, 20.5 * HOUR))


@dataclass(frozen=True)
class Habits:
    """Of the people at one bin. deposits: of a window; kg: usual of one; rounds: hours at which it
    is emptied; dries: share a day; left_g, left_spread: what stays in an emptied bin (median,
    logarithmic spread)."""

    stream: str
    deposits: float
    kg: float
    rounds: tuple[float, ...]
    dries: float
    left_g: float
    left_spread: float


def habits(luck: random.Random, *, wet: bool) -> Habits:
    left = luck.uniform(60, 400), luck.uniform(0.3, 0.7)
    if wet:
        return Habits("湿垃圾", luck.uniform(12, 25), 2.0, (9.7, 21.0), 0.01, *left)
    return Habits("干垃圾", luck.uniform(8, 18), 1.1, (9.2,), 0.0, *left)


@dataclass
class Planted:
    """kind: of KINDS; t: when it begins; size: as the kind has it."""

    kind: str
    t: int = 1 << 40
    size: float = 0.0
    ramp_s: int = 0


@dataclass
class Told:
    """platform: as the registry has it; emptied: (t, true g) of each emptying; zero_g: (t, true
    error of the bare platform) at each lift; per_c: g per °C by
    which its zero truly moves."""

    platform: Platform
    stream: str
    planted: Planted
    samples: list[Sample] = field(default_factory=list)
    emptied: list[tuple[int, float]] = field(default_factory=list)
    zero_g: list[tuple[int, float]] = field(default_factory=list)
    per_c: float = 0.0


class _Maker:
    def __init__(
        self, luck: random.Random, around: air.Air, planted: Planted, name: str, seed: int
    ) -> None:
        self.luck, self.air, self.planted = luck, around, planted
        self.days = len(around.air) * air.STEP_S // DAY_S
        self.habits = habits(luck, wet=luck.random() < 0.5)
        self.true_tare = luck.choice((9_500, 12_500, 14_000)) + luck.gauss(0, 40)
        spread = luck.gauss(0, 150)  # of a make of bins, beside its data sheet
        tare = round(self.true_tare + spread)
        known = Platform(tare, wheelie=True, e_g=E_G, max_g=MAX_KG * 1000)
        self.told = Told(known, self.habits.stream, planted)
        self.cell = LoadCell(ZERO, SCALE, MAX_KG, "field", seed)
        self.gain = luck.gauss(0, 0.0005)
        self.zero = self._bare(seed, round(100 * around.cell[36]))
        warm, cold = self._bare(seed, 3000), self._bare(seed, 1000)
        self.told.per_c = (warm - cold) / 20 / SCALE * 1000
        self.name, self.seq = name, 0
        self.net = luck.uniform(0, 8_000)  # g in the bin
        self.left = 0.0
        self.on = 0.0  # g of water on the platform
        self.dirt = 0.0
        self.dry_s = luck.uniform(5, 20) * HOUR
        self.held: float | None = None
        self.washed = planted.t + luck.uniform(5, 9) * DAY_S if luck.random() < 0.5 else 1 << 40
        self.rains = self._rains()
        other_crew = luck.random() < 0.15
        self.crew = around.start + luck.uniform(0, self.days) * DAY_S if other_crew else 1 << 40
        self.crew_leaves = luck.uniform(0.4, 2.5)  # times what the one before left
        self.clock = around.start
        self.shelter = luck.uniform(0.0, 0.06)  # of the rain that reaches the platform otherwise

    def _bare(self, seed: int, centi_c: int) -> float:
        """Counts of the bare platform on its first day, at this temperature (0.01 °C)."""
        twin = LoadCell(ZERO, SCALE, MAX_KG, "field", seed)
        start = (self.air.start + 3 * HOUR) * 1000
        return float(sorted(twin.counts(start + 100 * i, 0.0, centi_c) for i in range(99))[49])

    def _rains(self) -> list[tuple[int, int, float]]:
        """(from, until, g) of rain that stays on the platform."""
        if self.planted.kind != "wet":
            return []
        found, t = [], self.planted.t
        for _ in range(self.luck.randint(2, 4)):
            long = round(self.luck.uniform(1, 5) * HOUR)
            found.append((t, t + long, self.luck.uniform(150, 900)))
            t += long + round(self.luck.uniform(1.5, 5) * DAY_S)
        return found

    def run(self) -> Told:
        for day in range(self.days):
            for t, act in self._plan(self.air.start + day * DAY_S):
                self._quiet(t - 12)
                act(t)
        self._quiet(self.air.start + self.days * DAY_S)
        return self.told

    def _plan(self, begin: int) -> list[tuple[int, Callable[[int], None]]]:
        luck, h = self.luck, self.habits
        plan: list[tuple[int, Callable[[int], None]]] = []
        for a, b in WINDOWS:
            n = max(0, round(luck.gauss(h.deposits, h.deposits**0.5)))
            plan += [(begin + round(luck.uniform(a, b)), self._deposit) for _ in range(n)]
        if luck.random() < 0.4:
            plan.append((begin + round(luck.uniform(10, 17) * HOUR), self._deposit))
        for hour in h.rounds:
            if luck.random() > 0.03:
                plan.append((begin + round((hour + luck.uniform(-0.5, 0.5)) * HOUR), self._empty))
        plan.sort(key=lambda p: p[0])
        kept, last = [], begin
        for at, act in plan:
            t = max(at, last + 40)
            kept.append((t, act))
            last = t + (240 if act == self._empty else 0)
        return kept

    # What stands there

    def _step(self, t: int) -> None:
        """Time passes until t: water dries and falls, waste dries."""
        took = t - self.clock
        if took <= 0:
            return
        self.on *= 2.718281828 ** (-took / self.dry_s)
        for a, b, g in self.rains:
            over = min(t, b) - max(self.clock, a)
            if over > 0:
                self.on += g * over / (b - a)
        self.net -= self.net * self.habits.dries * took / DAY_S
        if self.dirt and t >= self.washed:
            self.dirt = 0.0
        self.clock = t

    def _lies(self) -> float:
        return self.on + self.dirt

    def _gross(self) -> float:
        return self.true_tare + self.left + self.net + self._lies()

    def _error(self, t: int) -> float:
        """g that the planted zero adds."""
        p = self.planted
        if p.kind != "zero" or t < p.t:
            return 0.0
        return p.size * (min(1.0, (t - p.t) / p.ramp_s) if p.ramp_s else 1.0)

    def _shown(self, t: int, grams: float, *, bare: bool) -> int | None:
        """What a reading says of this load; None: somebody leans."""
        centi = round(100 * self.air.cell[self.air.at(t)])
        ms = t * 1000
        got: list[int] = sorted(
            self.cell.counts(ms + 100 * i, grams / 1000, centi) for i in range(5)
        )
        if got[4] - got[0] > 1.0 * SCALE:
            return None
        gain = 1 + self.gain + (self.planted.size if self._is("gain", t) else 0.0)
        shown = (got[2] - self.zero) / SCALE * 1000 * gain + self._error(t)
        shown += self.luck.gauss(0, self.air.wind[self.air.at(t)] * (0.3 if bare else 1.0))
        if self._is("frozen", t):
            if self.held is None:
                self.held = shown
            return round(self.held) + (self.luck.random() < 0.2)
        return round(shown)

    def _now(self, t: int, grams: float) -> None:
        """The load becomes this much."""
        self.cell.load(t * 1000, grams / 1000)

    def _is(self, kind: str, t: int) -> bool:
        return self.planted.kind == kind and t >= self.planted.t

    # What the board says

    def _say(self, t: int, grams: int | None, q: str | None = None) -> None:
        if grams is not None:
            self.seq += 1
            self.told.samples.append(Sample(t, grams, q, self.name, self.seq, 1))

    def _quiet(self, until: int) -> None:
        t = self.clock - self.clock % EVERY_S + EVERY_S
        while t < until:
            self._step(t)
            self._say(t, self._shown(t, self._gross(), bare=False))
            t += EVERY_S

    def _deposit(self, t: int) -> None:
        self._step(t)
        before = self._shown(t - 2, self._gross(), bare=False)
        add = self.luck.lognormvariate(0, 0.7) * self.habits.kg * 1000
        if self.net + add > 110_000:
            return
        self.net += add
        if self._is("dirty", t) and self.luck.random() < 0.08:
            self.dirt += self.luck.uniform(10, 80)
        elif self.luck.random() < 0.01:
            self.dirt = min(25.0, self.dirt + self.luck.uniform(0, 8))
        self._now(t, self._gross())
        after = self._shown(t + 14, self._gross(), bare=False)
        if before is None or after is None or abs(after - before) < 50:
            return
        self._say(t, before, "moving")
        self._say(t + 16, after)
        self.clock = t + 16

    def _empty(self, t: int) -> None:
        self._step(t)
        before = self._shown(t - 2, self._gross(), bare=False)
        if self.net < 2_000:
            return
        away = round(self.luck.uniform(25, 150))
        self._now(t, self._lies())
        bare = self._shown(t + 14, self._lies(), bare=True)
        if bare is not None and self.luck.random() < 0.02 and not self._is("frozen", t):
            bare += round(1000 * min(60.0, self.luck.lognormvariate(0, 1.5)))  # a foot, a broom
        true = self.net + self.left
        h = self.habits
        left = h.left_g * self.luck.lognormvariate(0, h.left_spread)
        self.left = min(1_000.0, left * (self.crew_leaves if t >= self.crew else 1.0), true)
        self.net = 0.0
        self.told.emptied.append((t, true - self.left))
        if bare is not None:
            self.told.zero_g.append((t, 0.0 if self._is("frozen", t) else bare - self._lies()))
        self._now(t + away, self._gross())
        after = self._shown(t + away + 12, self._gross(), bare=False)
        self.clock = t + away + 14
        if before is None or bare is None or after is None or abs(after - before) < 50:
            return
        self._say(t, before, "moving")
        if away > 30:
            self._say(t + 16, bare)
            self._say(t + away, bare + round(self.luck.gauss(0, 3)), "moving")
        self._say(t + away + 14, after)


def make(luck: random.Random, around: air.Air, planted: Planted, name: str, seed: int) -> Told:
    """As long as there is air. name: the life of its board."""
    return _Maker(luck, around, planted, name, seed).run()


def plan(luck: random.Random, kind: str, begin: int) -> Planted:
    """A fault of a kind that begins within a day of `begin`."""
    t = begin + luck.randrange(DAY_S)
    if kind == "gain":
        return Planted(kind, t, luck.choice((-0.005, 0.005)))
    if kind == "zero":
        ramp = luck.choice((0, 0, round(luck.uniform(1, 3) * DAY_S)))
        return Planted(kind, t, luck.choice((-2.0, 2.0)) * E_G, ramp)
    return Planted(kind, t) if kind != "none" else Planted(kind)
