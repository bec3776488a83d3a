"""What the XML of a workbook says of its sheets that the library does not: how far their values
reach, and what a person who looks at them does not see."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

from . import TableError

MOST_UNPACKED = 4 << 30
# What zipfile and ElementTree raise for a damaged part; RuntimeError: it is encrypted, and its
# subclass for a compression that is not known.
UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, ElementTree.ParseError, expat.error),
    *(EOFError, OSError, ValueError, KeyError, RuntimeError),
)


@dataclass
class Part:
    """Of a sheet: last row and column with a value, and what a reader does not see. errors: cells
    with an error of a formula; unkept: with a formula that nobody has computed."""

    last_row: int = 0
    last_column: int = 0
    hidden: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    unkept: list[str] = field(default_factory=list)
    filtered: bool = False


@dataclass(frozen=True)
class Seen:
    """parts: sheet → its part. of_1904: days count from 1904. at_once: the library reads all sheets
    when it opens the file, and not one by one."""

    parts: dict[str, Part] = field(default_factory=dict)
    of_1904: bool = False
    at_once: bool = False


def column_number(letters: str) -> int:
    """Of A: 1."""
    n = 0
    for letter in letters:
        n = n * 26 + ord(letter) - 64
    return n


def of(path: Path) -> Seen:
    """What there is to see in an XLSX or ODS, nothing of other kinds; one of UNREADABLE where it is
    damaged."""
    from . import ods_parts, xlsx_parts  # noqa: PLC0415  they make a Part

    if not zipfile.is_zipfile(path):
        return Seen()
    with zipfile.ZipFile(path) as file:
        if sum(i.file_size for i in file.infolist()) > MOST_UNPACKED:
            raise TableError(f"{path}: expected at most {MOST_UNPACKED >> 30} GB unpacked")
        names = file.namelist()
        if xlsx_parts.WORKBOOK in names:
            return Seen(*xlsx_parts.look(file))
        if ods_parts.CONTENT in names:
            return Seen(ods_parts.look(file), at_once=True)
        return Seen()
