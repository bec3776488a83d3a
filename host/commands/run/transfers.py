"""Runs `qingyun transfers`."""

from __future__ import annotations

import argparse
import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from ... import registry
from ...common import terminal
from ...common.atomic_write import whole
from ...common.disclaimer import DISCLAIMER
from ...common.errors import UsageError
from ...common.local_days import LOCAL, clock
from ...common.output_form import form_of
from ...common.quantity import MISSING, kg, percent, shown
from ...common.shown import CsvWriter
from ...hazard import ledger, papers, register, transfers
from ...hazard.matching import Matched, Tolerance
from ...points import positions
from ...reconcile import lifts, plans
from ...reports import facility_comparison
from ...rollup import period
from ...store import Store
from .dry_run import checked
from .hazard import bounds, month


def _reader(args: argparse.Namespace) -> Callable[[Store], transfers.Imported]:
    """What brings the file into a store. A mistake of the registry is told before the store is
    made."""
    known = registry.load(args.registry)
    file, by, now, check = args.file, args.by, int(time.time()), args.check
    if args.kind == papers.LIFTS:
        where = positions.load(args.registry)
        return lambda store: lifts.run(store, known, where, file, by=by, now=now, check=check)
    if args.kind == papers.PLAN:
        return lambda store: plans.run(store, known, file, by=by, now=now, check=check)
    registered = register.load(args.registry, known)
    return lambda store: transfers.run(
        store, registered, file, args.kind, by=by, now=now, check=check
    )


def run_import(args: argparse.Namespace) -> int:
    read = _reader(args)
    store = Store(args.db, create=True)
    done = read(store)
    store.close()
    for line in [*done.notes, *done.refused]:
        print(line)
    if done.unclassified_g:
        print(f"{args.file}: {kg(done.unclassified_g)} kg are not classified (未归类)")
    if done.again:
        print(f"{args.file}: {done.again} were there already")
    if args.check:
        return checked(args.file, done.count, len(done.refused))
    print(f"{args.file}: {done.count} imported into {args.db}")
    return 0


def run_imports(args: argparse.Namespace) -> int:
    store = Store(args.db)
    held = papers.imports(store)
    store.close()
    table = terminal.table("imports")
    terminal.columns(table, ("id",), right=True)
    terminal.columns(table, ("kind", "brought", "by", "file"))
    terminal.columns(table, ("rows", "kg"), right=True)
    terminal.columns(table, ("taken back",), wrap=True)
    for i in held:
        gone = i.taken_back
        why = f"{clock(gone.at)} {gone.by}: {gone.reason}" if gone else ""
        source = (clock(i.source.imported), i.source.by, i.source.file)
        table.add_row(str(i.id), i.kind, *source, str(i.count), kg(i.grams), why)
    if held:
        terminal.console().print(table)
    else:
        print(f"{args.db}: nothing was imported")
    return 0


def run_take_back(args: argparse.Namespace) -> int:
    store = Store(args.db)
    now = int(time.time())
    gone = papers.take_back(store, args.id, by=args.by, reason=args.reason, now=now)
    store.close()
    print(f"{args.db}: {gone.count} rows of {gone.source.file}, {kg(gone.grams)} kg, taken back")
    return 0


COLUMNS = ("状态", "单号", "时间", "地点", "代码", "单据kg", "实测kg", "差kg", "差%", "实测记录")


def _lines(matched: Matched) -> list[tuple[str, ...]]:
    """A line for each paper, and for each step without a paper."""
    out: list[tuple[str, ...]] = []
    for m in matched.matches:
        p = m.paper
        state = "相符" if m.within else "超差"
        paper = (state, p.number, clock(p.t), m.steps[0].place, p.code, kg(p.grams), kg(m.grams))
        names = " + ".join(s.name for s in m.steps)
        out.append((*paper, kg(m.difference), f"{m.percent:+.2f}", names))
    for p in matched.papers:
        place = " ".join(sorted(p.places))
        out.append(("无实测", p.number, clock(p.t), place, p.code, kg(p.grams), "", "", "", ""))
    out += [
        ("无单据", "", clock(s.t), s.place, s.code, "", kg(s.grams), "", "", s.name)
        for s in matched.steps
    ]
    return out


def _csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        out = CsvWriter(file)
        out.writerow(columns)
        out.writerows(rows)
    print(f"{path}: written")


def _print(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: str) -> None:
    table = terminal.table(title, DISCLAIMER)
    for c in columns:
        terminal.columns(table, (c,), right=c in numbers.split(), wrap=c == columns[-1])
    for row in rows:
        table.add_row(*row)
    terminal.console().print(table)


