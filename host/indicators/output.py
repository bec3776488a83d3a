"""The indicators as a terminal table, CSV and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TextIO

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from ..common import terminal
from ..common.disclaimer import DISCLAIMER
from ..common.quantity import MISSING, coverage
from ..common.shown import CsvWriter
from .compute import STATUS, Result, Used, span
from .report import DISTRICT, Report, coverage_text, explanation, measurable

INDENT = (0, 0, 0, 4)
SCHEMA = "qingyun.indicators/1"
CSV_COLUMNS = (
    *("number", "level1", "level2", "name", "mandatory", "unit", "baseline_2020"),
    *("target_2025", "departments", "period", "as_of", "status", "value", "coverage"),
    *("computed", "inputs", "beside", "notes", "reason", "source"),
)


def show(report: Report, console: Console) -> None:
    """Print the table of all indicators, then inputs and formula of each; fits 80 columns."""
    title = f"{report.title}（{report.period.chinese}，截至{report.as_of}）"
    table = terminal.table(title, DISCLAIMER)
    terminal.columns(table, ("序号",))
    terminal.columns(table, ("指标",), wrap=True)
    table.add_column("单位", overflow="fold", max_width=9)
    table.add_column("基准2020", justify="right", overflow="fold", max_width=8)
    table.add_column("目标2025", justify="right", overflow="fold", max_width=8)
    terminal.columns(table, ("值",), right=True)
    terminal.columns(table, ("状态",))
    for r in report.results:
        d = r.definition
        star = "★" if d.mandatory else ""
        cells = d.number, d.name + star, r.unit, d.baseline_2020, d.target_2025
        table.add_row(*cells, r.shown or MISSING, STATUS[r.status])
    console.print(table)
    console.print(
        "★ 必选指标　" + "　".join(f"{STATUS[s]} {n}" for s, n in report.counts().items())
    )
    for note in report.notes:
        console.print(f"注：{note}")
    for r in report.results:
        console.print(*_lines(r), sep="\n")


def _lines(r: Result) -> Iterator[Text | Padding]:
    """Inputs and formula of an indicator; only the reason if it is not measured."""
    head = f"{r.definition.number}、{r.definition.name}"
    if not measurable(r):
        yield Text(f"{head}：{r.reason}")
        return
    yield Text(f"{head}：{r.shown or MISSING} {r.unit}", "bold")
    for line in explanation(r):
        yield Padding(Text(line), INDENT)
    for b in r.beside:
        why = b.reason or (f"只含{span(b.months)}" if b.months else "")
        cover = f"，覆盖率 {coverage_text(b.coverage)}" if b.coverage is not None else ""
        text = f"旁列 {b.definition.name}：{b.shown or MISSING} {b.unit}{cover}"
        yield Padding(Text(text + (f"；{why}" if why else "")), INDENT)


def write_csv(report: Report, file: TextIO) -> None:
    """Write one line for each indicator."""
    out = CsvWriter(file)
    out.writerow(CSV_COLUMNS)
    for r in report.results:
        d = r.definition
        head = d.number, d.level1, d.level2, d.name, int(d.mandatory), r.unit
        plan = d.baseline_2020, d.target_2025, d.departments
        seen = coverage(r.coverage)
        when = str(report.period), report.as_of, r.status, r.shown or MISSING, seen
        inputs = "; ".join(f"{u.series.figure.figure}={_plain(u.value)}" for u in r.inputs)
        beside = "; ".join(
            f"{b.definition.name}={b.shown} {b.unit}"
            + (f" ({coverage_text(b.coverage)})" if b.coverage is not None else "")
            for b in r.beside
            if b.value is not None
        )
        rest = r.expression, inputs, beside, "；".join(r.notes), r.reason, d.source
        out.writerow((*head, *plan, *when, *rest))
    out.writerow((DISCLAIMER, *[""] * (len(CSV_COLUMNS) - 1)))


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


def _input(u: Used) -> dict[str, Any]:
    f = u.series.figure
    return {
        "role": u.role,
        "sign": u.sign,
        "figure": f.figure,
        "name": f.name,
        "year": u.series.year,
        "value": None if u.value is None else f"{u.value:f}",
        "unit": f.unit,
        "basis": f.basis,
        "months": list(u.months),
        "origin": u.series.origin,
    }


def _value(r: Result) -> dict[str, Any]:
    return {
        "status": r.status,
        "value": None if r.rounded is None else float(r.rounded),
        "exact": None if r.value is None else str(r.value),
        "unit": r.unit,
        "months": list(r.months),
        "formula": r.definition.formula,
        "computed": r.expression,
        "inputs": [_input(u) for u in r.inputs],
        "coverage": None if r.coverage is None else float(r.coverage),
        "notes": r.notes,
        "reason": r.reason,
    }


def document(report: Report) -> dict[str, Any]:
    """The report as host/schemas/indicators.schema.json describes it."""
    indicators = []
    for r in report.results:
        d = r.definition
        indicators.append(
            {
                "number": d.number,
                "plan": d.plan,
                "level1": d.level1,
                "level2": d.level2,
                "name": d.name,
                "mandatory": d.mandatory,
                "baseline_2020": d.baseline_2020,
                "target_2025": d.target_2025,
                "departments": d.departments,
                "effective_from": str(d.effective_from),
                "effective_to": str(d.effective_to) if d.effective_to else None,
                "source": d.source,
                **_value(r),
                "beside": [{"name": b.definition.name, **_value(b)} for b in r.beside],
            }
        )
    return {
        "schema": SCHEMA,
        "district": DISTRICT,
        "period": str(report.period),
        "days": report.period.days,
        "as_of": str(report.as_of),
        "generated": report.generated.isoformat(timespec="seconds"),
        "disclaimer": DISCLAIMER,
        "notes": list(report.notes),
        "counts": report.counts(),
        "indicators": indicators,
    }


def write_json(report: Report, file: TextIO) -> None:
    json.dump(document(report), file, ensure_ascii=False, indent=1)
    file.write("\n")
