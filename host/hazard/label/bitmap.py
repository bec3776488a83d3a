"""A label as a picture of black and white dots, as label printers take it."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image, ImageDraw

from .fonts import Font
from .shapes import Disc, Drawing, Frame, Line, Matrix, Polygon, Shape, Text

MM_IN_INCH = 25.4
BLACK, WHITE = 0, 1
DPI = (203, 300)


def paint(drawing: Drawing, font: Font, dpi: int) -> Image.Image:
    """The label, 1 bit a dot, its sides whole bytes."""

    def dots(mm: float) -> int:
        return round(mm * dpi / MM_IN_INCH)

    side = -(-dots(drawing.mm) // 8) * 8
    image = Image.new("1", (side, side), WHITE)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    for shape in drawing.shapes:
        _paint(draw, shape, font, dots)
    return image


def _paint(
    draw: ImageDraw.ImageDraw, shape: Shape, font: Font, dots: Callable[[float], int]
) -> None:
    fill = BLACK if getattr(shape, "ink", True) else WHITE
    match shape:
        case Line():
            width = max(1, dots(shape.width))
            ends = (dots(shape.x1), dots(shape.y1), dots(shape.x2), dots(shape.y2))
            draw.line(ends, fill=fill, width=width)
        case Frame():
            box = (dots(shape.x), dots(shape.y), dots(shape.x + shape.w) - 1,
                   dots(shape.y + shape.h) - 1)  # fmt: skip
            draw.rectangle(box, outline=fill, width=max(1, dots(shape.width)))
        case Polygon():
            draw.polygon([(dots(x), dots(y)) for x, y in shape.points], fill=fill)
        case Disc():
            r = dots(shape.radius)
            x, y = dots(shape.x), dots(shape.y)
            draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)
        case Text():
            at = (dots(shape.x), dots(shape.y))
            draw.text(at, shape.text, font=font.at(dots(shape.em)), fill=fill, anchor="ls")
        case Matrix():
            _matrix(draw, shape, dots)


def _matrix(draw: ImageDraw.ImageDraw, qr: Matrix, dots: Callable[[float], int]) -> None:
    """Each module the same whole number of dots: others would be uneven."""
    n = len(qr.rows)
    module = max(1, dots(qr.size) // n)
    left = dots(qr.x) + (dots(qr.size) - module * n) // 2
    top = dots(qr.y) + (dots(qr.size) - module * n) // 2
    draw.rectangle((left, top, left + module * n - 1, top + module * n - 1), fill=WHITE)
    for i, row in enumerate(qr.rows):
        for k, black in enumerate(row):
            if black:
                x, y = left + k * module, top + i * module
                draw.rectangle((x, y, x + module - 1, y + module - 1), fill=BLACK)
