"""Days in Asia/Shanghai, which has had one UTC offset since 1991."""

from __future__ import annotations

import datetime as dt

EPOCH = dt.date(1970, 1, 1)
SHANGHAI_S = 8 * 3600
DAY_S = 86_400
LOCAL = dt.timezone(dt.timedelta(seconds=SHANGHAI_S), "Asia/Shanghai")


def local_day(t: int) -> int:
    """Days since 1970-01-01 in Asia/Shanghai, of Unix seconds."""
    return (t + SHANGHAI_S) // DAY_S


def bounds(day: int) -> tuple[int, int]:
    """The first Unix second of a day and of the next."""
    start = day * DAY_S - SHANGHAI_S
    return start, start + DAY_S


def date_of(day: int) -> dt.date:
    """The date of a day number of local_day()."""
    return EPOCH + dt.timedelta(day)


def day_of(date: dt.date) -> int:
    """The day number of a date, as local_day() counts."""
    return (date - EPOCH).days


def clock(t: int | None) -> str:
    """Unix seconds as local date and time; "-" for None."""
    return dt.datetime.fromtimestamp(t, LOCAL).strftime("%Y-%m-%d %H:%M:%S") if t else "-"
