"""Reasons for restated figures, as text for an office."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from ..common.local_days import bounds, date_of, local_day
from ..events import RULES
from ..events.state import VERSION
from ..store.day_revisions import NOT_OVER
from ..store.revision_writer import Entry, Touch
from .fold import Figure

FULL = "everything was computed anew from the readings"


def made_with(values: Mapping[str, Any], rules: int | None = None) -> str:
    """What figures depend on apart from the readings, as JSON to be compared. rules: of the
    events; None: of platforms."""
    return msgspec.json.encode(
        {**values, "rules": RULES if rules is None else rules, "state": VERSION}
    ).decode()


def changed(old: str, new: str) -> str:
    """What changed between two texts of made_with(); "" for no change, or no old text."""
    if not old:
        return ""
    before, after = json.loads(old), json.loads(new)
    was, now = ([x["rules"], x["state"]] for x in (before, after))
    if was != now:
        return f"engine version {_version(was)} → {_version(now)}"
    applied = before.get("corrections", [])
    corrections = [c for c in after.get("corrections", []) if c not in applied]
    if corrections:
        c = corrections[-1]
        return f"calibration {c['calibration']}: {c['reason']} ({c['by']})"
    if before.get("weighed") != after.get("weighed"):
        return "calibration: the board told later by which one it had weighed"
    keys = [k for k in {**before, **after} if before.get(k) != after.get(k)]
    changes = (f"{k} {_short(before.get(k))} → {_short(after.get(k))}" for k in keys)
    return "registry changed: " + ", ".join(changes) if keys else ""


def of(day: int, old: Entry, figure: Figure, touches: Sequence[Touch]) -> str:
    """How readings changed the figures of a local day."""
    t1 = bounds(day)[1]
    if old.computed < t1:
        return NOT_OVER
    mine = [t for t in touches if t.day == day]
    if mine:
        n, on = sum(t.n for t in mine), _arrived(mine)
        if n <= 0 or any(t.n < 0 for t in touches):
            return f"readings were dated anew on {on}: a clock was put right"
        return f"{n} late readings arrived on {on}"
    if figure.events != old.events and figure.late >= t1:
        days = local_day(figure.late) - day
        later = f"a lift that ended {days} days later"
        return "a lift that ended the next day" if days == 1 else later
    if not touches:
        return FULL
    near = min(touches, key=lambda t: (abs(t.day - day), -t.day)).day
    on = _arrived(t for t in touches if t.day == near)
    return f"readings of {date_of(near)} arrived on {on}"


def _arrived(touches: Iterable[Touch]) -> dt.date:
    return date_of(local_day(max(t.at for t in touches)))


def _version(pair: Sequence[int]) -> str:
    return ".".join(map(str, pair))


def _short(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
