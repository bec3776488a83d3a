"""Fits a calibration to points of known weight, and judges it by OIML R 76."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..metrology import r76

LEAST_APART_C = 5.0  # smaller differences of temperature give no coefficient
_MG = 1_000_000  # in a kg


@dataclass(frozen=True)
class Point:
    """A known load and the counts of the platform; c: °C, None without a thermometer; spread:
    of the counts; stable_s: seconds at rest."""

    kg: float
    counts: int
    c: float | None = None
    spread: int = 0
    stable_s: int = 0


@dataclass(frozen=True)
class Fit:
    """Zero (counts) and scale (counts per kg) at t_c (°C), and their change with temperature:
    counts per °C and ppm per °C."""

    zero: int
    counts_per_kg: float
    t_c: float | None = None
    zero_per_c: float = 0.0
    span_ppm_per_c: float = 0.0

    def kg(self, counts: float, c: float | None = None) -> float:
        """Mass (kg) shown at these counts and temperature (°C); the firmware's formula."""
        warmer = 0.0 if c is None or self.t_c is None else c - self.t_c
        zero = self.zero + self.zero_per_c * warmer
        return (counts - zero) / (self.counts_per_kg * (1 + self.span_ppm_per_c * 1e-6 * warmer))


class NoFit(Exception):
    """Why the points do not determine a fit; one line."""


def limit_e(kg: float, e_kg: float) -> float:
    """Maximum permissible error at initial verification in e (OIML R 76-1, 3.5.1)."""
    return r76.half_intervals(round(kg * _MG), round(e_kg * _MG)) / 2


def _seven(x: float) -> float:
    """x with seven digits, which a float of the ESP32 holds."""
    return float(f"{x:.7g}")


def line(points: Sequence[Point]) -> Fit:
    """Zero and scale by least squares, at the mean temperature; NoFit for fewer than two
    weights, or weights without effect."""
    if len({p.kg for p in points}) < 2:
        raise NoFit("expected at least two different weights")
    n = len(points)
    mean_kg = sum(p.kg for p in points) / n
    mean_counts = sum(p.counts for p in points) / n
    square = sum((p.kg - mean_kg) ** 2 for p in points)
    scale = sum((p.kg - mean_kg) * (p.counts - mean_counts) for p in points) / square
    if abs(scale) < 1:
        raise NoFit("the weights make no difference: is the platform wired?")
    scale = _seven(scale)
    return Fit(round(mean_counts - scale * mean_kg), scale, mean_c(points))


def mean_c(points: Sequence[Point]) -> float | None:
    """Mean temperature in °C to 0.01; None where a point has none."""
    temperatures = [p.c for p in points if p.c is not None]
    return (
        round(sum(temperatures) / len(temperatures), 2)
        if temperatures and len(temperatures) == len(points)
        else None
    )


def plane(first: Sequence[Point], second: Sequence[Point]) -> Fit:
    """Zero, scale and both coefficients from points at two temperatures; t_c is the second one.
    counts = zero + a * dt + scale * kg + b * dt * kg is linear in all four. NoFit where
    temperatures or weights do not determine them."""
    t1, t2 = mean_c(first), mean_c(second)
    if t1 is None or t2 is None:
        raise NoFit("a thermometer is missing: set `temperature` of the weight channel")
    if abs(t2 - t1) < LEAST_APART_C:
        raise NoFit(
            f"the temperatures {t1:g} and {t2:g} degC are less than {LEAST_APART_C:g} apart"
        )
    for points in (first, second):
        line(points)  # each needs two weights of its own
    top = max(p.kg for p in (*first, *second)) or 1.0
    span = t2 - t1
    rows = []
    for p in (*first, *second):
        assert p.c is not None
        x, y = (p.c - t2) / span, p.kg / top  # all about 1, which keeps precision
        rows.append(((1.0, x, y, x * y), float(p.counts)))
    zero, a, scale, b = _solve(rows)
    scale = _seven(scale / top)
    ppm = b / top / span / scale * 1e6
    return Fit(round(zero), scale, t2, _seven(a / span), round(ppm, 2))


def _solve(rows: Sequence[tuple[Sequence[float], float]]) -> list[float]:
    """Least squares by the normal equations, by Gaussian elimination with pivots."""
    n = len(rows[0][0])
    m = [
        [sum(r[i] * r[j] for r, _ in rows) for j in range(n)] + [sum(r[i] * v for r, v in rows)]
        for i in range(n)
    ]
    for i in range(n):
        pivot = max(range(i, n), key=lambda k: abs(m[k][i]))
        if abs(m[pivot][i]) < 1e-9:
            raise NoFit("the points do not determine zero, scale and both coefficients")
        m[i], m[pivot] = m[pivot], m[i]
        for k in range(n):
            if k != i:
                factor = m[k][i] / m[i][i]
                m[k] = [u - factor * v for u, v in zip(m[k], m[i], strict=True)]
    return [m[i][n] / m[i][i] for i in range(n)]


