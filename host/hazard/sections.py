"""Ledger and alarms of a day, for the JSON export to city platforms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from ..alarms import alarm_log
from ..common.local_days import LOCAL
from ..rollup import day_bounds
from ..store import Store
from . import ledger

Section = Callable[[dt.date], list[dict[str, Any]]]


def _time(t: int) -> str:
    return dt.datetime.fromtimestamp(t, LOCAL).isoformat()


def of(store: Store) -> dict[str, Section]:
    """The sections of host.reports.export that the store can give."""

    def told(date: dt.date) -> list[dict[str, Any]]:
        t0, t1 = day_bounds(date)
        return [
            alarm_log.message(r)[1] | {"time": _time(r.t)}
            for r in alarm_log.read(store)
            if t0 <= r.t < t1 and r.body.store
        ]

    def booked(date: dt.date) -> list[dict[str, Any]]:
        t0, t1 = day_bounds(date)
        return [
            {
                "id": e.id,
                "table": e.table,
                "batch": e.batch,
                "time": _time(e.t),
                "entered": _time(e.recorded),
                "by": e.by,
                "institution": e.institution,
                "store": e.store,
                "container": e.container,
                "catalogue": e.edition,
                "code": e.code,
                "kg": e.grams / 1000,
                "columns": e.values,
                "said_by": e.origin,
                "upstream": e.upstream,
                "event": e.weighed.event if e.weighed else None,
                "reverses": e.reverses or None,
                "reason": e.reason,
            }
            for e in ledger.read(store)
            if t0 <= e.t < t1
        ]

    return {"alarms": told, "ledger": booked}
