"""Output for people: daily files, workbooks, pages, pictures, and the origin of a figure."""

from .daily import (
    ESTIMATED,
    FILES,
    LABEL,
    district_lines,
    run_events,
    run_rollup,
    write_balance,
    write_daily,
    write_district,
)

__all__ = [
    "ESTIMATED",
    "FILES",
    "LABEL",
    "district_lines",
    "run_events",
    "run_rollup",
    "write_balance",
    "write_daily",
    "write_district",
]
