"""From ledger entries to labels on paper: a PDF, or a label printer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import HazardError
from ..entry import Entry
from ..register import Register
from . import bitmap, content, fonts, layout, pdf, printer, tables
from .content import Content
from .fonts import Font
from .printer import Printer
from .shapes import Drawing
from .tables import Size


@dataclass(frozen=True)
class Labels:
    """Labels as they will be on paper, each so many times (copies). notes: lines for a person."""

    codes: list[str]
    contents: list[Content]
    drawings: list[Drawing]
    copies: list[int]
    font: Font
    notes: list[str]


def labels(
    register: Register,
    entries: Sequence[Entry],
    *,
    size_mm: int | None = None,
    font: Path | None = None,
    qr_prefix: str = "",
) -> Labels:
    """The labels of entries that have codes; HazardError where one has none, where there is no
    such size or no font."""
    codes, sizes = tables.layout(register.folder), tables.sizes(register.folder)
    chosen = next((s for s in sizes if s.mm == size_mm), None)
    if size_mm is not None and chosen is None:
        known = " ".join(str(s.mm) for s in sizes)
        raise HazardError(f"--size: expected one of {known}, found {size_mm}")
    face = fonts.find(font)
    said = [content.of(register, e, qr_prefix) for e in entries]
    drawings, copies, notes = [], [], []
    for c in said:
        asked = tables.size_for(sizes, c.volume_ml)
        size = chosen or asked
        drawings.append(layout.draw(c, size, codes, face))
        copies.append(asked.labels if c.volume_ml else 1)
        notes += _notes(c, size, asked, drawings[-1])
    return Labels([c.code for c in said], said, drawings, copies, face, notes)


def _notes(c: Content, size: Size, asked: Size, drawing: Drawing) -> list[str]:
    notes = []
    if blanks := c.blanks():
        notes.append(f"to be filled in by hand: {' '.join(blanks)}")
    if not c.volume_ml:
        notes.append(
            f"containers.csv has no volume_l: {size.mm} mm, which may be too large or small"
        )
    elif size.mm < asked.mm:
        notes.append(f"{size.mm} mm is smaller than HJ 1276-2022 asks: {asked.mm} mm")
    elif asked.labels > 1:
        notes.append(f"{asked.labels} labels, on opposite sides of the container (HJ 1276-2022)")
    if drawing.letter_mm < size.text_mm:
        high = f"{drawing.letter_mm:.1f} mm, not {size.text_mm:g} mm (HJ 1276-2022)"
        notes.append(f"letters are {high}: shorten the texts")
    return [f"{c.code}: {note}" for note in notes]


def to_pdf(made: Labels, path: Path, *, orange: bool, sheet: bool) -> None:
    """Write them into one file."""
    each = [d for d, n in zip(made.drawings, made.copies, strict=True) for _ in range(n)]
    pdf.write(each, path, made.font, orange=orange, sheet=sheet)


def printer_of(text: str, language: str, wait_s: float) -> Printer:
    """--printer HOST[:PORT]; HazardError for another text."""
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, str(printer.PORT)
    right = host and port.isascii() and port.isdigit() and 0 < int(port) < 65_536
    if not right or not 0 < wait_s <= 300:
        what = "HOST or HOST:PORT, and a wait of up to 300 s"
        raise HazardError(f"--printer: expected {what}, found {text!r}, {wait_s:g} s")
    return Printer(host.strip("[]"), int(port), language, wait_s)


def to_printer(to: Printer, made: Labels, i: int, dpi: int) -> None:
    """Print the label with index i, and its copies; OutsideError where the printer does not take
    it."""
    image = bitmap.paint(made.drawings[i], made.font, dpi)
    printer.send(to, printer.job(image, made.drawings[i].mm, to.language, made.copies[i]))
