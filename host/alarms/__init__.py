"""Alarms of stores and points: the rules of an office, and what was raised, acknowledged, cleared.

host.hazard and host.points measure; host.delivery tells people."""

from __future__ import annotations

from ..common.errors import UserError


class AlarmError(UserError):
    """One line: what, where, what was expected."""