def run_match(args: argparse.Namespace) -> int:
    if args.percent < 0 or args.kg < 0 or args.hours <= 0:
        raise UsageError("expected --percent and --kg of 0 or more, and --hours above 0")
    form_of(args.csv, "csv", option="--csv")
    tolerance = Tolerance(args.percent, args.kg, int(args.hours * 3600))
    registered = register.load(args.registry)
    t0, t1 = bounds(month(args.month))
    store = Store(args.db)
    held = [_of_month(m, t0, t1) for m in _matched(store, registered, t0, t1, tolerance)]
    store.close()
    rows = [line for matched in held for line in _lines(matched)]
    title = f"{args.month} 单据与实测（容差 {args.percent:g} % 或 {args.kg:g} kg，取大者）"
    _print(title, COLUMNS, rows, "单据kg 实测kg 差kg 差%")
    if not rows:
        print(f"{args.db}: no papers and nothing weighed out in {args.month}")
    for code, grams in _unclassified(registered, held):
        print(f"not classified (未归类): {code} {kg(grams)} kg: the catalogue does not have it")
    if args.csv:
        _csv(args.csv, COLUMNS, rows)
    return 1 if any(r[0] != "相符" for r in rows) else 0


def _matched(
    store: Store, registered: register.Register, t0: int, t1: int, tolerance: Tolerance
) -> tuple[Matched, Matched, Matched]:
    """Manifests, tickets of hazardous loads and tickets of sites with what was weighed; also
    those of neighbouring months that lie within the time window (all in Unix seconds)."""
    t0, t1 = t0 - tolerance.window_s, t1 + tolerance.window_s
    manifests = [m for m in papers.manifests(store) if t0 <= m.t < t1]
    tickets = [x for x in papers.tickets(store) if t0 <= x.t < t1]
    live = [e for e in ledger.live(ledger.read(store)) if t0 <= e.t < t1]
    has_sites = any(x.site for x in tickets)
    collected = facility_comparison.collections(store, registered, t0, t1) if has_sites else []
    return (
        facility_comparison.manifests_matched(registered, manifests, live, tolerance),
        facility_comparison.hazardous_tickets_matched(registered, tickets, live, tolerance),
        facility_comparison.tickets_matched(tickets, collected, tolerance),
    )


def _of_month(matched: Matched, t0: int, t1: int) -> Matched:
    """The part with t0 <= t < t1 (Unix seconds)."""
    return Matched(
        [m for m in matched.matches if t0 <= m.paper.t < t1],
        [p for p in matched.papers if t0 <= p.t < t1],
        [s for s in matched.steps if t0 <= s.t < t1],
    )


def _unclassified(registered: register.Register, held: Iterable[Matched]) -> list[tuple[str, int]]:
    """(code, g of papers) of each code that the catalogue does not have."""
    masses: Counter[str] = Counter()
    for matched in held:
        for paper in [*(m.paper for m in matched.matches), *matched.papers]:
            if paper.code and registered.catalogue.anywhere(paper.code) is None:
                masses[paper.code] += paper.grams
    return sorted(masses.items())


BESIDE = (
    *(
        "街镇",
        "品类",
        f"{facility_comparison.SITE_LABEL}t",
        "覆盖率",
        f"{facility_comparison.FACILITY_LABEL}t",
    ),
    *("磅单数", "实测/进厂"),
)


def _shown(value: Decimal | None, places: int, share: bool = False) -> str:
    if value is None:
        return MISSING
    return f"{percent(value, places)} %" if share else shown(value, places)


def _compare(store: Store, registered: register.Register, text: str) -> list[tuple[str, ...]]:
    """The lines of a month (YYYY-MM), up to yesterday."""
    when = month(text)
    t0, t1 = bounds(when)
    yesterday = dt.datetime.now(LOCAL).date() - dt.timedelta(1)
    days = period.roll_days(store, registered.known, when.first, min(when.last, yesterday))
    brought = [x for x in papers.tickets(store) if t0 <= x.t < t1]
    return [
        (
            *(b.town, b.stream, _shown(b.site_t, 3), _shown(b.coverage, 1, True)),
            *(_shown(b.facility_t, 3), str(b.tickets), _shown(b.ratio, 4)),
        )
        for b in facility_comparison.beside(days, brought)
    ]


def run_compare(args: argparse.Namespace) -> int:
    form_of(args.csv, "csv", option="--csv")
    registered = register.load(args.registry)
    store = Store(args.db)
    rows = _compare(store, registered, args.month)
    store.close()
    title = f"{args.month} 投放点实测与进厂计量并列，不相加"
    _print(title, BESIDE, rows, " ".join(BESIDE[2:]))
    if not rows:
        print(f"{args.db}: nothing collected and no tickets in {args.month}")
    if args.csv:
        _csv(args.csv, BESIDE, rows)
    return 0


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "import": run_import,
    "imports": run_imports,
    "take-back": run_take_back,
    "match": run_match,
    "compare": run_compare,
}
