"""A calendar year or month."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from functools import cached_property

_PERIOD = re.compile(r"(\d{4})(?:-(\d{2}))?")
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


@dataclass(frozen=True)
class Period:
    """A calendar year (month is None) or one month of it, Asia/Shanghai."""

    year: int
    month: int | None = None

    def __str__(self) -> str:
        return f"{self.year:04d}" + (f"-{self.month:02d}" if self.month else "")

    @property
    def chinese(self) -> str:
        """Its name in Chinese."""
        return f"{self.year}年" + (f"{self.month}月" if self.month else "")

    @property
    def months(self) -> tuple[int, ...]:
        """The numbers of its months."""
        return (self.month,) if self.month else tuple(range(1, 13))

    @cached_property
    def first(self) -> dt.date:
        """Its first day."""
        return dt.date(self.year, self.months[0], 1)

    @cached_property
    def last(self) -> dt.date:
        """Its last day."""
        return dt.date(self.year, self.months[-1], days_of(self.year, self.months[-1]))

    @property
    def days(self) -> int:
        """The number of its days."""
        return (self.last - self.first).days + 1


def days_of(year: int, month: int) -> int:
    """The number of days of a month."""
    return calendar.monthrange(year, month)[1]


def parse(text: str) -> Period:
    """The period of YYYY or YYYY-MM; ValueError says what was expected."""
    match = _PERIOD.fullmatch(text)
    if match:
        year, month = int(match[1]), int(match[2]) if match[2] else None
        if _FIRST_YEAR <= year <= _LAST_YEAR and month in (None, *range(1, 13)):
            return Period(year, month)
    raise ValueError(f"expected YYYY or YYYY-MM, found {text!r}")
