"""The plan's indicators: definitions and figures are rows, formulas are a handful.

definitions.csv says what each indicator is, from when to when, and how it follows from
figures; figures.csv says what a figure is, so that what must never be added is refused."""

from __future__ import annotations

from ..common.errors import UserError


class IndicatorError(UserError):
    """One line: where, what was expected, what was found."""
