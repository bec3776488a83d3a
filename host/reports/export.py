"""One day for a city platform: a versioned JSON document, host/schemas/export.schema.json.

A later export of the same day replaces the earlier one: late data restates it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from .. import __version__, rollup
from ..common.disclaimer import DISCLAIMER
from ..common.local_days import LOCAL
from ..common.quantity import kg_number
from ..events import Event
from ..events.model import Evidence
from ..registry import STORED_HAZARDOUS, Bin, Registry
from ..rollup import DailyRow
from ..store import Store
from . import LABEL
from .summary import HAULED, Part, Summary, part

SCHEMA = "qingyun.export/1"
# Sections that need what this store may not hold: name -> entries of the day.
Section = Callable[[dt.date], list[dict[str, Any]]]
OPTIONAL = ("alarms", "ledger")


def _time(t: int) -> str:
    return dt.datetime.fromtimestamp(t, LOCAL).isoformat()


def _evidence(e: Evidence) -> dict[str, Any]:
    return {"life": e.life, "seq": e.seq, "time": _time(e.t), "gross_kg": e.grams / 1000}


def _event(bin_: Bin, e: Event) -> dict[str, Any]:
    return {
        "id": f"{bin_.device}/{bin_.channel}/{e.before.life}/{e.before.seq}",
        "kind": str(e.kind),
        "site": bin_.site,
        "bin": bin_.bin,
        "stream": bin_.stream,
        "begin": _time(e.t),
        "end": _time(e.t_end),
        "kg": e.grams / 1000,
        "before": _evidence(e.before),
        "after": _evidence(e.after),
        "note": e.note,
    }


def _measure(p: Part) -> dict[str, Any]:
    """A part as it is sent; null, not zero, where nothing was measured."""
    return {
        "collected_kg": kg_number(p.collected),
        "collections": p.collections,
        "coverage": None if p.coverage is None else float(p.coverage),
    }


def _daily(r: DailyRow) -> dict[str, Any]:
    more = {"deposited_kg": r.deposited_g, "removed_kg": r.removed_g}
    more |= {"unattributed_kg": r.unattributed_g}
    return {
        "site": r.site,
        "stream": r.stream,
        "bins": r.bins,
        **_measure(part([r])),
        **{k: kg_number(r.known(g)) for k, g in more.items()},
    }


def document(
    store: Store, registry: Registry, date: dt.date, sections: Mapping[str, Section] | None = None
) -> dict[str, Any]:
    """The export of a day. sections: what is held of those in OPTIONAL."""
    rows = rollup.roll_day(store, registry, date)
    summary = Summary(str(date), date, date, rows)
    scopes: list[str | None] = [None, *summary.towns]
    events = [
        _event(bin_, e)
        for bin_, bin_events in rollup.events(store, registry, date)
        for e in bin_events
    ]
    given = sections or {}
    return {
        "schema": SCHEMA,
        "software": f"qingyun {__version__}",
        "district": "松江区",
        "date": str(date),
        "timezone": "Asia/Shanghai",
        "generated": dt.datetime.now(LOCAL).isoformat(timespec="seconds"),
        "disclaimer": DISCLAIMER,
        "sites": [
            {"site": s.site, "name": s.name, "town": s.town, "kind": s.kind}
            for s in registry.sites.values()
        ],
        "totals": [
            {"label": LABEL, "town": town, "streams": list(HAULED)}
            | _measure(summary.of(HAULED, town))
            for town in scopes
        ],
        "daily": [_daily(r) for r in rows if r.stream != STORED_HAZARDOUS],
        "stores": [_daily(r) for r in rows if r.stream == STORED_HAZARDOUS],
        "events": sorted(events, key=lambda e: (e["begin"], e["id"])),
        **{name: given[name](date) for name in OPTIONAL if name in given},
        "absent": [name for name in OPTIONAL if name not in given],
    }
