"""The hours in which somebody is on duty, by days of the week."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..common.local_days import SHANGHAI_S

_DAY_S = 86_400
_HOUR = r"(?:[01]\d|2[0-3]):[0-5]\d"
_SPAN = re.compile(rf"(?:([1-7])(?:-([1-7]))? )?({_HOUR})-({_HOUR}|24:00)")
EXPECTED = "HH:MM-HH:MM, or 1-5 HH:MM-HH:MM for Monday to Friday, with | between, or nothing"


@dataclass(frozen=True)
class Span:
    """days: of the week on which it begins, 1 is Monday; begin, end: seconds of that local day, end
    perhaps on the next one."""

    days: frozenset[int]
    begin: int
    end: int


@dataclass(frozen=True)
class Duty:
    """No span: always on duty."""

    spans: tuple[Span, ...] = ()

    def is_on(self, t: int) -> bool:
        """Whether at Unix second t."""
        return self.first_on(t) == t

    def first_on(self, t: int) -> int:
        """The first Unix second from t on that is within the hours."""
        if not self.spans:
            return t
        today = (t + SHANGHAI_S) // _DAY_S
        days = range(today - 1, today + 9)  # day 0 of Unix time is a Thursday
        begun = (
            (d * _DAY_S - SHANGHAI_S, s)
            for d in days
            for s in self.spans
            if (d + 3) % 7 + 1 in s.days
        )
        return min(max(t, midnight + s.begin) for midnight, s in begun if midnight + s.end > t)


ALWAYS = Duty()


def parsed(text: str) -> Duty | None:
    """The hours of a cell; None where it is not as EXPECTED."""
    spans = []
    for part in filter(None, (p.strip() for p in text.split("|"))):
        match = _SPAN.fullmatch(part)
        if not match or match[3] == match[4]:
            return None
        first, last = int(match[1] or 1), int(match[2] or match[1] or 7)
        if first > last:
            return None
        begin, end = (int(x[:2]) * 3600 + int(x[3:]) * 60 for x in (match[3], match[4]))
        days = frozenset(range(first, last + 1))
        spans.append(Span(days, begin, end if end > begin else end + _DAY_S))
    return Duty(tuple(spans))
