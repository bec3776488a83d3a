"""A bar chart as SVG. Horizontal places are percent of the width and heights are pixels, so that
it fills a phone or a desk without stretching its letters."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from ..common import svg

HEIGHT = 140
DAYS, MONTHS = 6, 12  # labels that fit next to each other on a phone


def top(most: float) -> float:
    """The round value at or above the highest bar; half of it is round too."""
    size = 10.0 ** math.floor(math.log10(most))
    return next(size * n for n in (1, 2, 4, 6, 8, 10) if size * n >= most)


def short(name: str) -> str:
    """A label without the year: 03-05 of 2026-03-05, 03 of 2026-03."""
    return name[5:] if name[:4].isdigit() else name


def _scale(highest: float, unit: str, height: int) -> list[str]:
    """Lines and labels at 0, half and the whole of it."""
    parts = []
    for share in (0, 0.5, 1):
        y = f"{height * (1 - share):g}"
        parts.append(svg.line("0", y, "100%", y))
        label = f"{highest * share:g}" + (f" {unit}" if share == 1 else "")
        below = f"{height * (1 - share) + 4:g}"
        parts.append(svg.text("-6", below, label, text_anchor="end"))
    return parts


def bars(values: Sequence[tuple[str, float | None]], unit: str) -> Markup:
    """One bar for each (day or month, value); None leaves a gap. At least one value is above 0."""
    highest = top(max(v for _, v in values if v))
    step = 100 / len(values)
    often = math.ceil(len(values) / (MONTHS if len(values[0][0]) == 7 else DAYS))
    summary = f"{values[0][0]} – {values[-1][0]}, ≤ {highest:g} {unit}"
    parts = _scale(highest, unit, HEIGHT)
    for n, (name, value) in enumerate(values):
        x, width = f"{n * step + step * 0.1:.2f}%", f"{step * 0.8:.2f}%"
        if n % often == 0:
            middle = f"{(n + 0.5) * step:.2f}%"
            parts.append(svg.text(middle, HEIGHT + 22, short(name), text_anchor="middle"))
        if value is None:
            parts.append(svg.rect(x, 0, width, HEIGHT, class_="gap"))
            continue
        high = HEIGHT * value / highest
        exact = f"{name}: {value:.3f} {unit}"
        parts.append(svg.rect(x, HEIGHT - high, width, high, exact, class_="bar"))
    whole = svg.document(parts, "", class_="bars", role="img", aria_label=summary)
    return Markup(whole)  # noqa: S704  svg escapes every part of it


def hours(
    now: Sequence[float | None],
    before: Sequence[float],
    unit: str,
    summary: str,
    height: int = HEIGHT,
) -> Markup:
    """One bar for each hour, over a wider hollow one of the day before; None leaves out what is
    to come. At least one value is above 0."""
    highest = top(max(v for v in (*now, *before) if v))
    step = 100 / len(before)
    parts = _scale(highest, unit, height)
    for n, (value, other) in enumerate(zip(now, before, strict=True)):
        if n % 6 == 0:
            middle = f"{(n + 0.5) * step:.2f}%"
            parts.append(svg.text(middle, height + 22, f"{n:02}:00", text_anchor="middle"))
        for share, mass, kind in ((0.86, other, "before"), (0.5, value, "bar")):
            if mass:
                x, width = f"{(n + (1 - share) / 2) * step:.2f}%", f"{share * step:.2f}%"
                high = height * mass / highest
                exact = f"{n:02}:00: {mass:.3f} {unit}"
                parts.append(svg.rect(x, height - high, width, high, exact, class_=kind))
    whole = svg.document(parts, "", class_="bars", role="img", aria_label=summary)
    return Markup(whole)  # noqa: S704  svg escapes every part of it


WIDE, HIGH = 124, 36


def small(values: Sequence[float | None], most: float, summary: str) -> Markup:
    """Bars without labels, WIDE x HIGH pixels, that fill what is around them; None leaves a gap.
    most: what the highest bar of all that stand side by side is."""
    step = WIDE / len(values)
    run = "".join(
        f"M{n * step:.1f} {HIGH}v{-HIGH * value / most:.1f}h{step * 0.8:.1f}V{HIGH}z"
        for n, value in enumerate(values)
        if value and most
    )
    box = f"0 0 {WIDE} {HIGH}"
    path = svg.element("path", d=run, class_="bar")
    return Markup(  # noqa: S704  svg escapes every part of it
        svg.document(
            [path], "", class_="small", viewBox=box, preserveAspectRatio="none", role="img",
            aria_label=summary,
        )
    )  # fmt: skip
