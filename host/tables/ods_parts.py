"""The sheets of an ODS in its XML (OpenDocument 1.3, part 3, 9.1).

A row or cell is written once, and how often it is repeated: a file of some kilobytes can have
values in each of a million rows."""

from __future__ import annotations

import zipfile
from xml.parsers import expat

from .parts import Part

CONTENT = "content.xml"
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_TYPE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 value-type"
_CELLS = (_TABLE + "table-cell", _TABLE + "covered-table-cell")
_ERROR = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 value-type"


class _Reader:
    """Goes through the start and end tags of content.xml; only what is within a table counts."""

    def __init__(self) -> None:
        self.parts: dict[str, Part] = {}
        self._part: Part | None = None
        self._row = 0  # the last row before this one, from 1
        self._rows = 0  # how often this one is repeated
        self._column = 0
        self._filled = False
        self._hidden = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == _TABLE + "table":
            self._part = self.parts.setdefault(attributes.get(_TABLE + "name", ""), Part())
            self._row = 0
        elif self._part is None:
            return
        elif tag == _TABLE + "table-row":
            self._rows = _times(attributes.get(_TABLE + "number-rows-repeated"))
            self._hidden = attributes.get(_TABLE + "visibility", "visible")
            self._column, self._filled = 0, False
        elif tag in _CELLS:
            times = _times(attributes.get(_TABLE + "number-columns-repeated"))
            self._column += times
            if _TYPE in attributes:
                self._filled = True
                self._part.last_column = max(self._part.last_column, self._column)
            if attributes.get(_ERROR) == "error":
                self._part.errors.append(f"{_letters(self._column)}{self._row + 1}")

    def end(self, tag: str) -> None:
        if self._part is None:
            return
        if tag == _TABLE + "table":
            self._part = None
        elif tag == _TABLE + "table-row":
            first, self._row = self._row + 1, self._row + self._rows
            if self._filled:
                self._part.last_row = self._row
                self._part.filtered |= self._hidden == "filter"
                if self._hidden == "collapse":
                    self._part.hidden.append(first)


def look(file: zipfile.ZipFile) -> dict[str, Part]:
    """Sheet → its part."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    with file.open(CONTENT) as xml:
        parser.ParseFile(xml)
    return reader.parts


def _times(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 1


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
