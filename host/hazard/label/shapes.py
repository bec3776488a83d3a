"""What a label is made of, in mm from its upper left corner; painters draw it."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    x1: float
    y1: float
    x2: float
    y2: float
    width: float


@dataclass(frozen=True)
class Frame:
    """A rectangle; width: of its line, which lies within it."""

    x: float
    y: float
    w: float
    h: float
    width: float


@dataclass(frozen=True)
class Polygon:
    """Filled black, or white."""

    points: tuple[Point, ...]
    ink: bool = True


@dataclass(frozen=True)
class Disc:
    """Filled black, or white."""

    x: float
    y: float
    radius: float
    ink: bool = True


@dataclass(frozen=True)
class Text:
    """One line of text. x: its left end; y: its base line; em: its size."""

    x: float
    y: float
    em: float
    text: str


@dataclass(frozen=True)
class Matrix:
    """A QR code, quiet zone included, on white. rows: of its modules, true for black."""

    x: float
    y: float
    size: float
    rows: tuple[tuple[bool, ...], ...]


Shape = Line | Frame | Polygon | Disc | Text | Matrix


@dataclass(frozen=True)
class Drawing:
    """A label of mm each way. letter_mm: how high its letters are, no more than HJ 1276 asks."""

    mm: float
    shapes: tuple[Shape, ...]
    letter_mm: float
