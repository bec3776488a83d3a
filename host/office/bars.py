"""Stacked bars with a share as a line, for pages without other files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

from rich.cells import cell_len

from ..common import svg

WIDTH, HEIGHT = 960, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 48, 34, 52
CHARACTER = 6.5  # pixels of a Latin character of a label
TILTED = 40  # pixels below for labels that are wider than their bar


@dataclass(frozen=True)
class Bars:
    """One layer of stacked bars; None: not measured, which leaves a gap. joined: the points of a
    share follow each other in time and are joined by a line."""

    name: str
    colour: str
    values: Sequence[float | None]
    joined: bool = True


def number(value: float) -> str:
    """At most six decimals, without trailing zeros."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return text or "0"


def stacked(
    title: str, unit: str, labels: Sequence[str], layers: Sequence[Bars], share: Bars | None = None
) -> str:
    """SVG of stacked bars above labels; a share from 0 to 1 as a line on the right axis."""
    sums = [sum(layer.values[i] or 0 for layer in layers) for i in range(len(labels))]
    step = svg.round_step(max(sums, default=0))
    top = step * max(1, ceil(max(sums, default=0) / step - 1e-9))
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    slot = width / max(1, len(labels))
    tilted = max((cell_len(label) for label in labels), default=0) * CHARACTER > slot > 18
    whole = HEIGHT + (TILTED if tilted else 0)

    def y(value: float, of: float = top) -> float:
        return TOP + height * (1 - value / of)

    parts = [svg.title(title), svg.text(LEFT, 18, f"{title}（{unit}）", class_="t")]
    for n in range(round(top / step) + 1):
        mark = y(n * step)
        parts.append(svg.line(LEFT, mark, WIDTH - RIGHT, mark, class_="g"))
        parts.append(svg.text(LEFT - 6, mark + 4, number(n * step), class_="e"))
    for i, label in enumerate(labels):
        base = 0.0
        for layer in layers:
            value = layer.values[i]
            if value:
                tooltip = f"{label} {layer.name} {number(value)} {unit}"
                place = LEFT + slot * (i + 0.15), y(base + value)
                size = slot * 0.7, y(base) - y(base + value)
                parts.append(svg.rect(*place, *size, tooltip, fill=layer.colour))
                base += value
        if slot >= 18 or i % 5 == 0:
            middle, below = LEFT + slot * (i + 0.5), TOP + height + 16
            turn = f"rotate(-35 {middle:.1f} {below})" if tilted else None
            kind = "e" if tilted else "m"
            parts.append(svg.text(middle, below, label, class_=kind, transform=turn))
    if share:
        parts += _line(share, slot, lambda v: y(v, 1.0))
    named = [*layers, *([share] if share else [])]
    entries = [(LEFT + i * 150, layer.name, layer.colour) for i, layer in enumerate(named)]
    parts += svg.legend(entries, whole - 14)
    return svg.document(parts, viewBox=f"0 0 {WIDTH} {whole}", role="img")


def _line(share: Bars, slot: float, y: Callable[[float], float]) -> Iterator[str]:
    """The line of a share, broken where a value is missing, and its axis in percent."""
    for n in range(3):
        yield svg.text(WIDTH - RIGHT + 6, y(n / 2) + 4, f"{n * 50}%", class_="s")
    points = [
        (LEFT + slot * (i + 0.5), y(v)) if v is not None else None
        for i, v in enumerate(share.values)
    ]
    for a, b in pairwise(points):
        if a and b and share.joined:
            yield svg.line(*a, *b, stroke=share.colour, stroke_width="1.5")
    for p in points:
        if p:  # the white edge is seen over a bar of any colour
            edge = {"stroke": "#fff", "stroke_width": "1.2"}
            yield svg.circle(*p, "3.2", fill=share.colour, **edge)
