"""The layout of a label (HJ 1276-2022): what stands where, in mm, for every painter alike.

Letters are as large as fits; where the texts are longer than the label has room for they
become lower than the standard asks, and the drawing says how low."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import segno

from ..entry import CODE
from . import content as c
from .content import Content
from .fonts import Font
from .marks import mark
from .shapes import Drawing, Frame, Line, Matrix, Shape, Text
from .tables import Layout, Size

TITLE = "危险废物"
BLANK_MM, BORDER_MM = 3.0, 1.0  # outside of the border, and the border itself, at least
QR_ERROR = "Q"  # a quarter of it may be dirty; HJ 1276 names no level
_QUIET = 4  # modules around a QR code (ISO/IEC 18004)
_GLYPH = 0.92  # the height of a Chinese character in em
_LINE = 1.2  # of a line, in em
# Sizes of letters that are tried, the first that fits is taken: (of the least size, room above
# and below a row in em). From the least size on, rows draw nearer before letters shrink.
_SCALES = [(k / 100, 0.42) for k in range(130, 99, -5)] + [(1.0, 0.2)]
_SCALES += [(k / 100, 0.2) for k in range(95, 29, -5)]
_QR_LEAST = 0.85  # of the width of its column
_NO_START = "，。、；：）》」！？,.;:)%"  # no line begins with these


@dataclass(frozen=True)
class _Cell:
    name: str
    value: str
    x: float
    w: float


@dataclass(frozen=True)
class _Set:
    """A cell in lines at a size of letters."""

    cell: _Cell
    lines: list[tuple[float, str]]  # x, text


def draw(content: Content, size: Size, codes: Layout, font: Font) -> Drawing:
    """The label in its size."""
    return _Page(content, size, codes, font).drawn()


def matrix(text: str) -> tuple[tuple[bool, ...], ...]:
    """The modules of a QR code, with its quiet zone."""
    made = segno.make_qr(text, error=QR_ERROR, boost_error=True)
    return tuple(tuple(bool(m) for m in row) for row in made.matrix_iter(border=_QUIET))


def wrap(text: str, first: float, other: float, width_of: Callable[[str], float]) -> list[str]:
    """Lines of at most `first`, then `other`. A word of letters and digits stays whole if it fits
    into a line."""
    lines, line, room = [], "", first
    for piece in _pieces(text):
        if width_of(line + piece.rstrip()) <= room:
            line += piece
            continue
        if piece in _NO_START and len(line) > 1:  # it takes the character before it along
            lines.append(line[:-1].rstrip())
            room, line = other, line[-1] + piece
            continue
        if line:
            lines.append(line.rstrip())
            room, line = other, ""
        while width_of(piece.rstrip()) > room and len(piece) > 1:
            n = next(i for i in range(len(piece), 0, -1) if i == 1 or width_of(piece[:i]) <= room)
            lines.append(piece[:n])
            room, piece = other, piece[n:]  # noqa: PLW2901
        line = piece.lstrip()
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    for char in text:
        plain = char.isascii() and not char.isspace()
        if pieces and plain and pieces[-1][-1].isascii() and not pieces[-1][-1].isspace():
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces


class _Page:
    def __init__(self, content: Content, size: Size, codes: Layout, font: Font) -> None:
        self.content, self.size, self.font = content, size, font
        self.code = codes.spaced(content.code)
        self.least = size.text_mm / _GLYPH
        u = size.mm / 100
        self.edge = max(BLANK_MM, 3.0 * u)
        self.border = max(BORDER_MM, 1.0 * u)
        self.x0 = self.edge + self.border
        self.w = size.mm - 2 * self.x0
        self.side, self.qr = 29.0 * u, 33.0 * u  # width of the columns of marks and QR code
        self.rule = 0.2 * u
        self.pad = 0.0
        self.shapes: list[Shape] = []

    def drawn(self) -> Drawing:
        for k, self.pad in _SCALES:
            em = self.least * k
            blocks = [self._set(rows, em) for rows in self._blocks()]
            heights = [[self._height(r, em) for r in rows] for rows in blocks]
            title = (2.1 + self.pad) * em
            room = self.size.mm - 2 * self.x0 - title - sum(map(sum, heights))
            if room >= 0 and _QR_LEAST * self.qr <= sum(heights[2]) + room * 0.6:
                break
        self._frame(em, title)
        rows = sum(map(len, heights))
        lacking = max(0.0, self.qr - sum(heights[2]))
        lacking = min(lacking, max(room, 0.0))
        each = max(room - lacking, 0.0) / rows
        y = self.x0 + title
        for i, (block, of_rows) in enumerate(zip(blocks, heights, strict=True)):
            top = y
            more = each + (lacking / len(of_rows) if i == 2 else 0)
            for row, h in zip(block, of_rows, strict=True):
                self._row(row, y, h + more, em)
                y += h + more
                self._rule_below(i, y, last=row is block[-1])
            if i == 0:
                self._hazards(top, y - top, em)
            if i == 2:
                self._code(top, y - top)
        return Drawing(self.size.mm, tuple(self.shapes), min(k, 1.0) * self.size.text_mm)

    def _blocks(self) -> list[list[list[_Cell]]]:
        said, narrow = self.content.fields, self.w - self.side

        def row(*names: str, w: float) -> list[_Cell]:
            each = w / len(names)
            return [_Cell(n, said[n], self.x0 + i * each, each) for i, n in enumerate(names)]

        top = [row(c.NAME, w=narrow), row(c.CATEGORY, c.PHASE, w=narrow)]
        top += [row(n, w=narrow) for n in (c.WASTE, c.COMPONENTS, c.HARMFUL)]
        code = [_Cell(CODE, self.code, self.x0, self.w)]
        low = [row(n, w=self.w - self.qr) for n in (c.UNIT, c.CONTACT, c.DAY, c.MASS, c.REMARK)]
        return [top, [row(c.CAUTIONS, w=self.w), code], low]

    def _set(self, rows: list[list[_Cell]], em: float) -> list[list[_Set]]:
        return [[self._lines(cell, em) for cell in row] for row in rows]

    def _lines(self, cell: _Cell, em: float) -> _Set:
        label = f"{cell.name}："
        pad = 0.45 * em
        indent = self.font.width(label, em)
        room = cell.w - 2 * pad
        if cell.name == CODE and indent + self.font.width(cell.value, em) > room:
            lines = wrap(cell.value, room, room, lambda t: self.font.width(t, em))
            return _Set(cell, [(cell.x + pad, t) for t in (label, *lines)])
        lines = wrap(cell.value, room - indent, room - indent, lambda t: self.font.width(t, em))
        set_ = [(cell.x + pad, label + lines[0])]
        set_ += [(cell.x + pad + indent, t) for t in lines[1:]]
        return _Set(cell, set_)

    def _height(self, row: Sequence[_Set], em: float) -> float:
        # What is filled in by hand gets more room than a printed line.
        tall = max(1.25 if not s.cell.value else len(s.lines) for s in row)
        return (tall * _LINE + self.pad) * em

    def _row(self, row: Sequence[_Set], y: float, h: float, em: float) -> None:
        for s in row:
            top = y + (h - len(s.lines) * _LINE * em) / 2
            for i, (x, text) in enumerate(s.lines):
                base = top + (i + 0.5) * _LINE * em + 0.36 * em
                self.shapes.append(Text(x, base, em, text))
            if s.cell.x > self.x0:
                self.shapes.append(Line(s.cell.x, y, s.cell.x, y + h, self.rule))

    def _rule_below(self, block: int, y: float, *, last: bool) -> None:
        right = self.x0 + self.w
        if block != 1 and not last:
            right -= self.qr if block == 2 else self.side
        if not (block == 2 and last):
            self.shapes.append(Line(self.x0, y, right, y, self.rule))

    def _frame(self, em: float, title: float) -> None:
        whole = self.size.mm - 2 * self.edge
        self.shapes.append(Frame(self.edge, self.edge, whole, whole, self.border))
        big = 1.75 * em
        gap = 0.35 * big
        wide = self.font.width(TITLE, big) + gap * (len(TITLE) - 1)
        x = self.x0 + (self.w - wide) / 2
        for char in TITLE:
            self.shapes.append(Text(x, self.x0 + title / 2 + 0.36 * big, big, char))
            x += self.font.width(char, big) + gap
        y = self.x0 + title
        self.shapes.append(Line(self.x0, y, self.x0 + self.w, y, self.rule))

    def _hazards(self, y: float, h: float, em: float) -> None:
        """The marks of a waste beside its name: one large, else in two columns."""
        x = self.x0 + self.w - self.side
        self.shapes.append(Line(x, y, x, y + h, self.rule))
        self.shapes.append(Text(x + 0.45 * em, y + em * 1.2, em, f"{c.HAZARDS}："))
        letters = self.content.hazards
        if not letters:
            return
        top, room = y + 1.6 * em, h - 1.8 * em
        caption = 0.8 * em

        def side(columns: int) -> float:
            rows = -(-len(letters) // columns)
            return min(self.side / columns * 0.94, room / rows - 1.3 * caption)

        columns = max((1, 2), key=side)
        size, cell_w = side(columns), self.side / columns
        cell_h = room / -(-len(letters) // columns)
        for i, letter in enumerate(letters):
            alone = i == len(letters) - 1 and len(letters) % columns == 1
            middle = x + (self.side / 2 if alone else (i % columns + 0.5) * cell_w)
            at = top + (i // columns) * cell_h + (cell_h - size - 1.3 * caption) / 2
            self.shapes += mark(letter, middle - size / 2, at, size)
            said = c.MARKS[letter]
            wide = self.font.width(said, caption)
            self.shapes.append(Text(middle - wide / 2, at + size + caption, caption, said))

    def _code(self, y: float, h: float) -> None:
        x = self.x0 + self.w - self.qr
        self.shapes.append(Line(x, y, x, y + h, self.rule))
        size = min(self.qr, h) * 0.985  # 7 dots a module at 203 dpi, where there is room
        rows = matrix(self.content.qr)
        self.shapes.append(Matrix(x + (self.qr - size) / 2, y + (h - size) / 2, size, rows))
