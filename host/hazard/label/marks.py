"""Marks of 危险特性: symbols in a rhombus. Drawn here after what HJ 1276-2022 names; its own
artwork could not be read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from .shapes import Disc, Point, Polygon, Shape


def mark(letter: str, x: float, y: float, size: float) -> list[Shape]:
    """The mark of a letter of content.MARKS within a square."""
    half = size / 2
    cx, cy = x + half, y + half

    def rhombus(r: float, ink: bool) -> Polygon:
        return Polygon(((cx, cy - r), (cx + r, cy), (cx, cy + r), (cx - r, cy)), ink)

    shapes: list[Shape] = [rhombus(half, True), rhombus(half * 0.92, False)]
    shapes += (_placed(s, cx, cy, half) for s in _SYMBOLS[letter]())
    return shapes


def _placed(shape: Shape, cx: float, cy: float, half: float) -> Shape:
    """From a square of -1 to 1 around the middle."""
    if isinstance(shape, Disc):
        return Disc(cx + shape.x * half, cy + shape.y * half, shape.radius * half, shape.ink)
    assert isinstance(shape, Polygon)
    return Polygon(tuple((cx + x * half, cy + y * half) for x, y in shape.points), shape.ink)


def _bar(a: Point, b: Point, width: float, ink: bool = True) -> Polygon:
    """A thick line."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    n = math.hypot(dx, dy)
    ox, oy = -dy / n * width / 2, dx / n * width / 2
    return Polygon(
        ((a[0] + ox, a[1] + oy), (b[0] + ox, b[1] + oy), (b[0] - ox, b[1] - oy),
         (a[0] - ox, a[1] - oy)), ink,
    )  # fmt: skip


def _curve(points: Sequence[Point], steps: int = 8) -> Iterator[Point]:
    """A closed Catmull-Rom curve through points."""
    n = len(points)
    for i in range(n):
        p = [points[(i + k - 1) % n] for k in range(4)]
        for s in range(steps):
            t = s / steps
            yield tuple(  # type: ignore[misc]
                0.5 * (2 * p[1][k] + (p[2][k] - p[0][k]) * t
                       + (2 * p[0][k] - 5 * p[1][k] + 4 * p[2][k] - p[3][k]) * t * t
                       + (3 * p[1][k] - p[0][k] - 3 * p[2][k] + p[3][k]) * t ** 3)
                for k in (0, 1)
            )  # fmt: skip


def _flame() -> list[Shape]:
    outer = (
        (0.02, -0.66), (0.14, -0.38), (0.3, -0.2), (0.34, 0.06), (0.2, 0.3), (0.0, 0.36),
        (-0.22, 0.3), (-0.34, 0.08), (-0.3, -0.14), (-0.2, -0.02), (-0.14, -0.2), (-0.08, -0.42),
    )  # fmt: skip
    inner = ((0.02, -0.14), (0.12, 0.04), (0.12, 0.2), (0.0, 0.28), (-0.12, 0.2), (-0.1, 0.04))
    return [
        Polygon(tuple(_curve(outer))),
        Polygon(tuple(_curve(inner)), False),
        _bar((-0.34, 0.45), (0.34, 0.45), 0.09),
    ]


def _skull() -> list[Shape]:
    bones: list[Shape] = []
    for side in (-1, 1):
        bones.append(_bar((-0.42 * side, 0.12), (0.42 * side, 0.52), 0.09))
        for x, y in ((-0.42, 0.12), (0.42, 0.52)):
            bones += [
                Disc(x * side, y - 0.045, 0.075),
                Disc(x * side - 0.04 * side, y + 0.05, 0.075),
            ]
    return [
        *bones,
        Disc(0, -0.22, 0.38, False),
        Polygon(((-0.24, 0.0), (0.24, 0.0), (0.22, 0.3), (-0.22, 0.3)), False),
        Disc(0, -0.22, 0.33),
        Polygon(((-0.19, 0.0), (0.19, 0.0), (0.17, 0.24), (-0.17, 0.24))),
        Disc(-0.13, -0.18, 0.095, False),
        Disc(0.13, -0.18, 0.095, False),
        Polygon(((0, -0.06), (0.06, 0.05), (-0.06, 0.05)), False),
        *(_bar((x, 0.12), (x, 0.24), 0.025, False) for x in (-0.08, 0, 0.08)),
    ]


def _tubes() -> list[Shape]:
    """Two tubes drip: what is hit is eaten away."""
    shapes: list[Shape] = []
    for side in (-1, 1):
        shapes += [
            _bar((-0.42 * side, -0.36), (-0.1 * side, -0.14), 0.15),
            _bar((-0.34 * side, -0.28), (-0.12 * side, -0.13), 0.07, False),
            Disc(-0.12 * side, 0.0, 0.04),
            Disc(-0.14 * side, 0.12, 0.045),
        ]
    slab = ((-0.5, 0.28), (-0.22, 0.28), (-0.16, 0.36), (-0.09, 0.28), (0.07, 0.28), (0.14, 0.37),
            (0.2, 0.28), (0.5, 0.28), (0.38, 0.46), (-0.38, 0.46))  # fmt: skip
    return [*shapes, Polygon(slab)]


def _burst() -> list[Shape]:
    points = []
    for k in range(24):
        r = 0.52 if k % 4 == 0 else 0.36 if k % 2 == 0 else 0.22
        a = k * math.pi / 12 - math.pi / 2
        points.append((r * math.cos(a), r * math.sin(a)))
    return [Polygon(tuple(points)), Disc(0, 0, 0.1, False)]


def _biohazard() -> list[Shape]:
    shapes: list[Shape] = []
    turned = [(math.sin(a), -math.cos(a)) for a in (0, 2 * math.pi / 3, 4 * math.pi / 3)]
    shapes += (Disc(0.26 * x, 0.26 * y + 0.03, 0.27) for x, y in turned)
    shapes += (Disc(0.32 * x, 0.32 * y + 0.03, 0.19, False) for x, y in turned)
    shapes += (_bar((0.46 * x, 0.46 * y + 0.03), (0.62 * x, 0.62 * y + 0.03), 0.13, False)
               for x, y in turned)  # fmt: skip
    return [*shapes, Disc(0, 0.03, 0.08, False)]


_SYMBOLS: dict[str, Callable[[], list[Shape]]] = {
    "T": _skull,
    "C": _tubes,
    "I": _flame,
    "R": _burst,
    "In": _biohazard,
}
