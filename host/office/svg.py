"""Plots as SVG text, for pages that need no other file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import ceil, floor, log10

from rich.cells import cell_len

WIDTH, HEIGHT = 960, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 48, 34, 52
CHARACTER = 6.5  # width of a Latin character of a label
TILTED = 40  # room below for labels that are wider than their bar


@dataclass(frozen=True)
class Bars:
    """One layer of stacked bars; None: not measured, which leaves a gap. joined: of a share,
    whether its points follow each other in time."""

    name: str
    colour: str
    values: Sequence[float | None]
    joined: bool = True


def step(most: float) -> float:
    """A round step that divides the axis into at most five."""
    if most <= 0:
        return 1.0
    power = 10.0 ** floor(log10(most / 5))
    return next(m * power for m in (1, 2, 5, 10) if m * power * 5 >= most * 0.999999)


def number(value: float) -> str:
    """At most six places, no trailing zeros."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return text or "0"


def stacked(
    title: str, unit: str, labels: Sequence[str], layers: Sequence[Bars], share: Bars | None = None
) -> str:
    """Stacked bars over labels; a share from 0 to 1 as a line on the right axis."""
    sums = [sum(layer.values[i] or 0 for layer in layers) for i in range(len(labels))]
    by = step(max(sums, default=0))
    top = by * max(1, ceil(max(sums, default=0) / by - 1e-9))
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    slot = width / max(1, len(labels))
    tilted = max((cell_len(label) for label in labels), default=0) * CHARACTER > slot > 18
    whole = HEIGHT + (TILTED if tilted else 0)

    def y(value: float, of: float = top) -> float:
        return TOP + height * (1 - value / of)

    out = [
        f'<svg viewBox="0 0 {WIDTH} {whole}" role="img" xmlns="http://www.w3.org/2000/svg">',
        f"<title>{escape(title)}</title>",
        f'<text x="{LEFT}" y="18" class="t">{escape(title)}（{escape(unit)}）</text>',
    ]
    for n in range(round(top / by) + 1):
        at = y(n * by)
        out.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" class="g"/>'
        )
        out.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" class="e">{number(n * by)}</text>')
    for i, label in enumerate(labels):
        base = 0.0
        for layer in layers:
            value = layer.values[i]
            if value:
                x, upper = LEFT + slot * (i + 0.15), y(base + value)
                out.append(
                    f'<rect x="{x:.1f}" y="{upper:.1f}" width="{slot * 0.7:.1f}" '
                    f'height="{y(base) - upper:.1f}" fill="{layer.colour}">'
                    f"<title>{escape(label)} {escape(layer.name)} {number(value)} "
                    f"{escape(unit)}</title></rect>"
                )
                base += value
        if slot >= 18 or i % 5 == 0:
            under, below = f"{LEFT + slot * (i + 0.5):.1f}", TOP + height + 16
            turned = f'class="e" transform="rotate(-35 {under} {below})"'
            kind = turned if tilted else 'class="m"'
            out.append(f'<text x="{under}" y="{below}" {kind}>{escape(label)}</text>')
    if share:
        out += _line(share, slot, lambda v: y(v, 1.0))
    out += _legend([*layers, *([share] if share else [])], whole - 14)
    return "\n".join([*out, "</svg>"])


def _line(share: Bars, slot: float, y: Callable[[float], float]) -> list[str]:
    """A broken line: not drawn where a value is missing. The right axis is in percent."""
    out = [
        f'<text x="{WIDTH - RIGHT + 6}" y="{y(n / 2) + 4:.1f}" class="s">{n * 50}%</text>'
        for n in range(3)
    ]
    points = [
        (LEFT + slot * (i + 0.5), y(v)) if v is not None else None
        for i, v in enumerate(share.values)
    ]
    for a, b in pairwise(points):
        if a and b and share.joined:
            out.append(
                f'<line x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}" '
                f'stroke="{share.colour}" stroke-width="1.5"/>'
            )
    out += [
        f'<circle cx="{p[0]:.1f}" cy="{p[1]:.1f}" r="3.2" fill="{share.colour}" '
        'stroke="#fff" stroke-width="1.2"/>'  # seen over a bar of any colour
        for p in points
        if p
    ]
    return out


def _legend(layers: Sequence[Bars], y: int) -> list[str]:
    out = []
    for i, layer in enumerate(layers):
        x = LEFT + i * 150
        out.append(f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{layer.colour}"/>')
        out.append(f'<text x="{x + 16}" y="{y}" class="s">{escape(layer.name)}</text>')
    return out
