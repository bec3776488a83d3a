"""The commands an office uses: indicators, import-figures, report, export."""

from __future__ import annotations

import argparse
import datetime as dt
import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from host import export, period, registry, summary_html, summary_xlsx, tables
from host.indicators import IndicatorError, catalog, imports, output, periods, report, workbook
from host.office import OfficeError
from host.reports import DISCLAIMER
from host.rollup import LOCAL, DailyRow
from host.store import Store
from host.store.figures import history
from host.summary import Summary

Adder = Callable[..., argparse.ArgumentParser]


def _out(path: Path | None, text: str) -> None:
    """To the file, or to standard output where none is named."""
    if path is None:
        sys.stdout.write(text)
        return
    try:
        _file(path, "").write_text(text, encoding="utf-8")
    except OSError as error:
        raise OfficeError(f"--out: {path}: cannot be written: {error.strerror}") from None


def _file(path: Path | None, kind: str) -> Path:
    if path is None:
        raise OfficeError(f"--out: expected a file for --format {kind}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OfficeError(f"--out: {path.parent}: cannot be made: {error.strerror}") from None
    return path


def _plan(folder: Path | None) -> report.Definitions:
    if folder is None:
        return report.Definitions()
    return report.Definitions(folder / "figures.csv", folder / "definitions.csv")


def _indicators(args: argparse.Namespace) -> int:
    known = registry.load(args.registry)
    store = Store(args.db)
    made = report.build(
        *(store, known, args.year or args.month),
        as_of=args.as_of,
        rows=_plan(args.plan),
        watched=lambda bins: tables.watched(bins, "adding up"),
    )
    store.close()
    if args.format == "xlsx":
        workbook.write(made, _file(args.out, "xlsx"))
    elif args.format == "table" and args.out is None:
        output.show(made, tables.console())
    else:
        text = io.StringIO()
        if args.format == "table":
            output.show(made, tables.plain(text))
        else:
            (output.write_csv if args.format == "csv" else output.write_json)(made, text)
        bom = "\ufeff" if args.format == "csv" and args.out else ""  # Excel asks for it
        _out(args.out, bom + text.getvalue())
    return 0


def _import_figures(args: argparse.Namespace) -> int:
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
    if args.db is None or (args.file is None and args.show is None):
        raise IndicatorError("expected --db and FILE, --db and --show, or --list")
    if args.show:
        name, when = args.show
        store = Store(args.db)
        for e in history(store, name, when):
            why = f"supersedes {e.supersedes}: {e.note}" if e.supersedes else e.note
            value = f"{e.value} {e.unit}" if e.value is not None else "withdrawn"
            print("  ".join((str(e.id), value, e.source, e.entered_by, e.entered_on, why, e.file)))
        return 0
    store = Store(args.db, create=True)
    done = imports.run(store, figures, args.file, int(time.time()))
    store.close()
    for line in done.told:
        print(line)
    print(f"{args.file}: {len(done.added)} figures added, {done.unchanged} there already")
    return 0


def summarise(store: Store, known: registry.Registry, when: periods.Period) -> Summary:
    """A month as far as it is over."""
    today = dt.datetime.now(LOCAL).date()
    last = min(when.last, today - dt.timedelta(1))
    if last < when.first:
        raise IndicatorError(f"--month: {when} has no day yet that is over")
    rows = period.roll_days(
        *(store, known, when.first, last), watched=lambda bins: tables.watched(bins, "adding up")
    )
    notes: tuple[str, ...] = ()
    if last < when.last:
        notes = (f"月份未满：截至{last}（{last.day}/{when.days}天）",)
    return Summary(when.chinese, when.first, last, rows, notes)


def write_day(date: dt.date, rows: list[DailyRow], path: Path) -> None:
    """The daily workbook, of rows that were rolled up already."""
    said = f"{date.year}年{date.month}月{date.day}日"
    summary_xlsx.write_day(Summary(said, date, date, rows), rows, _file(path, "xlsx"))


def _report(args: argparse.Namespace) -> int:
    known = registry.load(args.registry)
    store = Store(args.db)
    summary = summarise(store, known, args.month)
    store.close()
    if args.format == "xlsx":
        summary_xlsx.write_month(summary, _file(args.out, "xlsx"))
    else:
        _out(args.out, summary_html.month(summary))
    return 0


def _export(args: argparse.Namespace) -> int:
    known = registry.load(args.registry)
    store = Store(args.db)
    body = export.document(store, known, args.date)
    store.close()
    _out(args.out, json.dumps(body, ensure_ascii=False, indent=1) + "\n")
    return 0


def _period(month: bool) -> Callable[[str], periods.Period]:
    def parse(text: str) -> periods.Period:
        form = "YYYY-MM" if month else "YYYY"
        try:
            found = periods.parse(text)
        except ValueError:
            found = None
        if found is None or bool(found.month) != month:
            raise argparse.ArgumentTypeError(f"expected {form}, found {text!r}")
        return found

    return parse


def register(
    command: Adder,
    db: Callable[[argparse.ArgumentParser], None],
    folder: Callable[[argparse.ArgumentParser], None],
    date: Callable[[str], dt.date],
) -> None:
    """Add the commands to `qingyun`; what they share with the others comes from there."""
    plan = "folder of definitions.csv and figures.csv (default: the plan of 2022)"
    p = command(
        "indicators", _indicators, "the 66 indicators of the plan: values and how, or why not"
    )
    db(p)
    folder(p)
    when = p.add_mutually_exclusive_group(required=True)
    when.add_argument("--year", type=_period(False), metavar="YYYY", help="a calendar year")
    when.add_argument("--month", type=_period(True), metavar="YYYY-MM", help="or one month")
    text = "what was imported and measured by the end of that day (default: today)"
    p.add_argument("--as-of", type=date, metavar="YYYY-MM-DD", help=text)
    p.add_argument("--format", choices=("table", "csv", "json", "xlsx"), default="table")
    p.add_argument("--out", type=Path, metavar="FILE", help="where to (default: standard output)")
    p.add_argument("--plan", type=Path, metavar="DIR", help=plan)
    p.epilog = "Example: qingyun indicators --db qingyun.db --year 2026 --format xlsx --out i.xlsx"

    p = command("import-figures", _import_figures, "store figures that people bring, from a CSV")
    p.add_argument("--db", type=Path, metavar="FILE", help="the SQLite database")
    p.add_argument("file", type=Path, nargs="?", metavar="FILE.csv", help="see docs/indicators.md")
    p.add_argument("--list", action="store_true", help="which figures there are")
    p.add_argument("--show", nargs=2, metavar=("FIGURE", "PERIOD"), help="all that was ever said")
    p.add_argument("--plan", type=Path, metavar="DIR", help=plan)
    p.epilog = "Example: qingyun import-figures --db qingyun.db figures-2026.csv"

    p = command("report", _report, "the monthly report of the district, to print")
    db(p)
    folder(p)
    p.add_argument("--month", type=_period(True), required=True, metavar="YYYY-MM")
    p.add_argument("--format", choices=("xlsx", "html"), default="html")
    p.add_argument("--out", type=Path, metavar="FILE", help="where to (default: standard output)")
    p.epilog = "Example: qingyun report --db qingyun.db --month 2026-03 --format xlsx --out m.xlsx"

    p = command("export", _export, f"a day as JSON for a city platform ({DISCLAIMER})")
    db(p)
    folder(p)
    text = "the day, 00:00 to 24:00 in Shanghai"
    p.add_argument("--date", type=date, required=True, metavar="YYYY-MM-DD", help=text)
    p.add_argument("--out", type=Path, metavar="FILE", help="where to (default: standard output)")
    p.epilog = "Example: qingyun export --db qingyun.db --date 2026-03-03 --out day.json"
