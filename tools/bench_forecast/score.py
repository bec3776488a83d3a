"""Pinball loss and coverage of quantiles, beside two simple ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from host.forecast.ensemble import QUANTILES

WAYS = ("forecast", "same hour last week", "straight line")


def pinball(truth: float, told: float, share: float) -> float:
    """The loss of a quantile (Koenker and Bassett 1978)."""
    return share * (truth - told) if truth >= told else (1 - share) * (told - truth)


@dataclass
class Score:
    """loss: way → sum over cases and quantiles; below, upto: quantile → cases below it, and not
    above it: where values are whole numbers the share asked for lies between the two."""

    cases: int = 0
    loss: dict[str, float] = field(default_factory=lambda: dict.fromkeys(WAYS, 0.0))
    below: dict[float, int] = field(default_factory=lambda: dict.fromkeys(QUANTILES, 0))
    upto: dict[float, int] = field(default_factory=lambda: dict.fromkeys(QUANTILES, 0))

    def add(self, truth: float, told: Sequence[float], week: float, line: float) -> None:
        """A case: the truth, the three quantiles, and what the two simple ways say."""
        self.cases += 1
        for share, value in zip(QUANTILES, told, strict=True):
            for way, said in zip(WAYS, (value, week, line), strict=True):
                self.loss[way] += pinball(truth, said, share)
            self.below[share] += truth < value
            self.upto[share] += truth <= value

    def less(self) -> float:
        """Percent of loss less than the better simple way."""
        better = min(self.loss[way] for way in WAYS[1:])
        return 100 * (1 - self.loss["forecast"] / better) if better else 0.0

    def off(self) -> float:
        """Points by which the worst quantile misses its share."""
        worst = 0.0
        for share in QUANTILES:
            low, high = self.below[share] / self.cases, self.upto[share] / self.cases
            worst = max(worst, low - share, share - high)
        return 100 * worst

    def lines(self, name: str, unit: str) -> list[str]:
        """A table of it."""
        made = [f"{name}: {self.cases} cases, loss in {unit}"]
        made += [f"  {way:20s} {self.loss[way] / self.cases:9.3f}" for way in WAYS]
        for share in QUANTILES:
            low, high = self.below[share] / self.cases, self.upto[share] / self.cases
            made.append(f"  {share:.0%} quantile: {low:6.1%} below it, {high:6.1%} not above it")
        made.append(f"  {self.less():.0f} % less loss than the better simple way (goal ≥ 30)")
        made.append(f"  worst quantile off by {self.off():.1f} points (goal ≤ 3)")
        return made
