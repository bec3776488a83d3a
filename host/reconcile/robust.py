"""Medians, and spreads that single wrong values do not move."""

from __future__ import annotations

import math
from collections.abc import Sequence

_NORMAL = 1.4826  # MAD → standard deviation of a normal distribution
_OF_MEDIAN = 1.2533  # standard error of a median over that of a mean, normal distribution


def median(values: Sequence[float]) -> float:
    """Of at least one value."""
    ordered = sorted(values)
    n = len(ordered)
    return ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2


def spread(values: Sequence[float], least: float = 0.0) -> float:
    """Standard deviation by the median absolute deviation, at least `least`."""
    if len(values) < 2:
        return least
    middle = median(values)
    return max(least, _NORMAL * median([abs(v - middle) for v in values]))


def middle(values: Sequence[float], least_spread: float = 0.0) -> tuple[float, float]:
    """The median and its standard uncertainty."""
    error = _OF_MEDIAN * spread(values, least_spread) / math.sqrt(len(values))
    return median(values), error


def trimmed(values: Sequence[float], least_spread: float = 0.0) -> tuple[float, float]:
    """The mean without the lowest and the highest tenth, and its standard uncertainty (Tukey and
    McLaughlin 1963: from the values drawn in to the last that are kept). Of at least two."""
    ordered, n = sorted(values), len(values)
    cut = n // 10
    kept = ordered[cut : n - cut]
    mean = sum(kept) / len(kept)
    drawn_in = [min(max(v, kept[0]), kept[-1]) for v in ordered]
    about = sum(drawn_in) / n
    spread_ = math.sqrt(sum((v - about) ** 2 for v in drawn_in) / (n - 1))
    return mean, max(least_spread, spread_ * n / len(kept)) / math.sqrt(n)


def without_far(values: Sequence[float]) -> list[float]:
    """Those within four robust spreads of the median: all but what is wrong."""
    far, about = 4 * spread(values), median(values)
    return [v for v in values if abs(v - about) <= far]


def beyond(values: Sequence[float], errors: Sequence[float]) -> float:
    """Standard deviation of estimates beyond their own uncertainties, without those far away."""
    kept = without_far(values)
    if len(kept) < 2:
        return 0.0
    mean = sum(kept) / len(kept)
    variance = sum((v - mean) ** 2 for v in kept) / (len(kept) - 1)
    own = sum(e * e for e in errors) / len(errors)
    return math.sqrt(max(0.0, variance - own))


def median_of(
    values: Sequence[float], errors: Sequence[float], between: float, least_spread: float = 0.0
) -> tuple[float, float]:
    """The median and its standard uncertainty, of values with known uncertainties: of few values
    these say more than the median absolute deviation. between: as `beyond` finds it."""
    own = math.sqrt(sum(e * e for e in errors) / len(errors))
    of_one = max(least_spread, math.hypot(own, between))
    return median(values), _OF_MEDIAN * of_one / math.sqrt(len(values))


def student(sigmas: float, n: int) -> float:
    """As many standard deviations, where these are known from n values alone: Abramowitz and
    Stegun 26.7.5, first term."""
    return sigmas + (sigmas**3 + sigmas) / (4 * max(1, n - 1))
