"""What a fault means for the tonnage that was reported: beside it, never in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from ..common.local_days import date_of, local_day
from .model import Cause, Finding, Quantity, Standing, Verdict


class Effect(NamedTuple):
    """A day: what was reported as collected, and how much of that the fault is (g; positive: too
    much was reported), with its standard uncertainty; None: nobody can tell."""

    date: dt.date
    reported_g: int
    off_g: int | None
    error_g: int | None


class Advice(StrEnum):
    """What is to be done."""

    NOTHING = "not due"
    CALIBRATE = "calibration due"
    CLEAN = "clean the platform"
    WAIT = "let it dry"
    LOOK = "look at it: it does not react"
    UNKNOWN = "not enough evidence"


def effects(standing: Standing, collected: Mapping[dt.date, int]) -> list[Effect]:
    """By day since the fault began, of the days that are given (g reported of each). Emptyings are
    differences of two weighings, so that a wrong zero is in none of them."""
    span = standing.of(Quantity.SPAN)
    frozen = next((f for f in standing.named if f.cause is Cause.FROZEN), None)
    found = []
    for date, grams in sorted(collected.items()):
        if frozen is not None and date >= date_of(local_day(frozen.since)):
            found.append(Effect(date, grams, None, None))
        elif span.verdict is Verdict.BEYOND and date >= date_of(local_day(span.since)):
            off = round(grams * span.value / (1 + span.value))
            found.append(Effect(date, grams, off, round(grams * span.error)))
    return found


def advice(standing: Standing) -> Advice:
    """The gravest of what its findings ask for."""
    asked = [_of(f) for f in standing.named]
    for each in (Advice.LOOK, Advice.CALIBRATE, Advice.CLEAN, Advice.WAIT):
        if each in asked:
            return each
    needed = (standing.of(Quantity.ZERO), standing.of(Quantity.SPAN))
    if any(f.verdict is Verdict.UNKNOWN for f in needed):
        return Advice.UNKNOWN
    return Advice.NOTHING


def _of(finding: Finding) -> Advice:
    return {
        Cause.FROZEN: Advice.LOOK,
        Cause.DIRTY: Advice.CLEAN,
        Cause.WET: Advice.WAIT,
    }.get(finding.cause, Advice.CALIBRATE)
