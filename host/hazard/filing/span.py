"""The period of a report: a month, a quarter or a year of Asia/Shanghai."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from ...rollup import day_bounds
from .. import HazardError

_SPAN = re.compile(r"(20[0-9]{2})(?:-(0[1-9]|1[0-2])|-Q([1-4]))?")


@dataclass(frozen=True)
class Span:
    """name: 2026, 2026-Q1 or 2026-03. t0 <= t < t1 in Unix seconds."""

    name: str
    year: int
    t0: int
    t1: int

    @property
    def words(self) -> dict[str, str]:
        """What the titles of the forms leave open."""
        month, quarter = self.name[5:], self.name[6:]
        common = {"year": str(self.year)}
        if "Q" in self.name:
            parts = {"period": f"第{quarter}季度", "every": "季度", "period_end": "季度底"}
        elif month:
            parts = {"period": f"{int(month)}月", "every": "月度", "period_end": "月底"}
        else:
            parts = {"period": "", "every": "年度", "period_end": "年底"}
        return common | parts


def parse(text: str) -> Span:
    """The period of YYYY, YYYY-Q1 or YYYY-MM; HazardError otherwise."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise HazardError(f"expected YYYY, YYYY-Q1 or YYYY-MM, found {text!r}")
    year, first, months = int(match[1]), 1, 12
    if match[2]:
        first, months = int(match[2]), 1
    elif match[3]:
        first, months = 3 * int(match[3]) - 2, 3
    after = year * 12 + first - 1 + months
    end = dt.date(after // 12, after % 12 + 1, 1)
    t0, t1 = day_bounds(dt.date(year, first, 1))[0], day_bounds(end)[0]
    return Span(text, year, t0, t1)
