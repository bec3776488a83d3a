"""Hazardous waste in store: register, ledger, rules and alarms, transfers."""

from __future__ import annotations

from ..common.errors import UserError


class HazardError(UserError):
    """One line: what, where, what was expected."""
