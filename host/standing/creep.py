"""Creep: what an empty bin still gains or loses in the half hour after the load went."""

from __future__ import annotations

import math

from ..common.local_days import DAY_S
from ..reconcile.robust import median, spread
from .model import Finding, Known, Quantity, Verdict, within

_WINDOW_S = 60 * DAY_S
_LEAST = 6


def judge(known: Known, now: int) -> Finding:
    """OIML R 76-1:2006, 3.9.4.1: half of e within 30 min; in service nothing more is asked of
    a scale that was not made worse."""
    found = [d for t, d, _ in known.settled if now - _WINDOW_S <= t < now]
    limit = known.e_g / 2
    n = len(found)
    if n < _LEAST:
        text = f"{n} emptied bins that stood alone for half an hour, {_LEAST} tell"
        return Finding(Quantity.CREEP, Verdict.UNKNOWN, limit=limit, n=n, because=text)
    value = median(found)
    error = 1.2533 * spread([float(d) for d in found], known.e_g / 20) / math.sqrt(n)
    if abs(value) - 3.6 * error > limit:
        return Finding(Quantity.CREEP, Verdict.BEYOND, value, error, limit, n)
    return within(Quantity.CREEP, value, error, limit, n)
