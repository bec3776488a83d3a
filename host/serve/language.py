"""The texts of the page in Chinese and in English.

words.csv has a row for each text. A text of the page has a key of its own. A key that ends in "/"
names a group of texts that other modules write or store in one language, with figures in them:
these are found by their wording in either language. In them `{kg}` is a figure or a name,
`{what:said}` another text of the table, `{away:s}` and `{gap:min}` a time in that unit,
`{months:n}` numbers, `{fault:flag}` keys flag.… separated by blanks."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from string import Formatter

from markupsafe import escape

FILE = Path(__file__).with_name("words.csv")
LANGUAGES = {"zh": "中文", "en": "English"}
TAGS = {"zh": "zh-CN", "en": "en"}
DEFAULT = "zh"
GROUP = "/"
UNITS_S = {"d": 86_400, "h": 3600, "min": 60, "s": 1}
# Separators of parts that are translated one by one, the outermost first.
_JOINTS = (
    (re.compile("；|; "), {"zh": "；", "en": "; "}),
    (re.compile("，|, "), {"zh": "，", "en": ", "}),
    (re.compile("、"), {"zh": "、", "en": ", "}),
)
_SHAPES = {"said": ".+?", "n": r"[\d.–、-]+?", **dict.fromkeys(UNITS_S, r"\d+?")}
_KIND = re.compile(r":\w+\}")
_FIGURE = "(?:(?!; |；).)+?"

Row = tuple[str, dict[str, str]]  # key, text by language


class WordsError(Exception):
    """words.csv is incomplete or inconsistent; one line."""


def read(file: Path = FILE) -> list[Row]:
    """The rows; WordsError where a text is missing, a key repeats, or the figures of both
    languages differ."""
    rows: list[Row] = []
    keys = set()
    # Blanks at the ends of a text count, so this is not read with common.csv_file.
    with file.open(encoding="utf-8", newline="") as lines:
        for n, row in enumerate(csv.DictReader(lines), 2):
            key, texts = row["key"], {code: row[code] or "" for code in LANGUAGES}
            where = f"{file.name}: line {n}: {key}"
            if not key or not all(texts.values()):
                raise WordsError(f"{where}: expected a key and a text in {' and '.join(texts)}")
            if not key.endswith(GROUP) and key in keys:
                raise WordsError(f"{where}: expected each key once")
            if len({frozenset(_places(text)) for text in texts.values()}) > 1:
                raise WordsError(f"{where}: expected the same {{…}} in both languages")
            keys.add(key)
            rows.append((key, texts))
    return rows


def _places(text: str) -> Iterator[tuple[str, str]]:
    """(name, kind) of each figure in a text."""
    return ((name, kind or "") for _, name, kind, _ in Formatter().parse(text) if name)


def _pattern(text: str) -> re.Pattern[str]:
    """The pattern of a text with any figures in it."""
    out = ""
    for literal, name, kind, _ in Formatter().parse(text):
        out += re.escape(literal)
        if name:
            out += f"(?P<{name}>{_SHAPES.get(kind or '', _FIGURE)})"
            out += f" {kind}" if kind in UNITS_S else ""
    return re.compile(out, re.DOTALL)


class Words:
    """The texts of one language."""

    def __init__(self, language: str, rows: Iterable[Row]) -> None:
        self.language = language
        self._texts: dict[str, str] = {}
        self._terms: dict[str, str] = {}
        patterns: list[tuple[int, re.Pattern[str], dict[str, str], str]] = []
        for key, texts in rows:
            own_text = texts[language]
            if not key.endswith(GROUP):
                self._texts[key] = own_text
                continue
            kinds, plain = dict(_places(own_text)), _KIND.sub("}", own_text)
            for text in texts.values():
                if not kinds:
                    self._terms.setdefault(text, own_text)
                elif not _pattern(text).fullmatch(
                    "1"
                ):  # a text that is only a figure would match every number
                    own = sum(len(literal) for literal, *_ in Formatter().parse(text))
                    patterns.append((own, _pattern(text), kinds, plain))
        # Patterns with more fixed text are tried first.
        self._patterns = [p[1:] for p in sorted(patterns, key=lambda p: -p[0])]

    def __call__(self, key: str, /, **values: object) -> str:
        """The text of a key with its values; WordsError when there is no such key."""
        try:
            text = self._texts[key]
        except KeyError:
            raise WordsError(f"{FILE.name}: no key {key!r}") from None
        if not values:
            return text
        if any(hasattr(v, "__html__") for v in values.values()):
            return escape(text).format(**values)
        return text.format(**values)

    def of(self, group: str, name: str) -> str:
        """The text of `group.name`; the name itself where the table lacks it, such as one of a
        new board."""
        return self._texts.get(f"{group}.{name}", name)

    def under(self, start: str) -> dict[str, str]:
        """The texts whose key begins with start, by the rest of their key."""
        return {k.removeprefix(start): v for k, v in self._texts.items() if k.startswith(start)}

    def duration(self, seconds: float) -> str:
        """Seconds in their two largest units: 389,424 min are 270 d 10 h."""
        left = round(seconds)
        units: list[str] = []
        for unit, size in UNITS_S.items():
            n, left = divmod(left, size)
            if n or units:
                units.append(self(f"unit.{unit}", n=n) if n else "")
            if len(units) == 2:
                break
        return " ".join(filter(None, units)) or self("unit.s", n=0)

    def said(self, text: object) -> str:
        """A text of another module in this language; a text that the table lacks stays, as data."""
        whole = str(text)
        translated = self._known(whole) or self._filled(whole, self.said)
        if translated is not None:
            return translated
        for between, joint in _JOINTS:
            parts = between.split(whole)
            if len(parts) > 1 and (some := [self._known(p) or p for p in parts]) != parts:
                return joint[self.language].join(some)
        return whole

    def _known(self, whole: str, level: int = 0) -> str | None:
        """The translation; None if any part of it is missing. level: which joints may split it."""
        if whole in self._terms:
            return self._terms[whole]
        for n, (between, joint) in enumerate(_JOINTS[level:], level + 1):
            parts = between.split(whole)
            if len(parts) > 1 and (translated := self._each(parts, n)):
                return joint[self.language].join(translated)
        return self._filled(whole, self._known)

    def _each(self, parts: list[str], level: int) -> list[str]:
        """The translation of each part; empty if one is missing."""
        translated = []
        for part in parts:
            own_text = self._known(part, level)
            if own_text is None:
                return []
            translated.append(own_text)
        return translated

    def _filled(self, whole: str, inner: Callable[[str], str | None]) -> str | None:
        """The translation of a text with figures; None where inner has none for a part of it."""
        for pattern, kinds, own_text in self._patterns:
            if match := pattern.fullmatch(whole):
                parts = {
                    name: inner(value) if kinds[name] == "said" else self._part(kinds[name], value)
                    for name, value in match.groupdict().items()
                }
                if None not in parts.values():
                    return own_text.format(**parts)
        return None

    def _part(self, kind: str, value: str) -> str:
        if kind in UNITS_S:
            return self.duration(int(value) * UNITS_S[kind])
        if kind == "n":
            return value if self.language == "zh" else value.replace("、", ", ")
        if not kind:
            return value
        joint = _JOINTS[2][1][self.language]
        return joint.join(self.of(kind, name) for name in value.split(" "))


@cache
def words() -> dict[str, Words]:
    """The texts by language."""
    rows = read()
    return {code: Words(code, rows) for code in LANGUAGES}


def choose(asked: str, kept: str, accepted: str) -> str:
    """The language: as requested, else as chosen before, else the first of Accept-Language that
    exists."""
    for language in (asked, kept):
        if language in LANGUAGES:
            return language
    wishes = []
    for n, wish in enumerate(accepted[:400].split(",")):
        name, _, weight = wish.strip().partition(";q=")
        try:
            wishes.append((-float(weight or 1), n, name.partition("-")[0].lower()))
        except ValueError:
            continue
    return next((name for w, _, name in sorted(wishes) if w and name in LANGUAGES), DEFAULT)
