"""Figures as an office would bring them, and the report that follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from sim_board import ROOT

from host import registry
from host.common import periods
from host.common.local_days import LOCAL
from host.indicators import catalog, imports, report
from host.indicators.compute import Result
from host.registry import Registry
from host.store import Store

KNOWN: Registry = registry.load(ROOT / "registry")
NOW = dt.datetime(2025, 3, 1, 9, tzinfo=LOCAL)
HEAD = "figure,period,value,unit,source,entered_by,entered_on,note"
Given = Mapping[tuple[str, str], str]


def csv_of(given: Given, entered: str = "2025-02-10", note: str = "") -> str:
    """(figure, period) -> value as a file."""
    units = catalog.load()
    lines = [
        f"{figure},{period},{value},{units[figure].unit},年报,王五,{entered},{note}"
        for (figure, period), value in given.items()
    ]
    return "\n".join([HEAD, *lines]) + "\n"


def bring(store: Store, folder: Path, given: Given, now: dt.datetime = NOW, note: str = "") -> None:
    """Import them."""
    file = folder / "brought.csv"
    entered = min(now.date(), dt.date(2025, 2, 10))
    file.write_text(csv_of(given, str(entered), note), encoding="utf-8")
    imports.run(store, catalog.load(), file, int(now.timestamp()))


def made(store: Store, period: str, as_of: str | None = None, **more: object) -> report.Report:
    """The report as of a day."""
    day = dt.date.fromisoformat(as_of) if as_of else None
    return report.build(
        store,
        KNOWN,
        periods.parse(period),
        as_of=day,
        now=NOW,
        **more,  # type: ignore[arg-type]
    )


def row(found: report.Report, number: str) -> Result:
    return next(r for r in found.results if r.definition.number == number)


def beside(found: report.Report, number: str, name: str) -> Result:
    return next(b for b in row(found, number).beside if b.definition.name == name)
