"""All indicators of one period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from ..common.local_days import LOCAL
from ..common.periods import Period
from ..common.quantity import percent
from ..hazard.register import Register
from ..registry import Registry
from ..rollup.day_figures import Progress
from ..store import Store
from . import catalog, definitions, measured, series
from . import hazardous as hazard
from .compute import EVIDENCE, NOT_HERE, STATUS, Result, compute_all

DISTRICT = "松江区"
TARGET_YEAR = 2025
Say = Callable[[str, dict[str, str]], str]  # which line, and what stands in it
_LINES = {
    "note": "{text}",
    "value": "{formula}: {expression} {equals} {value} {unit}",
    "input": "{name} = {value} {unit}（{origin}）",
    "coverage": "覆盖率 {coverage}（有效计量的桶时/登记桶时）",
}


@dataclass(frozen=True)
class Report:
    """The indicators of a period. as_of: the last day whose imports and readings count."""

    period: Period
    as_of: dt.date
    generated: dt.datetime
    results: list[Result]
    figures: series.Figures
    notes: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{DISTRICT}“无废城市”建设指标"

    def counts(self) -> dict[str, int]:
        """How many indicators of each status, in the order of STATUS."""
        return {s: sum(r.status == s for r in self.results) for s in STATUS}


@dataclass(frozen=True)
class Definitions:
    """Paths of figures.csv and definitions.csv; None: the package's own."""

    figures: Path | None = None
    definitions: Path | None = None


def _notes(period: Period, as_of: dt.date) -> tuple[str, ...]:
    notes: list[str] = []
    if as_of < period.last:
        done = max(0, (as_of - period.first).days + 1)
        notes.append(f"期间未满：截至{as_of}（{done}/{period.days}天），各值未年化")
    if period.month:
        notes.append("本表为当月值；基准值、目标值为全年口径")
    if period.year > TARGET_YEAR:
        notes.append(f"目标值为{TARGET_YEAR}年目标；{period.year}年沿用其口径，未见新目标")
    return tuple(notes)


def build(
    store: Store,
    registry: Registry,
    period: Period,
    *,
    as_of: dt.date | None = None,
    now: dt.datetime | None = None,
    rows: Definitions | None = None,
    register: Register | None = None,
    progress: Progress = iter,
) -> Report:
    """Every indicator that holds on the last day of the period.

    as_of (default: today): last day of imports and readings that count; a day counts once it is
    over. register: institutions whose ledger counts. progress: passes bins on, for a progress
    display. IndicatorError for a mistake in the definitions."""
    now = now or dt.datetime.now(LOCAL)
    today = now.astimezone(LOCAL).date()
    as_of = min(as_of or today, today)
    last = min(as_of, today - dt.timedelta(1), period.last)
    rows = rows or Definitions()
    figures = catalog.load(rows.figures)
    defined = definitions.in_force(definitions.load(figures, rows.definitions), period.last)
    by_figure = series.Figures(
        figures,
        {
            "import": series.imported(store, as_of),
            "tickets": hazard.tickets(store, as_of),
            **({"ledger": hazard.from_ledger(store, register, as_of)} if register else {}),
            "measured": measured.Measured(store, registry, last, progress).source,
            "calendar": series.calendar(last),
        },
    )
    results = compute_all(defined, by_figure, period)
    return Report(period, as_of, now, results, by_figure, _notes(period, last))


def coverage_text(coverage: Decimal | None) -> str:
    return "" if coverage is None else f"{percent(coverage)}%"


def _in_chinese(line: str, parts: dict[str, str]) -> str:
    return _LINES[line].format(**parts).strip()


def explanation(result: Result, say: Say = _in_chinese) -> list[str]:
    """Lines that say how a value came about, or why there is none.

    say writes one: note (text), value (formula, expression, equals, value, unit), input (name,
    value, unit, origin), coverage (coverage)."""
    lines = [say("note", {"text": result.reason})] if result.reason else []
    if result.expression:
        equals = "=" if result.rounded == result.value else "≈"
        parts = {"formula": result.definition.formula, "expression": result.expression}
        parts |= {"equals": equals, "value": result.shown, "unit": result.unit}
        lines.append(say("value", parts))
    for used in result.inputs:
        if used.value is not None:
            figure = used.series.figure
            parts = {"name": figure.name, "value": f"{used.value:f}", "unit": figure.unit}
            lines.append(say("input", parts | {"origin": used.series.origin}))
    if result.coverage is not None:
        lines.append(say("coverage", {"coverage": coverage_text(result.coverage)}))
    return lines + [say("note", {"text": note}) for note in result.notes]


def measurable(result: Result) -> bool:
    return result.status != NOT_HERE


def is_evidence(result: Result) -> bool:
    return result.status == EVIDENCE
