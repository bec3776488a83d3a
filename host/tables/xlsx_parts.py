"""The sheets of an XLSX in its XML."""

from __future__ import annotations

import re
import zipfile
from xml.etree import ElementTree

from .parts import Part, column_number

WORKBOOK = "xl/workbook.xml"
_PIECE = 1 << 20
# Start tags of a sheet; a cell without a value ends in its own tag.
_TAG = re.compile(rb"<(?:\w+:)?(row|c|autoFilter)\b([^>]*?)(/?)>")
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_ROW = re.compile(rb'\br="(\d{1,7})"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_ERROR = re.compile(rb'\bt="e"')
# A cell with a formula, and the value that is kept for it.
_FORMULA = re.compile(
    rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*>\s*'
    rb"<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>([^<]*)</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)


def look(file: zipfile.ZipFile) -> tuple[dict[str, Part], bool]:
    """Sheet → its part, and whether days count from 1904."""
    names, of_1904 = _names(file)
    held = set(file.namelist())
    return {n: _look(file, p) for n, p in names.items() if p in held}, of_1904


def _names(file: zipfile.ZipFile) -> tuple[dict[str, str], bool]:
    """Sheet → part of the file, and whether days count from 1904."""
    targets = {}
    if "xl/_rels/workbook.xml.rels" in file.namelist():
        for node in ElementTree.fromstring(file.read("xl/_rels/workbook.xml.rels")):  # noqa: S314
            target = node.get("Target", "")
            whole = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            targets[node.get("Id", "")] = whole
    names, of_1904 = {}, False
    for node in ElementTree.fromstring(file.read(WORKBOOK)).iter():  # noqa: S314
        tag = node.tag.rpartition("}")[2]
        if tag == "workbookPr":
            of_1904 = node.get("date1904") in ("1", "true")
        elif tag == "sheet":
            key = next((v for k, v in node.attrib.items() if k.rpartition("}")[2] == "id"), "")
            names[node.get("name", "")] = targets.get(key, "")
    return names, of_1904


def _look(file: zipfile.ZipFile, name: str) -> Part:
    """Read the XML of a sheet once, in pieces."""
    part, row, rest, tail = Part(), 0, b"", b""
    formulas = _Formulas()
    with file.open(name) as xml:
        while piece := xml.read(_PIECE):
            data = rest + piece
            end = data.rfind(b">") + 1
            for match in _TAG.finditer(data, 0, end):
                row = _note(part, row, *match.groups())
            rest = data[end:][-_PIECE:]
            whole = tail + piece
            if b"<f" in whole or b":f" in whole:
                formulas.note(whole)
            tail = whole[whole.rfind(b"c>") + 2 :][-_PIECE:]
    part.unkept = formulas.unkept()
    return part


class _Formulas:
    """What a sheet keeps of its formulas. Programs that compute nothing write no value, or 0 for
    each: where all of a column are 0, they are not taken for computed."""

    def __init__(self) -> None:
        self._unkept: list[str] = []
        self._zero: dict[bytes, list[str]] = {}
        self._computed: set[bytes] = set()  # columns

    def note(self, xml: bytes) -> None:
        for column, row, value in _FORMULA.findall(xml):
            name = (column + row).decode()
            if not value:
                self._unkept.append(name)
            elif value == b"0":
                if column not in self._computed:
                    self._zero.setdefault(column, []).append(name)
            else:
                self._computed.add(column)
                self._zero.pop(column, None)

    def unkept(self) -> list[str]:
        """In the order of the columns, where some are 0."""
        return self._unkept + [name for names in self._zero.values() for name in names]


def _note(part: Part, row: int, tag: bytes, attributes: bytes, closed: bytes) -> int:
    """row: the one before this tag; the one after it. Some programs number no row."""
    if tag == b"c":
        place = None if closed else _PLACE.search(attributes)
        if place:
            part.last_row = max(part.last_row, int(place[2]))
            part.last_column = max(part.last_column, column_number(place[1].decode()))
            if _ERROR.search(attributes):
                part.errors.append((place[1] + place[2]).decode())
    elif tag == b"row":
        number = _ROW.search(attributes)
        row = int(number[1]) if number else row + 1
        if _HIDDEN.search(attributes):
            part.hidden.append(row)
    else:
        part.filtered = True
    return row
