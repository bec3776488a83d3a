"""Weighings as dots about zero, as SVG, beside the limit of what they tell. Places as in chart:
horizontal ones are percent of the width, heights are pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from ..common import svg
from ..common.local_days import DAY_S, bounds, date_of, local_day
from .chart import HEIGHT, top

_R = 3  # pixels
_TICKS = 4  # labels that fit next to each other on a phone
_MOST_OVER = 10  # of so many dots one may stand at the edge


class Dot(NamedTuple):
    """x: Unix seconds, or what else is told along the picture; half: of its 95 % interval; kind: a
    class of the style sheet; tip: what it says when it is pointed at."""

    x: float
    y: float
    half: float
    kind: str
    tip: str


class Line(NamedTuple):
    """A straight line from (x0, y0) to (x1, y1)."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True)
class Frame:
    """What stands around dots. limit: drawn above and below zero, 0: there is none; ticks: labels
    along the picture; since: where a line stands across, 0: at no place."""

    summary: str
    unit: str
    ticks: Sequence[tuple[float, str]]
    limit: float = 0.0
    lines: Sequence[Line] = ()
    since: float = 0.0


def highest(dots: Sequence[Dot], limit: float) -> float:
    """To where the picture reaches: nearly all dots, and the limit."""
    ordered = sorted(abs(d.y) for d in dots)
    usual = ordered[len(ordered) - 1 - len(ordered) // _MOST_OVER]
    return top(max(1.15 * usual, 1.3 * limit, 1e-9))


def days(dots: Sequence[Dot]) -> list[tuple[float, str]]:
    """Labels of a time: midnights in Shanghai, as month and day."""
    first, last = local_day(int(min(d.x for d in dots))), local_day(int(max(d.x for d in dots)))
    step = max(1, -(-(last - first) // _TICKS))
    return [(bounds(n)[0], f"{date_of(n):%m-%d}") for n in range(first + 1, last + 1, step)]


def even(dots: Sequence[Dot], unit: str) -> list[tuple[float, str]]:
    """Labels of another quantity at whole steps."""
    low, high = min(d.x for d in dots), max(d.x for d in dots)
    step = svg.round_step(max(high - low, 1e-9), _TICKS)
    n = int(low // step) + 1
    ticks: list[tuple[float, str]] = []
    while n * step <= high and len(ticks) <= _TICKS:
        ticks.append((n * step, f"{n * step:g} {unit}"))
        n += 1
    return ticks


def picture(dots: Sequence[Dot], frame: Frame) -> Markup:
    """A dot beyond the picture stands at its edge, hollow. At least one dot."""
    limit, since, unit = frame.limit, frame.since, frame.unit
    most = highest(dots, limit)
    low, high = min(d.x for d in dots), max(d.x for d in dots)
    wide = max(high - low, DAY_S if low > DAY_S else 1e-9)

    def x(value: float) -> str:
        return f"{2 + 96 * (value - low) / wide:.2f}%"

    def y(value: float) -> float:
        return HEIGHT / 2 * (1 - max(-1.0, min(1.0, value / most)))

    parts = [svg.line("0", y(v), "100%", y(v)) for v in (-most, 0.0, most)]
    for value in (-most, 0.0, most):
        label = f"{value:+g} {unit}" if value > 0 else f"{value:g}"
        parts.append(svg.text("-6", y(value) + 4, label, text_anchor="end"))
    edges = (-limit, limit) if limit else ()
    parts += [svg.line("0", y(v), "100%", y(v), class_="limit") for v in edges]
    if since and low <= since <= high:
        parts.append(svg.line(x(since), 0, x(since), HEIGHT, class_="since"))
    parts += [svg.line(x(v.x0), y(v.y0), x(v.x1), y(v.y1), class_="fit") for v in frame.lines]
    for at, label in frame.ticks:
        if low <= at <= high:
            parts.append(svg.text(x(at), HEIGHT + 22, label, text_anchor="middle"))
    for d in dots:
        if d.half and abs(d.y) <= most:
            ends = y(d.y - d.half), y(d.y + d.half)
            parts.append(svg.line(x(d.x), ends[0], x(d.x), ends[1], class_="half"))
        far = " far" if abs(d.y) > most else ""
        parts.append(
            svg.element(
                "circle", svg.title(d.tip), cx=x(d.x), cy=y(d.y), r=_R, class_=f"dot {d.kind}{far}"
            )
        )
    whole = svg.document(parts, "", class_="bars dots", role="img", aria_label=frame.summary)
    return Markup(whole)  # noqa: S704  svg escapes every part of it
