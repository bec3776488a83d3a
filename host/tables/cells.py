"""The value of one cell: number, time, text. What is repaired is for the caller to say."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal

from ..common.local_days import LOCAL

SERIAL_0 = dt.datetime(1899, 12, 30, tzinfo=LOCAL)  # day 0 of a spreadsheet's date serials
DAYS_1904 = 1462  # by which serials of a workbook of 1904 are smaller
FIRST_SERIAL, END_SERIAL = 36526, 73051  # 2000-01-01, 2100-01-01
# A spreadsheet keeps 15 digits: of a longer number the rest is made up.
MOST_WHOLE = 10**15
_DATE = re.compile(
    r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?"
    r"(?:[T ]*(上午|下午|AM|PM)? ?(\d{1,2})(?::|时|点)(\d{1,2})?"
    r"(?:[:分](\d{1,2})(?:\.\d{1,9})?)?[分秒]? ?(AM|PM)?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?: ?(\d{2}):?(\d{2})(?::?(\d{2}))?)?")
_SERIAL = re.compile(r"\d{5}(\.\d+)?")
# Separators between thousands stand before each three digits; any other comma is a decimal
# comma, or a slip, and cannot be read.
_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}([, ])\d{3}(\2\d{3})*)(\.\d+)?")
_KEPT_AS_TEXT = re.compile(r'="(.*)"', re.DOTALL)
# What nobody sees: controls, and marks of no width that come with text from web pages and chats.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－", "-"))


def text(raw: object) -> str:
    """A cell as trimmed text. Of a number from a workbook 15 digits; ValueError says what is
    expected where it has more."""
    if isinstance(raw, bool):
        return str(raw).upper()
    if isinstance(raw, float):
        if abs(raw) >= MOST_WHOLE:
            raise ValueError("digits kept as text: a spreadsheet keeps 15 digits of a number")
        return f"{Decimal(f'{raw:.15g}').normalize():f}" if raw else "0"
    given = visible(" ".join([] if raw is None else str(raw).splitlines())).strip()
    kept = _KEPT_AS_TEXT.fullmatch(given)
    return kept[1].strip() if kept else given


def visible(given: str) -> str:
    """Without what has no width."""
    return _UNSEEN.sub("", given)


def half_width(given: str) -> str:
    """Full-width characters as half-width, but for the brackets in names."""
    plain = unicodedata.normalize("NFKC", given).strip()
    unbracketed = re.sub(r"[()（）]", "", given)
    return given if re.sub(r"[()]", "", plain) == unbracketed else plain


def folded(given: str) -> str:
    """What identifies a name however it is typed: width, case, blanks and quotes left out."""
    plain = unicodedata.normalize("NFKC", given).casefold().translate(_DASHES)
    return re.sub(r"[\s\"'“”‘’]", "", plain)


def folded_number(given: str) -> str:
    """As folded(); zeros before digits left out too."""
    plain = folded(given)
    return plain.lstrip("0") or "0" if plain.isdigit() else plain


def dashed(given: str) -> str:
    """Any dash as -, without blanks."""
    return given.translate(_DASHES).replace(" ", "")


def number(given: str) -> Decimal | None:
    """A plain decimal number, thousands grouped by threes with commas or blanks; else None."""
    plain = unicodedata.normalize("NFKC", given).strip()
    if len(plain) > 40 or not _NUMBER.fullmatch(plain):
        return None
    return Decimal(plain.replace(",", "").replace(" ", ""))


def moment(raw: object, *, of_1904: bool = False) -> dt.datetime | None:
    """A local time (Asia/Shanghai) to the second, from a date cell, date text, compact digits or a
    serial from 2000 to 2099; of_1904: in a workbook that counts days from 1904. Else None."""
    if isinstance(raw, dt.datetime):
        made: dt.datetime | None = raw.replace(tzinfo=LOCAL) + dt.timedelta(microseconds=500_000)
        assert made is not None
        made = made.replace(microsecond=0)
    elif isinstance(raw, dt.date):
        made = dt.datetime(raw.year, raw.month, raw.day, tzinfo=LOCAL)
    else:
        made = _of_text(text(raw), of_1904)
    return made if made is not None and 2000 <= made.year < 2100 else None


def _of_text(given: str, of_1904: bool) -> dt.datetime | None:
    plain = unicodedata.normalize("NFKC", given)
    if match := _DATE.fullmatch(plain):
        year, month, day, before, hour, minute, second, after = match.groups()
        clock = _hour(int(hour or 0), before or after)
        if clock is None or (before and after):
            return None
        return _made(int(year), int(month), int(day), clock, int(minute or 0), int(second or 0))
    if match := _COMPACT.fullmatch(plain):
        return _made(*(int(p or 0) for p in match.groups()))
    if _SERIAL.fullmatch(plain):
        days = Decimal(plain) + (DAYS_1904 if of_1904 else 0)
        if FIRST_SERIAL <= days < END_SERIAL:
            return SERIAL_0 + dt.timedelta(seconds=round(days * 86400))
    return None


def _hour(hour: int, half: str | None) -> int | None:
    """Hour of the day; None for an hour that its half of the day does not have."""
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        return None
    return hour % 12 + (12 if half.upper() in ("下午", "PM") else 0)


def _made(*parts: int) -> dt.datetime | None:
    try:
        return dt.datetime(*parts, tzinfo=LOCAL)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
