"""Runs `qingyun indicators`, `import-figures`, `report` and `export`."""

from __future__ import annotations

import argparse
import datetime as dt
import io
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ... import registry as registries
from ...common import terminal
from ...common.atomic_write import whole
from ...common.errors import UsageError
from ...common.local_days import LOCAL
from ...common.output_form import form_of
from ...hazard import anchors, register, sections
from ...indicators import IndicatorError, catalog, imports, output, report
from ...office import OfficeError
from ...points import positions
from ...registry import Bin
from ...reports import export, hazardous_tables, ngsi, summary_html
from ...reports.month import summarise
from ...store import Store
from ...store.figures import history
from ..known import no_readings
from . import engine
from .dry_run import checked


def _progress(bins: Sequence[Bin]) -> Iterable[Bin]:
    return terminal.with_progress(bins, "adding up")


def _out(path: Path | None, text: str) -> None:
    """Write text to a file, or to standard output without one."""
    if path is None:
        sys.stdout.write(text)
        return
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")
    print(f"{path}: written")


def _note(db: Path | str, first: dt.date, last: dt.date) -> None:
    """Where there is nothing to report; beside standard output, which may be the report."""
    if note := no_readings(db, first, last):
        print(note, file=sys.stderr)


def _file(path: Path | None, form: str) -> Path | None:
    """Where to; a workbook needs a file."""
    if path is None and form == "xlsx":
        raise OfficeError("--out: expected a file for --format xlsx")
    return path


def _plan(folder: Path | None) -> report.Definitions:
    if folder is None:
        return report.Definitions()
    return report.Definitions(folder / "figures.csv", folder / "definitions.csv")


def _register(folder: Path, registry: registries.Registry) -> register.Register | None:
    """The register of hazardous waste; None where the registry has none."""
    return register.load(folder, registry) if register.present(folder) else None


def run_indicators(args: argparse.Namespace) -> int:
    form = form_of(args.out, "table csv json xlsx", args.format) or "table"
    target = _file(args.out, form)
    registry = registries.load(args.registry)
    period, yesterday = args.year or args.month, dt.datetime.now(LOCAL).date() - dt.timedelta(1)
    code = engine.bring(args, min(args.as_of or yesterday, yesterday, period.last))
    store = Store(args.db)
    made = report.build(
        *(store, registry, period),
        as_of=args.as_of,
        rows=_plan(args.plan),
        register=_register(args.registry, registry),
        progress=_progress,
    )
    anchor = anchors.note(store)
    store.close()
    if form == "xlsx":
        assert target is not None
        from ...indicators import workbook  # noqa: PLC0415  with what writes workbooks

        workbook.write(made, target, anchor)
        print(f"{target}: written")
    elif form == "table" and target is None:
        output.show(made, terminal.console())
    else:
        text = io.StringIO()
        if form == "table":
            output.show(made, terminal.plain(text))
        else:
            (output.write_csv if form == "csv" else output.write_json)(made, text)
        bom = "\ufeff" if form == "csv" and target else ""  # Excel asks for it
        _out(target, bom + text.getvalue())
    return code


def run_import_figures(args: argparse.Namespace) -> int:
    figures = catalog.load(_plan(args.plan).figures)
    if args.list:
        _list_figures(figures)
        return 0
    if args.file is None and args.show is None and args.take_back is None:
        raise IndicatorError("expected FILE, --show, --take-back or --list")
    if args.db is None:
        raise UsageError(args.settings.nowhere())
    if args.show:
        _show_history(args.db, figures, *args.show)
        return 0
    if args.take_back:
        store = Store(args.db)
        by, reason, now = args.by or "", args.reason or "", int(time.time())
        gone = imports.take_back(store, args.take_back, by=by, reason=reason, now=now)
        store.close()
        print(f"{args.db}: {len(gone)} figures taken back: those before them are in force")
        return 0
    store = Store(args.db, create=True)
    done = imports.run(store, figures, args.file, int(time.time()), check=args.check)
    store.close()
    for line in [*done.notes, *done.refused]:
        print(line)
    if args.check:
        return checked(args.file, len(done.added), len(done.refused))
    print(
        f"{args.file}: {len(done.added)} figures added to {args.db}, {done.unchanged} there already"
    )
    print(f"to take them back: qingyun import-figures --take-back {done.digest[:12]}")
    return 0


def _list_figures(figures: catalog.Catalog) -> None:
    table = terminal.table("figures that can be imported")
    terminal.columns(table, ("figure", "name", "unit", "kind"))
    terminal.columns(table, ("note",), wrap=True)
    for f in figures.values():
        if "import" in f.sources:
            table.add_row(f.figure, f.name, f.unit, f.kind, f.note)
    terminal.console().print(table)


def _show_history(db: Path | str, figures: catalog.Catalog, name: str, period: str) -> None:
    """Print every imported value of a figure and period, oldest first."""
    if name not in figures:
        raise IndicatorError(
            f"--show: expected a figure (qingyun import-figures --list), found {name!r}"
        )
    entries = history(Store(db), name, period)
    if not entries:
        print(f"{db}: nothing was ever said of {name} in {period}")
    for e in entries:
        why = f"supersedes {e.supersedes}: {e.note}" if e.supersedes else e.note
        value = f"{e.value} {e.unit}" if e.value is not None else "withdrawn"
        print("  ".join((str(e.id), value, e.source, e.entered_by, e.entered_on, why, e.file)))


def run_report(args: argparse.Namespace) -> int:
    form = form_of(args.out, "html xlsx", args.format) or "html"
    target = _file(args.out, form)
    registry = registries.load(args.registry)
    store = Store(args.db)
    summary = summarise(store, registry, args.month, progress=_progress)
    more = hazardous_tables.tables(
        store, _register(args.registry, registry), summary.rows, args.month
    )
    anchor = anchors.note(store)
    store.close()
    if form == "xlsx":
        assert target is not None
        from ...reports import summary_xlsx  # noqa: PLC0415

        summary_xlsx.write_month(summary, target, more, anchor)
        print(f"{target}: written")
    else:
        _out(target, summary_html.month(summary, more, anchor))
    _note(args.db, summary.first, summary.last)
    return 0


def run_export(args: argparse.Namespace) -> int:
    form = form_of(args.out, "json ngsi-ld", args.format) or "json"
    registry = registries.load(args.registry)
    places = positions.load(args.registry) if form == "ngsi-ld" else {}
    store = Store(args.db)
    body: dict[str, Any] | list[ngsi.Entity]
    if form == "ngsi-ld":
        body = ngsi.entities(store, registry, args.date, places)
    else:
        kept = sections.of(store) if register.present(args.registry) else None
        body = export.document(store, registry, args.date, kept)
    store.close()
    _out(args.out, json.dumps(body, ensure_ascii=False, indent=1) + "\n")
    _note(args.db, args.date, args.date)
    return 0


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "indicators": run_indicators,
    "import-figures": run_import_figures,
    "report": run_report,
    "export": run_export,
}
