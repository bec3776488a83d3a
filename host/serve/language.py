"""The table of words: every text of the page in Chinese and in English, one language at a time.

words.csv has a row for each text. A text of the page has a key of its own. A key that ends
in "/" is the name of a group of texts that other modules say or store in one language, with
figures in them: these are found by what they say, in whichever language that is."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from string import Formatter

from markupsafe import Markup, escape

FILE = Path(__file__).with_name("words.csv")
LANGUAGES = {"zh": "中文", "en": "English"}  # the first is what the page speaks to anybody
TAGS = {"zh": "zh-CN", "en": "en"}
DEFAULT = "zh"
GROUP = "/"
_JOINTS = (("；", "; "), ("、", ", "))  # between parts that are said one by one
_PIECE = r"(?P<{}>.+?)"

Row = tuple[str, dict[str, str]]  # key, text by language


class WordsError(Exception):
    """The table has not what it should have; one line."""


def read(file: Path = FILE) -> list[Row]:
    """The rows; WordsError where a text is missing, comes twice or has other figures."""
    rows: list[Row] = []
    known = set()
    with file.open(encoding="utf-8", newline="") as lines:
        for n, row in enumerate(csv.DictReader(lines), 2):
            key, texts = row["key"], {code: row[code] or "" for code in LANGUAGES}
            where = f"{file.name}: line {n}: {key}"
            if not key or not all(texts.values()):
                raise WordsError(f"{where}: expected a key and a text in {' and '.join(texts)}")
            if not key.endswith(GROUP) and key in known:
                raise WordsError(f"{where}: expected each key once")
            if len({frozenset(places(text)) for text in texts.values()}) > 1:
                raise WordsError(f"{where}: expected the same {{…}} in both languages")
            known.add(key)
            rows.append((key, texts))
    return rows


def places(text: str) -> list[str]:
    """The names of what is put into a text."""
    return [name for _, name, _, _ in Formatter().parse(text) if name]


def _pattern(text: str) -> re.Pattern[str]:
    """What a text looks like with its figures in it."""
    out, seen = "", set()
    for literal, name, _, _ in Formatter().parse(text):
        out += re.escape(literal)
        if name:
            out += f"(?P={name})" if name in seen else _PIECE.format(name)
            seen.add(name)
    return re.compile(out, re.DOTALL)


class Words:
    """The texts of one language."""

    def __init__(self, language: str, rows: Iterable[Row]) -> None:
        self.language = language
        self._texts: dict[str, str] = {}
        self._terms: dict[str, str] = {}
        patterns: list[tuple[int, re.Pattern[str], str]] = []
        for key, texts in rows:
            here = texts[language]
            if not key.endswith(GROUP):
                self._texts[key] = here
                continue
            for text in texts.values():
                if names := places(text):
                    fixed = len(text) - sum(len(n) + 2 for n in names)
                    patterns.append((fixed, _pattern(text), here))
                else:
                    self._terms.setdefault(text, here)
        # The one that says most itself is tried first.
        self._patterns = [(p, t) for _, p, t in sorted(patterns, key=lambda x: -x[0])]

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of a key; WordsError when there is none."""
        try:
            text = self._texts[key]
        except KeyError:
            raise WordsError(f"{FILE.name}: no key {key!r}") from None
        if not values:
            return text
        if any(hasattr(v, "__html__") for v in values.values()):
            return Markup(escape(text)).format(**values)  # noqa: S704  both are escaped
        return text.format(**values)

    def of(self, group: str, name: str) -> str:
        """`group.name`; the name itself where it is not known here, such as a new board's."""
        return self._texts.get(f"{group}.{name}", name)

    def under(self, start: str) -> dict[str, str]:
        """Texts by what is left of their key after this beginning."""
        return {k.removeprefix(start): v for k, v in self._texts.items() if k.startswith(start)}

    def said(self, text: object) -> str:
        """What another module says, in this language. What is not in the table stays: data."""
        whole = str(text)
        if whole in self._terms:
            return self._terms[whole]
        for pattern, here in self._patterns:
            if found := pattern.fullmatch(whole):
                return here.format(**self._put(found.groupdict()))
        for chinese, english in _JOINTS:
            joint = chinese if self.language == "zh" else english
            for between in (chinese, english):
                parts = whole.split(between)
                if len(parts) > 1 and (told := [self.said(p) for p in parts]) != parts:
                    return joint.join(told)
        return whole

    def _put(self, values: Mapping[str, str]) -> dict[str, str]:
        """`said…` is in words again; the rest is figures and names."""
        return {k: self.said(v) if k.startswith("said") else v for k, v in values.items()}


@cache
def words() -> dict[str, Words]:
    """By language."""
    rows = read()
    return {code: Words(code, rows) for code in LANGUAGES}


def choose(asked: str, kept: str, accepted: str) -> str:
    """Which language: as asked for, else as chosen before, else the first of an
    Accept-Language header that there is."""
    for said in (asked, kept):
        if said in LANGUAGES:
            return said
    wishes = []
    for n, wish in enumerate(accepted[:400].split(",")):
        name, _, weight = wish.strip().partition(";q=")
        try:
            wishes.append((-float(weight or 1), n, name.partition("-")[0].lower()))
        except ValueError:
            continue
    return next((name for w, _, name in sorted(wishes) if w and name in LANGUAGES), DEFAULT)
