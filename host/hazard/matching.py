"""Matches manifests and tickets with weighed steps by time, place, waste code and mass."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

WINDOW_S = 24 * 3600
MOST_OFF = 0.5  # a difference above this share of the paper's mass: not the same load
LONGEST = 40  # most steps of one load


@dataclass(frozen=True)
class Tolerance:
    """A difference is allowed up to the larger of percent and kg. No standard gives these
    limits: they are a choice of this project."""

    percent: float = 5.0
    kg: float = 5.0
    window_s: int = WINDOW_S

    def allows(self, difference_g: int, of_g: int) -> bool:
        return abs(difference_g) <= max(self.kg * 1000, self.percent / 100 * of_g)


@dataclass(frozen=True)
class Paper:
    """A 联单 or ticket: net mass in g, Unix seconds. places: one of them must fit."""

    number: str
    places: frozenset[str]
    code: str
    grams: int
    t: int


@dataclass(frozen=True)
class Step:
    """A weigh-out or a collection: mass in g, Unix seconds. name: identifies it."""

    name: str
    place: str
    code: str
    grams: int
    t: int


@dataclass(frozen=True)
class Match:
    """One paper and the steps of its load. within: inside the tolerance. difference: mass
    of the steps less that of the paper, in g."""

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
    """Every run of consecutive steps, within the time window, that may be the load."""
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


@dataclass(frozen=True)
class _Offer:
    """Steps that may be the load of a paper; better offers sort first."""

    share_off: float
    seconds_off: int
    index: int  # of the paper
    run: tuple[Step, ...]

    @property
    def order(self) -> tuple[float, int, int]:
        return self.share_off, self.seconds_off, self.index


def match(papers: Iterable[Paper], steps: Iterable[Step], tolerance: Tolerance) -> Matched:
    """Match each paper and each step at most once: first what lies within the tolerance,
    then what differs by at most MOST_OFF of the paper's mass; the best offer first."""
    by_code: dict[str, list[Step]] = {}
    for s in sorted(steps, key=lambda s: (s.t, s.name)):
        by_code.setdefault(s.code, []).append(s)
    unmatched = sorted(papers, key=lambda p: (p.t, p.number))
    matches: list[Match] = []
    used: set[str] = set()  # names of matched steps
    for within in (True, False):
        offers = list(_offers(unmatched, by_code, used, tolerance, within))
        accepted = _accept(offers, used)
        matches += [Match(unmatched[i], run, within) for i, run in accepted.items()]
        unmatched = [p for i, p in enumerate(unmatched) if i not in accepted]
    matches.sort(key=lambda m: (m.paper.t, m.paper.number))
    unused = [s for same_code in by_code.values() for s in same_code if s.name not in used]
    return Matched(matches, unmatched, sorted(unused, key=lambda s: (s.t, s.name)))


def _offers(
    papers: Sequence[Paper],
    by_code: Mapping[str, Sequence[Step]],
    used: Container[str],
    tolerance: Tolerance,
    within: bool,
) -> Iterable[_Offer]:
    """Runs of unused steps for each paper, inside the tolerance or outside it."""
    for index, paper in enumerate(papers):
        fitting = [
            s for s in by_code.get(paper.code, ()) if s.place in paper.places and s.name not in used
        ]
        for run in _runs(paper, fitting, tolerance):
            off = abs(sum(s.grams for s in run) - paper.grams)
            if tolerance.allows(off, paper.grams) != within:
                continue
            if within or off <= MOST_OFF * paper.grams:
                yield _Offer(off / paper.grams, abs(run[-1].t - paper.t), index, run)


def _accept(offers: Iterable[_Offer], used: set[str]) -> dict[int, tuple[Step, ...]]:
    """Index of paper -> run, the best offers first; names of their steps are added to used."""
    accepted: dict[int, tuple[Step, ...]] = {}
    for offer in sorted(offers, key=lambda o: o.order):
        names = {s.name for s in offer.run}
        if offer.index not in accepted and not names & used:
            accepted[offer.index] = offer.run
            used |= names
    return accepted
