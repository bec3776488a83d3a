"""Reads the official table of the national catalogue from the text of its PDF, in the order in
which one reads: [HWnn name] [industry] code, waste, hazard letters, with line ends anywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ..common import csv_file
from . import HazardError
from .catalogue import CODE
from .catalogue_table import (
    CATEGORY,
    CODES,
    COLUMNS,
    HAZARD,
    INDUSTRY,
    WASTE,
    Found,
    Table,
    alike,
    code_of,
    hazard_of,
    narrow,
    squeezed,
)

_HEADS = {*COLUMNS, INDUSTRY}
_PAGE = re.compile(r"\s*(?:[-—–]\s*\d{1,3}\s*[-—–]|\d{1,3})\s*")
_LETTERS = r"(?:In|T|C|I|R)"
_SPACED = re.compile(rf"(?<![A-Za-z])({_LETTERS})\s*([,，、/])\s*(?={_LETTERS}(?![A-Za-z]))")
_HAZARD = re.compile(rf"{_LETTERS}(?:[,，、/]{_LETTERS})*")
_GLUED = re.compile(rf"(.*[\u4e00-\u9fff）)])({_HAZARD.pattern})")
_INSIDE = re.compile(r"[0-9]{3}-[0-9]{3}-[0-9]{2}(?![0-9])")
_START = re.compile(r"[0-9]{3}-(?:[0-9]{1,3}(?:-[0-9]?)?)?")
_HW = re.compile(r"(HW[0-9]{2})")
# What a name of an industry does not have, and the end of a waste's wording mostly has.
_NO_INDUSTRY = re.compile(r"[的产渣泥灰，；。（）()、0-9A-Za-z]|过程|残|废液|废水")
_INDUSTRY = re.compile(r"[\u4e00-\u9fff、（）]{2,40}")


def read(path: Path, names: Mapping[str, str]) -> Table:
    """The rows of a text; names: category -> name as editions before have it, by which a name is
    told from the industry that follows. HazardError where the file is no text."""
    file = csv_file.read(path, HazardError)
    reader = _Reader(str(path), names)
    if file.encoding:
        reader.table.notes.append(f"{path}: not UTF-8, read as {file.encoding}")
    for number, line in enumerate(file.text.splitlines(), 1):
        reader.line(number, line)
    reader.end()
    return reader.table


class _Reader:
    """Takes the words one by one: those between rows, a code, the waste, its hazard letters."""

    def __init__(self, name: str, names: Mapping[str, str]) -> None:
        self.table = Table()
        self._file = name
        self._names = names
        self._where = ""
        self._row: Found | None = None
        self._between: list[str] = []
        self._part = ""  # of a code, or of hazard letters
        self._industries: dict[str, str] = {}  # first digits of the code -> industry
        self._name_left = ""  # of a category's name that is broken over rows
        self._category = ""
        self._notes_begun = False
        self._after_head = False

    def line(self, number: int, line: str) -> None:
        self._where = f"{self._file}:{number}"
        plain = narrow(line).replace("\ufeff", "")
        words = [squeezed(w) for w in re.split(r"\s+", plain.strip()) if w]
        if self._is_left_out(words, plain):
            return
        if plain != line:
            self.table.notes.append(f"{self._where}: read in half width: {line.strip()!r}")
        cells = [c for c in re.split(r"\s{2,}|\t", plain.strip()) if c]
        if self._row is not None and not self._part and len(cells) > 1:
            at_end = hazard_of(cells[-1]) is not None and len(cells) == 2
            if not at_end:
                expected = "one cell after the other: extract the text without its layout"
                self._refuse(CODES, expected, plain.strip())
        words = [w for w in re.split(r"\s+", _SPACED.sub(r"\1/", plain).strip()) if w]
        for i, word in enumerate(words):
            self._word(word, is_last=i == len(words) - 1)

    def _is_left_out(self, words: list[str], plain: str) -> bool:
        """Empty lines, heads of columns, numbers of pages, and the notes below the table."""
        if not words or self._notes_begun:
            return True
        text = "".join(words)
        heads = {*words} <= _HEADS or text == "".join((CATEGORY, INDUSTRY, *COLUMNS[1:]))
        if heads and (len(words) > 1 or text != WASTE or self._row is None or self._after_head):
            self._after_head = True
            return True
        self._after_head = False
        if _PAGE.fullmatch(plain) and (not self._part or not text.isdigit()):
            self.table.notes.append(f"{self._where}: {text!r}: taken for the number of a page")
            return True
        if self._row is None and self.table.rows and re.match(r"注[：:0-9]|附录|附件", text):
            self._notes_begun = True
            self.table.notes.append(f"{self._where}: {text[:20]!r} and what follows: left out")
        title = self._row is None and not self.table.rows and not self._between
        return self._notes_begun or (title and not _INSIDE.search(text) and not _HW.search(text))

    def _word(self, word: str, *, is_last: bool) -> None:
        if self._row is None:
            self._word_between(word)
            return
        row = self._row
        if self._part:
            word, self._part = self._part + word, ""
        if row.description and CODE.fullmatch(code_of(word)):
            self._refuse(HAZARD, f"the hazard letters of {row.code} before the next code", word)
            self._row = None
            self._word_between(word)
        elif row.description and re.fullmatch(rf"{_HAZARD.pattern}[,，、/]", word):
            self._part = word
        elif row.description and _HAZARD.fullmatch(word):
            self._close(word)
        elif is_last and (glued := _GLUED.fullmatch(word)):
            row.description += glued[1]
            self.table.notes.append(f"{self._where}: {HAZARD}: {glued[2]} after {glued[1][-8:]!r}")
            self._close(glued[2])
        else:
            row.description += word

    def _word_between(self, word: str) -> None:
        """A category, an industry, or the code that begins a row, also where it is broken."""
        joined = self._part + code_of(word) if self._part else word
        plain = code_of(joined)
        inside = _INSIDE.search(plain)
        if inside:
            if self._part or plain != joined:
                self.table.notes.append(f"{self._where}: {CODES}: read as {inside[0]}")
            self._part = ""
            if inside.start():
                self._between.append(plain[: inside.start()])
            self._begin(inside[0])
            if rest := plain[inside.end() :]:
                self._word(rest, is_last=True)
        elif _START.fullmatch(plain):
            self._part = plain
        elif self._part:
            self._refuse(CODES, "NNN-NNN-NN", joined)
            self._part = ""
        else:
            self._between.append(word)

    def _begin(self, code: str) -> None:
        self._settle_between(code)
        self._row = Found(self._where, "HW" + code[-2:], code, "", "")

    def _close(self, hazard: str) -> None:
        row = self._row
        assert row is not None
        row.hazard = hazard
        if hazard_of(hazard) is None:
            self._refuse(HAZARD, "of T C I R In, with / between", hazard)
        self.table.rows.append(row)
        self._row = None

    def _settle_between(self, code: str) -> None:
        """What stands between two rows: the end of a category's name, a category, an industry."""
        text, self._between = squeezed("".join(self._between)), []
        if self._name_left and text:
            text = self._name_goes_on(text)
        before, *heads = _HW.split(text)
        industries = [before]
        for category, rest in zip(heads[::2], heads[1::2], strict=True):
            last = self.table.rows[-1].category if self.table.rows else category
            if category not in (last, "HW" + code[-2:]):
                self._refuse(CATEGORY, f"that of {code}", category)
            self._category, self._name_left = category, self._names.get(category, "")
            industries.append(self._name_goes_on(rest))
        found = [x for x in industries if x]
        known = self._industries.get(code[:3])
        last_code = self.table.rows[-1].code if self.table.rows else ""
        for industry in found:
            is_name = _INDUSTRY.fullmatch(industry) and not _NO_INDUSTRY.search(industry)
            # An industry is told where the first digits change, or again on a new page.
            is_due = heads or last_code[:3] != code[:3] or industry == known
            if not is_name or not is_due:
                self._refuse(CODES, f"{code} or its industry after {last_code}", industry)
            elif known is None:
                self._industries[code[:3]] = industry

    def _name_goes_on(self, text: str) -> str:
        """Take what a text has of the name of the category; what is left of the text."""
        name = self._name_left
        n = max((i for i in range(len(name) + 1) if alike(text[:i], name[:i])), default=0)
        self._name_left = name[n:]
        if name and not self._name_left:
            self.table.names.setdefault(self._category, set()).add(self._names[self._category])
        return text[n:]

    def end(self) -> None:
        if self._row is not None:
            self._refuse(HAZARD, f"the hazard letters of {self._row.code}", "")
        elif left := squeezed("".join(self._between) + self._part):
            self._refuse(CODES, "a code, or nothing more", left[:40])

    def _refuse(self, column: str, expected: str, found: str) -> None:
        self.table.refuse(self._where, column, expected, found)
