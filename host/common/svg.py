"""SVG as text: elements with their values escaped, numbers to a tenth, and round axes.

Every picture of the project is made of these; a plotting library would bring a file of its own
or a megabyte into pages that must work without a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from math import floor, log10

Value = str | float | None
NAMESPACE = "http://www.w3.org/2000/svg"


def element(name: str, inside: str = "", /, **attributes: Value) -> str:
    """An element around `inside`, which is SVG. Attributes that are None are left out; class_ and
    stroke_width are written class and stroke-width."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>"


def _value(value: str | float) -> str:
    return f"{value:.1f}" if isinstance(value, float) else escape(str(value))


def title(text: str) -> str:
    """A tooltip for the element around it; nothing for an empty text."""
    return element("title", escape(text)) if text else ""


def text(x: Value, y: Value, words: str, /, **attributes: Value) -> str:
    """Words at a place (pixels, or percent with a sign), by default to its right."""
    return element("text", escape(words), x=x, y=y, **attributes)


def line(x1: Value, y1: Value, x2: Value, y2: Value, /, **attributes: Value) -> str:
    """A straight line."""
    return element("line", x1=x1, x2=x2, y1=y1, y2=y2, **attributes)


def rect(
    x: Value, y: Value, width: Value, height: Value, tooltip: str = "", /, **attributes: Value
) -> str:
    """A rectangle with an optional tooltip."""
    return element("rect", title(tooltip), x=x, y=y, width=width, height=height, **attributes)


def circle(x: Value, y: Value, r: Value, /, **attributes: Value) -> str:
    """A filled circle."""
    return element("circle", cx=x, cy=y, r=r, **attributes)


def polyline(points: Iterable[tuple[float, float]], /, **attributes: Value) -> str:
    """A line through points."""
    run = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return element("polyline", points=run, fill="none", **attributes)


def legend(entries: Sequence[tuple[int, str, str]], y: int, size: int = 10) -> Iterator[str]:
    """A small square and a name for each (x, name, colour)."""
    for x, name, colour in entries:
        yield rect(x, y - 9, size, 10, fill=colour)
        yield text(x + size + 6, y, name, class_="s")


def document(parts: Iterable[str], between: str = "\n", /, **attributes: Value) -> str:
    """The whole picture; between: what separates its parts."""
    inside = between.join(["", *parts, ""])
    return element("svg", inside, xmlns=NAMESPACE, **attributes)


def round_step(most: float, parts: int = 5) -> float:
    """1, 2 or 5 times a power of ten that divides an axis up to `most` into at most `parts`."""
    if most <= 0:
        return 1.0
    power = 10.0 ** floor(log10(most / parts))
    return next(m * power for m in (1, 2, 5, 10) if m * power * parts >= most * 0.999999)
