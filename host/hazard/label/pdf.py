"""Labels as a PDF: one a page in its own size, or several on sheets of A4."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from fpdf import FPDF

from ...common.atomic_write import whole
from .fonts import Font
from .shapes import Disc, Drawing, Frame, Line, Matrix, Polygon, Shape, Text

ORANGE = (255, 150, 0)  # 醒目的橘黄色 (HJ 1276-2022; the numbers are 二手资料)
_A4 = (210.0, 297.0)
_MM_IN_PT = 72 / 25.4
_CROP_MM = 3.0


def write(
    drawings: Sequence[Drawing],
    path: Path,
    font: Font,
    *,
    orange: bool = False,
    sheet: bool = False,
) -> None:
    """The labels in a file, all or none. sheet: on A4, else each on a page of its size."""
    pdf = FPDF(unit="mm", format=_A4)
    pdf.set_auto_page_break(auto=False)
    pdf.set_margin(0)
    pdf.c_margin = 0
    pdf.set_title("危险废物标签")
    pdf.add_font("label", fname=str(font.path), collection_font_number=font.index)
    for drawing, x, y, fresh in _places(drawings, sheet):
        if fresh:
            pdf.add_page(format=_A4 if sheet else (drawing.mm, drawing.mm))
        _label(pdf, drawing, x, y, orange)
        if sheet:
            _crop(pdf, drawing.mm, x, y)
    # What a font has beside its outlines is no concern of who prints a label.
    logging.getLogger("fontTools.subset").setLevel(logging.ERROR)
    with whole(path) as part:
        pdf.output(str(part))


def _places(drawings: Sequence[Drawing], sheet: bool) -> list[tuple[Drawing, float, float, bool]]:
    """(label, x, y, whether a new page begins): in rows of one size."""
    if not sheet:
        return [(d, 0.0, 0.0, True) for d in drawings]
    made: list[tuple[Drawing, float, float, bool]] = []
    n, before = 0, 0.0
    for d in sorted(drawings, key=lambda d: d.mm):
        columns, rows = max(1, int(_A4[0] // d.mm)), max(1, int(_A4[1] // d.mm))
        n = 0 if d.mm != before else n + 1
        before = d.mm
        i = n % (columns * rows)
        left, top = (_A4[0] - columns * d.mm) / 2, (_A4[1] - rows * d.mm) / 2
        made.append((d, left + i % columns * d.mm, top + i // columns * d.mm, i == 0))
    return made


def _label(pdf: FPDF, drawing: Drawing, x: float, y: float, orange: bool) -> None:
    if orange:
        pdf.set_fill_color(*ORANGE)
        pdf.rect(x, y, drawing.mm, drawing.mm, style="F")
    with pdf.local_context():
        for shape in drawing.shapes:
            _paint(pdf, shape, x, y)


def _paint(pdf: FPDF, shape: Shape, x: float, y: float) -> None:
    pdf.set_fill_color(0 if getattr(shape, "ink", True) else 255)
    match shape:
        case Line():
            pdf.set_line_width(shape.width)
            pdf.line(x + shape.x1, y + shape.y1, x + shape.x2, y + shape.y2)
        case Frame():
            half = shape.width / 2
            pdf.set_line_width(shape.width)
            pdf.rect(x + shape.x + half, y + shape.y + half, shape.w - shape.width,
                     shape.h - shape.width)  # fmt: skip
        case Polygon():
            pdf.polygon([(x + px, y + py) for px, py in shape.points], style="F")
        case Disc():
            r = shape.radius
            pdf.ellipse(x + shape.x - r, y + shape.y - r, 2 * r, 2 * r, style="F")
        case Text():
            pdf.set_font("label", size=shape.em * _MM_IN_PT)
            pdf.text(x + shape.x, y + shape.y, shape.text)
        case Matrix():
            _matrix(pdf, shape, x, y)


def _matrix(pdf: FPDF, qr: Matrix, x: float, y: float) -> None:
    """Runs of black modules as one rectangle each: hairlines between modules would show."""
    pdf.set_fill_color(255)
    pdf.rect(x + qr.x, y + qr.y, qr.size, qr.size, style="F")
    pdf.set_fill_color(0)
    module = qr.size / len(qr.rows)
    for i, row in enumerate(qr.rows):
        begun = None
        for k, black in enumerate((*row, False)):
            if black and begun is None:
                begun = k
            elif not black and begun is not None:
                left, top = x + qr.x + begun * module, y + qr.y + i * module
                pdf.rect(left, top, (k - begun) * module, module * 1.01, style="F")
                begun = None


def _crop(pdf: FPDF, mm: float, x: float, y: float) -> None:
    """Short lines at the corners, along which a sheet is cut."""
    pdf.set_line_width(0.1)
    pdf.set_draw_color(0)
    for cx in (x, x + mm):
        for cy in (y, y + mm):
            pdf.line(cx - _CROP_MM / 2, cy, cx + _CROP_MM / 2, cy)
            pdf.line(cx, cy - _CROP_MM / 2, cx, cy + _CROP_MM / 2)
