"""Text files that people bring: UTF-8, or GB18030 and UTF-16 as spreadsheets write them."""

from __future__ import annotations

import codecs
from contextlib import suppress


class EncodingError(ValueError):
    """A file is in no encoding, or in both. line: where; the message says what was expected."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


def decoded(data: bytes) -> tuple[str, str | None]:
    """The text, and its encoding unless that is UTF-8; EncodingError when it is neither UTF-8 nor
    GB18030, nor UTF-16 with its mark, or mixes two."""
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        with suppress(UnicodeDecodeError):  # two bytes may look like the mark
            return data.decode("utf-16"), "UTF-16"
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as first:
        for n, line in enumerate(data.splitlines(), 1):
            if _is_utf8(line):
                text = "expected one encoding: this line is UTF-8, others are not"
                raise EncodingError(n, text) from None
        try:
            return data.decode("gb18030"), "GB18030"
        except UnicodeDecodeError:
            line_number = data[: first.start].count(10) + 1
            text = f"expected UTF-8 or GB18030, found byte {data[first.start]:#x}"
            raise EncodingError(line_number, text) from None


def _is_utf8(line: bytes) -> bool:
    """Whether a line has Chinese in UTF-8; two bytes of GBK may be valid UTF-8 too."""
    try:
        return any("\u4e00" <= c <= "\u9fff" for c in line.decode("utf-8"))
    except UnicodeDecodeError:
        return False
