"""What people get: daily files, workbooks, pages, pictures, and what a figure rests on."""

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
