"""Bars with their axes as SVG. Places along are percent of the width and heights are pixels,
so that a chart fills a phone or a desk and its letters are never stretched."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

HEIGHT = 140
DAYS, MONTHS = 6, 12  # so many names along stand apart on a phone


def top(most: float) -> float:
    """The round figure at or above the highest bar; half of it is round, too."""
    size = 10.0 ** math.floor(math.log10(most))
    return next(size * n for n in (1, 2, 4, 6, 8, 10) if size * n >= most)


def short(name: str) -> str:
    """Of 2026-03-05 what tells it from the bars beside it: 03-05; of 2026-03: 03."""
    return name[5:] if name[:4].isdigit() else name


def bars(values: Sequence[tuple[str, float | None]], unit: str) -> Markup:
    """Values by name of a day or month; None is a gap. Some value is above 0."""
    highest = top(max(v for _, v in values if v))
    step = 100 / len(values)
    often = math.ceil(len(values) / (MONTHS if len(values[0][0]) == 7 else DAYS))
    said = f"{values[0][0]} – {values[-1][0]}, ≤ {highest:g} {unit}"
    out = [f'<svg class="bars" role="img" aria-label="{escape(said)}">']
    for share in (0, 0.5, 1):
        y = HEIGHT * (1 - share)
        out.append(f'<line x1="0" x2="100%" y1="{y:g}" y2="{y:g}"/>')
        label = f"{highest * share:g}" + (f" {escape(unit)}" if share == 1 else "")
        out.append(f'<text x="-6" y="{y + 4:g}" text-anchor="end">{label}</text>')
    for n, (name, value) in enumerate(values):
        x = f'x="{n * step + step * 0.1:.2f}%" width="{step * 0.8:.2f}%"'
        if n % often == 0:
            middle = f'x="{(n + 0.5) * step:.2f}%" y="{HEIGHT + 22}" text-anchor="middle"'
            out.append(f"<text {middle}>{escape(short(name))}</text>")
        if value is None:
            out.append(f'<rect class="gap" {x} y="0" height="{HEIGHT}"/>')
            continue
        h = HEIGHT * value / highest
        said = f"{name}: {value:.3f} {unit}"
        out.append(
            f'<rect class="bar" {x} y="{HEIGHT - h:.1f}" height="{h:.1f}">'
            f"<title>{escape(said)}</title></rect>"
        )
    out.append("</svg>")
    return Markup("".join(out))  # noqa: S704  every part of it is a number or escaped
