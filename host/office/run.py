"""What the office's commands do; their options are in commands.office."""

from __future__ import annotations

import argparse
import datetime as dt
import io
import json
import sys
import time
from decimal import Decimal
from pathlib import Path

from host import registry, tables
from host.commands.known import no_readings
from host.errors import UsageError
from host.hazard import register, sections
from host.hazard import report as hazard
from host.indicators import IndicatorError, catalog, imports, output, periods, report, workbook
from host.office import OfficeError
from host.outfile import form_of, whole
from host.reports import export, summary_html, summary_xlsx
from host.reports.summary import Summary
from host.rollup import LOCAL, DailyRow, closing, period
from host.store import Store
from host.store.book import Closing
from host.store.figures import history


def _out(path: Path | None, text: str) -> None:
    """To the file, or to standard output where none is named."""
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


def _register(folder: Path, known: registry.Registry) -> register.Register | None:
    """Of hazardous waste, where a registry has one."""
    return register.load(folder, known) if register.present(folder) else None


def run_indicators(args: argparse.Namespace) -> int:
    form = form_of(args.out, "table csv json xlsx", args.format) or "table"
    target = _file(args.out, form)
    known = registry.load(args.registry)
    store = Store(args.db)
    made = report.build(
        *(store, known, args.year or args.month),
        as_of=args.as_of,
        rows=_plan(args.plan),
        register=_register(args.registry, known),
        watched=lambda bins: tables.watched(bins, "adding up"),
    )
    store.close()
    if form == "xlsx":
        assert target is not None
        workbook.write(made, target)
        print(f"{target}: written")
    elif form == "table" and target is None:
        output.show(made, tables.console())
    else:
        text = io.StringIO()
        if form == "table":
            output.show(made, tables.plain(text))
        else:
            (output.write_csv if form == "csv" else output.write_json)(made, text)
        bom = "\ufeff" if form == "csv" and target else ""  # Excel asks for it
        _out(target, bom + text.getvalue())
    return 0


def run_import_figures(args: argparse.Namespace) -> int:
    figures = catalog.load(_plan(args.plan).figures)
    if args.list:
        table = tables.table("figures that can be imported")
        tables.columns(table, ("figure", "name", "unit", "kind"))
        tables.columns(table, ("note",), wrap=True)
        for f in figures.values():
            if "import" in f.sources:
                table.add_row(f.figure, f.name, f.unit, f.kind, f.note)
        tables.console().print(table)
        return 0
    if args.file is None and args.show is None:
        raise IndicatorError("expected FILE, --show or --list")
    if args.db is None:
        raise UsageError(args.settings.nowhere())
    if args.show:
        name, when = args.show
        if name not in figures:
            raise IndicatorError(
                f"--show: expected a figure (qingyun import-figures --list), found {name!r}"
            )
        store = Store(args.db)
        said = history(store, name, when)
        if not said:
            print(f"{args.db}: nothing was ever said of {name} in {when}")
        for e in said:
            why = f"supersedes {e.supersedes}: {e.note}" if e.supersedes else e.note
            value = f"{e.value} {e.unit}" if e.value is not None else "withdrawn"
            print("  ".join((str(e.id), value, e.source, e.entered_by, e.entered_on, why, e.file)))
        return 0
    store = Store(args.db, create=True)
    done = imports.run(store, figures, args.file, int(time.time()))
    store.close()
    for line in done.told:
        print(line)
    print(
        f"{args.file}: {len(done.added)} figures added to {args.db}, {done.unchanged} there already"
    )
    return 0


def summarise(
    store: Store, known: registry.Registry, when: periods.Period, today: dt.date | None = None
) -> Summary:
    """A month as far as it is over."""
    today = today or dt.datetime.now(LOCAL).date()
    last = min(when.last, today - dt.timedelta(1))
    if last < when.first:
        raise IndicatorError(f"--month: {when} has no day yet that is over")
    rows = period.roll_days(
        *(store, known, when.first, last), watched=lambda bins: tables.watched(bins, "adding up")
    )
    notes: tuple[str, ...] = ()
    if last < when.last:
        notes = (f"月份未满：截至{last}（{last.day}/{when.days}天）",)
    if closed := closing.closings(store).get(str(when)):
        notes += _closed(store, closed)
    return Summary(when.chinese, when.first, last, rows, notes)


def _closed(store: Store, closed: Closing) -> tuple[str, ...]:
    """That a month is closed, and what it would be otherwise."""
    on = dt.datetime.fromtimestamp(closed.at, LOCAL).date()
    made = [x for x in closing.adjustments(store, closed.month) if x.changes_mass]
    said = f"本月已由{closed.by}于{on}关账"
    if not made:
        return (said,)
    deposited, collected = (Decimal(g).scaleb(-3) for g in closing.change(made))
    more = f"其后{len(made)}项调整未计入：投放{deposited:+.3f} kg，清运{collected:+.3f} kg"
    days = "、".join(dict.fromkeys(f"{x.after.date:%m-%d} {x.bin.site}" for x in made[:5]))
    return said, more + f"（{days}{'…' if len(made) > 5 else ''}，明细：qingyun adjustments）"


def write_day(date: dt.date, rows: list[DailyRow], path: Path) -> None:
    """The daily workbook, of rows that were rolled up already."""
    said = f"{date.year}年{date.month}月{date.day}日"
    summary_xlsx.write_day(Summary(said, date, date, rows), rows, path)


def run_report(args: argparse.Namespace) -> int:
    form = form_of(args.out, "html xlsx", args.format) or "html"
    target = _file(args.out, form)
    known = registry.load(args.registry)
    store = Store(args.db)
    summary = summarise(store, known, args.month)
    more = hazard.tables(store, _register(args.registry, known), summary.rows, args.month)
    store.close()
    if form == "xlsx":
        assert target is not None
        summary_xlsx.write_month(summary, target, more)
        print(f"{target}: written")
    else:
        _out(target, summary_html.month(summary, more))
    _note(args.db, summary.first, summary.last)
    return 0


def run_export(args: argparse.Namespace) -> int:
    form_of(args.out, "json")
    known = registry.load(args.registry)
    store = Store(args.db)
    kept = sections.of(store) if register.present(args.registry) else None
    body = export.document(store, known, args.date, kept)
    store.close()
    _out(args.out, json.dumps(body, ensure_ascii=False, indent=1) + "\n")
    _note(args.db, args.date, args.date)
    return 0
