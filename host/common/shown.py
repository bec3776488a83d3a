"""Texts from outside – of boards, files, people – as they are shown: as text, and nothing else.

A control character could clear a screen or begin a line of its own, a mark of direction could
turn a line round; they are written as escapes. A cell of a CSV could be a formula."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any, Protocol

# C0 and C1 controls, marks of direction, separators of lines and paragraphs, lone surrogates.
_CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_IN_LINES = re.compile(f"[{_CONTROL}]")
_IN_A_LINE = re.compile(f"[{_CONTROL}\t\n]")
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_NUMBER = re.compile(r"[+-]?(\d[\d.,]*( ?%)?)?")
_FORMULA = ("=", "+", "-", "@", "\t")


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def shown(text: object) -> str:
    """A text as one line, whatever is in it."""
    return _IN_A_LINE.sub(lambda m: _SHORT.get(m[0]) or _escape(m), str(text))


def file_name(path: PurePath) -> str:
    """The last part of a path as a text that a store can keep: on Linux a name may have bytes of
    another encoding."""
    return shown(path.name)


def lines(text: str) -> str:
    """A text that may have several lines and tabs."""
    return _IN_LINES.sub(_escape, text)


def cell(value: object) -> object:
    """A cell of a CSV: a text that a spreadsheet would take for a formula gets a ' before it, and
    a carriage return, which csv does not quote, ends no row."""
    if not isinstance(value, str):
        return value
    is_formula = value.startswith(_FORMULA) and not _NUMBER.fullmatch(value)
    return lines(f"'{value}" if is_formula else value)


class _File(Protocol):
    def write(self, text: str, /) -> object: ...


class CsvWriter:
    """csv.writer for files that people open in a spreadsheet; lines end with \\n."""

    def __init__(self, file: _File) -> None:
        self._writer: Any = csv.writer(file, lineterminator="\n")

    def writerow(self, row: Iterable[object]) -> None:
        self._writer.writerow([cell(value) for value in row])

    def writerows(self, rows: Iterable[Iterable[object]]) -> None:
        for row in rows:
            self.writerow(row)


class Shown:
    """A stream that shows texts from outside as text: print() and logs may hold some."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        return int(self.raw.write(lines(text)))

    def writelines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


@contextmanager
def as_text() -> Iterator[None]:
    """Both outputs show what is printed in the block as text; what the encoding of a terminal does
    not have, as an escape."""
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.stdout, sys.stderr = (s if isinstance(s, Shown) else Shown(s) for s in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
