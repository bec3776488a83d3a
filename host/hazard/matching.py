"""What papers say beside what scales have seen: by time, place, code and weight."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

WINDOW_S = 24 * 3600
MOST_OFF = 0.5  # further apart, they are not the same load
LONGEST = 40  # steps of one load


@dataclass(frozen=True)
class Tolerance:
    """A difference is within it up to the larger of the two; a choice, no rule has one."""

    percent: float = 5.0
    kg: float = 5.0
    window_s: int = WINDOW_S

    def allows(self, difference_g: int, of_g: int) -> bool:
        return abs(difference_g) <= max(self.kg * 1000, self.percent / 100 * of_g)


@dataclass(frozen=True)
class Paper:
    """A 联单 or ticket. places: any of them will do."""

    number: str
    places: frozenset[str]
    code: str
    grams: int
    t: int


@dataclass(frozen=True)
class Step:
    """A weigh-out or a collection. name: how it is found again."""

    name: str
    place: str
    code: str
    grams: int
    t: int


@dataclass(frozen=True)
class Match:
    """One paper and the steps of its load; the difference is steps less paper."""

    paper: Paper
    steps: tuple[Step, ...]
    within: bool

    @property
    def grams(self) -> int:
        return sum(s.grams for s in self.steps)

    @property
    def difference(self) -> int:
        return self.grams - self.paper.grams

    @property
    def percent(self) -> float:
        return 100 * self.difference / self.paper.grams


@dataclass
class Matched:
    matches: list[Match] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)  # without a step
    steps: list[Step] = field(default_factory=list)  # without a paper


def _runs(paper: Paper, steps: Sequence[Step], tolerance: Tolerance) -> Iterable[tuple[Step, ...]]:
    """Every stretch of neighbouring steps that may be the load."""
    times = [s.t for s in steps]
    i = bisect_left(times, paper.t - tolerance.window_s)
    j = bisect_right(times, paper.t + tolerance.window_s)
    for a in range(i, j):
        total = 0
        for b in range(a, min(j, a + LONGEST)):
            total += steps[b].grams
            if total > paper.grams * (1 + MOST_OFF) + tolerance.kg * 1000:
                break
            yield tuple(steps[a : b + 1])


def match(papers: Iterable[Paper], steps: Iterable[Step], tolerance: Tolerance) -> Matched:
    """Each paper and each step once: first what agrees best, then what agrees badly."""
    by_code: dict[str, list[Step]] = {}
    for s in sorted(steps, key=lambda s: (s.t, s.name)):
        by_code.setdefault(s.code, []).append(s)
    found = Matched()
    left = sorted(papers, key=lambda p: (p.t, p.number))
    used: set[str] = set()
    for close in (True, False):
        offers = []
        for n, paper in enumerate(left):
            fitting = [
                s
                for s in by_code.get(paper.code, ())
                if s.place in paper.places and s.name not in used
            ]
            for run in _runs(paper, fitting, tolerance):
                off = sum(s.grams for s in run) - paper.grams
                within = tolerance.allows(off, paper.grams)
                if close == within and (within or abs(off) <= MOST_OFF * paper.grams):
                    away = abs(run[-1].t - paper.t)
                    offers.append((abs(off) / paper.grams, away, n, run, within))
        taken: set[int] = set()
        for _, _, n, run, within in sorted(offers, key=lambda o: (o[0], o[1], o[2])):
            if n in taken or any(s.name in used for s in run):
                continue
            taken.add(n)
            used |= {s.name for s in run}
            found.matches.append(Match(left[n], run, within))
        left = [p for n, p in enumerate(left) if n not in taken]
    found.matches.sort(key=lambda m: (m.paper.t, m.paper.number))
    found.papers = left
    found.steps = [s for steps_ in by_code.values() for s in steps_ if s.name not in used]
    found.steps.sort(key=lambda s: (s.t, s.name))
    return found
