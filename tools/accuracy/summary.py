"""What many days come to."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from accuracy.bench import Result
from accuracy.score import Score

GOALS = (
    "collected mass per site-day: median error <= 0.2 %, p95 <= 0.5 %, worst <= 2 % or flagged; "
    "collections: recall and precision >= 0.999; deposits of 0.5 kg and more: recall >= 0.98, "
    "precision >= 0.99; idle days: nothing booked; faults: nothing booked, a persistent one told "
    "within 600 s"
)


@dataclass
class Summary:
    """Errors are shares of the true mass, without sign, sorted."""

    days: int = 0
    errors: list[float] = field(default_factory=list)
    unflagged: list[float] = field(default_factory=list)  # of the days nobody was warned of
    flagged: int = 0
    hits: dict[str, int] = field(default_factory=lambda: {"deposit": 0, "collection": 0})
    missed: dict[str, int] = field(default_factory=lambda: {"deposit": 0, "collection": 0})
    invented: dict[str, int] = field(default_factory=lambda: {"deposit": 0, "collection": 0})
    invented_g: int = 0
    hidden_g: int = 0
    from_faults_g: int = 0
    deposit_errors: list[int] = field(default_factory=list)
    fault_after: list[float] = field(default_factory=list)

    def recall(self, kind: str) -> float | None:
        n = self.hits[kind] + self.missed[kind]
        return self.hits[kind] / n if n else None

    def precision(self, kind: str) -> float | None:
        n = self.hits[kind] + self.invented[kind]
        return self.hits[kind] / n if n else None

    @property
    def worst_unflagged(self) -> float | None:
        return self.unflagged[-1] if self.unflagged else None


def summarise(scores: Sequence[Score]) -> Summary:
    s = Summary(days=len(scores))
    for score in scores:
        s.flagged += score.flagged
        if score.error is not None:
            s.errors.append(abs(score.error))
            if not score.flagged:
                s.unflagged.append(abs(score.error))
        elif score.beyond is not None and not score.flagged:
            s.unflagged.append(abs(score.beyond))
        for mine, theirs in (
            (s.hits, score.hits),
            (s.missed, score.missed),
            (s.invented, score.invented),
        ):
            for kind in mine:
                mine[kind] += theirs[kind]
        s.invented_g += score.invented_g
        s.hidden_g += score.hidden_g
        s.from_faults_g += score.from_faults_g
        s.deposit_errors += [abs(e) for e in score.deposit_errors]
        if score.fault_after_s is not None:
            s.fault_after.append(score.fault_after_s)
    s.errors.sort()
    s.unflagged.sort()
    s.deposit_errors.sort()
    return s


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that this share of them does not exceed."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, -int(-share * len(ordered) // 1) - 1))]


def median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def by_family(results: Sequence[Result], method: str) -> dict[str, Summary]:
    """Of every family; of no day where a method cannot be used."""
    families = dict.fromkeys(r.family for r in results)
    return {f: overall([r for r in results if r.family == f], method) for f in families}


def overall(results: Sequence[Result], method: str) -> Summary:
    return summarise([r.scores[method] for r in results if method in r.scores])


def shortfalls(results: Sequence[Result], method: str) -> list[str]:
    """Where the goals are not met, a line each."""
    families = by_family(results, method)
    total = overall(results, method)
    lines = []

    def check(what: str, value: float | None, limit: float, more: bool = False) -> None:
        if value is not None and (value < limit if more else value > limit):
            lines.append(f"{what}: {value:.5g}, the goal is {limit:g}")

    check("collected mass, median error", median(total.errors), 0.002)
    check("collected mass, p95 of error", quantile(total.errors, 0.95), 0.005)
    check("collected mass, worst error of a day not flagged", total.worst_unflagged, 0.02)
    check("collections, recall", total.recall("collection"), 0.999, True)
    check("collections, precision", total.precision("collection"), 0.999, True)
    check("deposits, recall", total.recall("deposit"), 0.98, True)
    check("deposits, precision", total.precision("deposit"), 0.99, True)
    if "idle" in families:
        check("idle: kg invented", families["idle"].invented_g / 1000, 0)
    check("kg booked from faults", total.from_faults_g / 1000, 0)
    for name, family in families.items():
        check(f"{name}: s until the fault was told", max(family.fault_after, default=None), 600)
    return lines


def failures(results: Sequence[Result], method: str) -> list[str]:
    """family, seed and what is wrong, for every day on which something is."""
    lines = []
    for r in results:
        s = r.scores[method]
        what = list(s.what)
        if s.error is not None and abs(s.error) > 0.005:
            flag = "flagged" if s.flagged else "not flagged"
            what.append(f"collected mass off by {100 * s.error:+.2f} %, {flag}")
        if s.from_faults_g:
            what.append(f"{s.from_faults_g / 1000} kg booked from faults")
        if s.fault_after_s is not None and s.fault_after_s > 600:
            what.append(f"fault told after {s.fault_after_s} s")
        lines += [f"{r.family} {r.seed}: {w}" for w in what]
    return lines
