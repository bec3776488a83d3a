"""The commands that a page of the docs prints, as a reader would copy them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

TOOLS = (
    r"(?:qingyun|make|mosquitto_(?:sub|pub)|mpremote|esptool|python3?|pip|pytest|apt-get|git|cp|"
    r"cd|export|unset|\.|curl|useradd|runuser|systemctl|journalctl|sudo|sh|install|"
    r"(?:\.venv/bin|tools)/[\w./-]+)"
)
_BEGINS = re.compile(rf"{TOOLS}(?=\s|$)")
_BLOCK = re.compile(r"^ *```[a-z]*\n(.*?)^ *```$", re.M | re.S)  # within a list, it is indented
_INLINE = re.compile(r"`([^`]+)`")
_NAME = re.compile(r"[a-z][a-z-]*")


@dataclass(frozen=True)
class Command:
    """One command: its page and line, the text as it stands there, whether within a sentence."""

    page: str
    line: int
    text: str
    inline: bool

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"

    @property
    def names_only(self) -> bool:
        """`qingyun ledger verify`, `make demo` or a file in a sentence: a name, not to be run."""
        tool, *words = self.text.removeprefix(".venv/bin/").split()
        named = tool in ("qingyun", "make") and all(map(_NAME.fullmatch, words))
        return self.inline and (named or not words)


def commands(page: Path, root: Path) -> list[Command]:
    """In the order in which they stand. Of a block that begins with a command every line is
    one; in the text, what stands between ` and begins with one."""
    text = page.read_text(encoding="utf-8")
    name = str(page.relative_to(root))
    found: list[tuple[int, str, bool]] = []
    for block in _BLOCK.finditer(text):
        if _BEGINS.match(block[1].lstrip()):
            at = block.start(1)
            for piece in re.split(r"(?<!\\)\n", block[1]):
                if piece.strip():
                    found.append((at, piece.strip(), False))
                at += len(piece) + 1
    blank = _BLOCK.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)
    found += [
        (inline.start(), " ".join(inline[1].split()), True)
        for inline in _INLINE.finditer(blank)
        if _BEGINS.match(inline[1])
    ]
    return [
        Command(name, text.count("\n", 0, at) + 1, piece, inline)
        for at, piece, inline in sorted(found)
    ]