@dataclass(frozen=True)
class Residual:
    """Error at a point, shown less true, in kg and in e; limit_e: the maximum permissible."""

    point: Point
    kg: float
    e: float
    limit_e: float

    @property
    def within(self) -> bool:
        return abs(self.e) <= self.limit_e


def residuals(fit: Fit, points: Sequence[Point], e_kg: float) -> list[Residual]:
    """The error at each point."""
    out = []
    for p in points:
        off = fit.kg(p.counts, p.c) - p.kg
        out.append(Residual(p, off, off / e_kg, limit_e(p.kg, e_kg)))
    return out


@dataclass(frozen=True)
class Suspect:
    """A point that does not fit the others, and its weight (kg) by their fit."""

    index: int
    kg: float


def suspects(points: Sequence[Point], e_kg: float, scale: float | None) -> list[Suspect]:
    """Points without which the others fit; a mistyped weight gives exactly one.

    Of three points each pair fits; then `scale` (counts per kg until now) decides."""
    candidates = []
    for i, p in enumerate(points):
        rest = [*points[:i], *points[i + 1 :]]
        if len({r.kg for r in rest}) < 2 or (p.kg == 0 and len(points) == 3):
            continue
        fit = line(rest)
        if all(r.within for r in residuals(fit, rest, e_kg)):
            candidates.append((i, fit))
    if len(candidates) > 1 and scale:
        near = [(i, f) for i, f in candidates if abs(f.counts_per_kg / scale - 1) < 0.02]
        candidates = near or candidates
    return [Suspect(i, fit.kg(points[i].counts)) for i, fit in candidates]


def exchanged(points: Sequence[Point], e_kg: float) -> tuple[int, int] | None:
    """Indexes of two points that fit once their weights are exchanged; None: no such pair."""
    for i in range(len(points)):
        for j in range(i + 1, len(points)):
            swapped = list(points)
            swapped[i] = replace(points[i], kg=points[j].kg)
            swapped[j] = replace(points[j], kg=points[i].kg)
            if points[i].kg != points[j].kg and all(
                r.within for r in residuals(line(swapped), swapped, e_kg)
            ):
                return i, j
    return None


@dataclass(frozen=True)
class Verdict:
    """The fit with its residuals; notes: for the technician."""

    fit: Fit
    residuals: list[Residual]
    passed: bool
    notes: list[str]


def judge(
    points: Sequence[Point],
    e_kg: float,
    max_kg: float,
    scale: float | None = None,
    earlier: Sequence[Point] = (),
) -> Verdict:
    """Fit and verdict: passed if every residual is within its limit. scale: counts per kg until
    now; earlier: points at another temperature, for the coefficients, which are judged as
    well. NoFit where the points do not determine a fit."""
    fit = plane(earlier, points) if earlier else line(points)
    left = residuals(fit, (*earlier, *points), e_kg)
    passed = all(r.within for r in left)
    notes = [] if passed else _reasons(points, e_kg, scale)
    if len(points) == 2 and not earlier:
        notes.append("two points always fit each other: a third weight would show a mistake")
        if scale and not 0.8 < fit.counts_per_kg / scale < 1.25:
            passed = False
            notes.append(
                f"{fit.counts_per_kg:g} counts per kg, {scale:g} until now: "
                "is a weight mis-typed, or is this another cell?"
            )
    if (top := max(p.kg for p in points)) < max_kg / 2:
        notes.append(f"the heaviest weight, {top:g} kg, is less than half of Max {max_kg:g} kg")
    return Verdict(fit, left, passed, notes)


def _reasons(points: Sequence[Point], e_kg: float, scale: float | None) -> list[str]:
    if len(points) < 3:
        return ["the points of the two temperatures do not fit each other"]
    suspected = suspects(points, e_kg, scale)
    if len(suspected) == 1:
        s = suspected[0]
        typed = points[s.index].kg
        text = f"point {s.index + 1} does not fit: {typed:g} kg was typed, the others see"
        return [f"{text} {s.kg:.3f} kg there"]
    if pair := exchanged(points, e_kg):
        i, j = pair
        text = f"points {i + 1} and {j + 1} fit when {points[i].kg:g} kg and {points[j].kg:g} kg"
        return [f"{text} change places"]
    if suspected:
        which = " or ".join(f"{s.index + 1} ({points[s.index].kg:g} kg)" for s in suspected)
        return [f"one of the points {which} does not fit: measure with one more weight"]
    return ["more than one point does not fit: is a cell overloaded or touching something?"]
