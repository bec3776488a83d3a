"""The indicators of the plan: definitions and figures are rows of tables, with few formulas.

definitions.csv has each indicator with its period and its formula over figures. figures.csv has
the properties of each figure, from which forbidden sums are recognised."""

from __future__ import annotations

from ..common.errors import UserError


class IndicatorError(UserError):
    """One line: where, what was expected, what was found."""
