"""Daily figures of each site and stream, kept as revisions; only dirty days are computed again."""

from ..common.local_days import DAY_S
from .days import (
    AFTER_S,
    BinDay,
    DailyRow,
    Day,
    covered_seconds,
    day_bounds,
    days_of,
    events,
    fills,
    roll,
    roll_day,
)

__all__ = [
    "AFTER_S",
    "DAY_S",
    "BinDay",
    "DailyRow",
    "Day",
    "covered_seconds",
    "day_bounds",
    "days_of",
    "events",
    "fills",
    "roll",
    "roll_day",
]
