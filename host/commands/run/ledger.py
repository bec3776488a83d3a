"""Runs `qingyun ledger`."""

from __future__ import annotations

import argparse
import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path

from ...common import terminal
from ...common.local_days import LOCAL, clock
from ...common.output_form import folder_or_workbook
from ...common.quantity import kg, percent, share
from ...hazard import HazardError, anchors, balance, hj1259, ledger, photographs, register
from ...hazard.entry import TABLES, Entry
from ...hazard.stock import stock_of
from ...hazard.update import BEFORE_S, bring_up_to_date, see_all
from ...rollup import day_bounds
from ...store import Store
from .hazard import (
    bounds,
    known_store,
    moment,
    month,
    progress,
)


def run_update(args: argparse.Namespace) -> int:
    now = moment(args)
    registered = register.load(args.registry)
    store = Store(args.db)
    done, _ = bring_up_to_date(store, registered, now, everything=args.all, progress=progress)
    store.close()
    for line in done.notes:
        print(line)
    print(f"{args.db}: {len(done.added)} entries added to the ledger")
    return 1 if done.notes else 0


def _chosen(args: argparse.Namespace, entries: list[Entry]) -> list[Entry]:
    if args.table and args.table not in TABLES:
        raise HazardError(f"--table: expected one of {' '.join(TABLES)}, found {args.table!r}")
    held = {e.id for e in ledger.live(entries)}
    t0, t1 = bounds(month(args.month)) if args.month else (0, 1 << 62)
    return [
        e
        for e in entries
        if args.table in (None, e.table)
        and args.store in (None, e.store)
        and t0 <= e.t < t1
        and (not args.missing or (e.id in held and hj1259.missing(e)))
    ]


def run_show(args: argparse.Namespace) -> int:
    store = Store(args.db)
    entries = ledger.read(store)
    store.close()
    if args.id is not None:
        return _one(entries, args.id)
    known_store(args.store, {e.store for e in entries if e.store}, args.registry)
    gone = {e.reverses for e in entries if e.reverses}
    table = terminal.table("危险废物管理台账")
    terminal.columns(table, ("id", "table", "batch", "time", "container", "code"))
    terminal.columns(table, ("kg",), right=True)
    terminal.columns(table, ("kg by", "entered by"))
    terminal.columns(table, ("待补 / note",), wrap=True)
    shown = _chosen(args, entries)
    for e in shown:
        note = " ".join(hj1259.missing(e))
        if e.reverses:
            note = f"reverses {e.reverses}: {e.reason}"
        elif e.id in gone:
            note = "reversed"
        cells = (str(e.id), e.table, e.batch, clock(e.t), e.container, e.code, kg(e.grams))
        table.add_row(*cells, e.kg_origin, e.by, note)
    if shown:
        terminal.console().print(table)
    else:
        print(f"{args.db}: none of its {len(entries)} entries is such a one")
    return 0


def _one(entries: list[Entry], id_: int) -> int:
    entry = next((e for e in entries if e.id == id_), None)
    if entry is None:
        raise HazardError(f"--id: expected the id of an entry, found {id_}")
    for column in TABLES[entry.table]:
        value, origin = entry.value(column)
        print(f"{column}: {value or '—'}  [{origin}]")
    print(f"entered {clock(entry.recorded)} by {entry.by}; catalogue of {entry.edition}")
    if entry.weighed:
        w = entry.weighed
        print(
            f"weighed by {w.device}/{w.channel}, life {w.life}: "
            f"{kg(w.before_g)} kg (seq {w.before_seq}, {clock(w.before_t)}) → "
            f"{kg(w.after_g)} kg (seq {w.after_seq}, {clock(w.after_t)})"
        )
    for e in entries:
        if e.reverses == id_:
            print(f"reversed by {e.id}: {e.reason}, {e.by}, {clock(e.recorded)}")
    return 0


def run_stock(args: argparse.Namespace) -> int:
    registered = register.load(args.registry)
    store = Store(args.db)
    end = int(time.time()) if args.as_of is None else day_bounds(args.as_of)[1]
    stock = stock_of(registered, [e for e in ledger.live(ledger.read(store)) if e.t < end])
    store.close()
    day = dt.datetime.fromtimestamp(end - 1, LOCAL).strftime("%Y-%m-%d %H:%M")
    table = terminal.table(f"贮存量 {day}")
    terminal.columns(table, ("store", "container", "code"))
    terminal.columns(table, ("kg",), right=True)
    terminal.columns(table, ("oldest since",))
    terminal.columns(table, ("days",), right=True)
    for s in registered.stores.values():
        total = 0
        for shelf in stock.of_store(s.store):
            total += shelf.grams
            age = "" if shelf.oldest is None else f"{(end - shelf.oldest) / 86400:.1f}"
            row = (s.store, shelf.container, shelf.code, kg(shelf.grams))
            table.add_row(*row, clock(shelf.oldest), age)
        full = share(total, s.capacity_g)
        of = "" if full is None else f"{percent(full)} % of capacity"
        table.add_row(s.store, "合计", "", kg(total), of, "")
    terminal.console().print(table)
    by_code: dict[str, int] = {}
    for shelf in stock.shelves.values():
        by_code[shelf.code] = by_code.get(shelf.code, 0) + shelf.grams
    for code, grams in sorted(by_code.items()):
        print(f"{code}  {kg(grams)} kg")
    return 0


def run_balance(args: argparse.Namespace) -> int:
    registered = register.load(args.registry)
    t0, t1 = bounds(month(args.month))
    t1 = min(t1, int(time.time()))
    store = Store(args.db)
    live = ledger.live(ledger.read(store))
    seen = see_all(store, registered, t1, t0 - BEFORE_S, progress)
    balances = balance.balances(registered, live, seen, t0, t1)
    store.close()
    table = terminal.table(f"{args.month} 期初贮存 + 入库 = 出库 + 期末贮存 ± 差额 (kg)")
    terminal.columns(table, ("store", "code"))
    names = ("期初", "入库", "出库", "期末", "台账期末", "差额", "秤允差")
    terminal.columns(table, names, right=True)
    terminal.columns(table, ("note",), wrap=True)
    for b in balances:
        limit = b.limit if b.weighings else None
        masses = (b.opening, b.stored, b.taken, b.closing, b.booked, b.residual, limit)
        note = "; ".join(([] if b.closes else ["超出秤的允差"]) + b.notes)
        table.add_row(b.store, b.code, *map(kg, masses), note)
    terminal.console().print(table)
    return 0 if all(b.closes or not b.weighings for b in balances) else 1


def run_verify(args: argparse.Namespace) -> int:
    from ...service import anchors as places  # noqa: PLC0415  only where it is used

    known = places.in_files(args.against) if args.against else []
    store = Store(args.db)
    faults = anchors.verify(store, known)
    faults += photographs.verify(store, ledger.read(store)) if not faults else []
    if args.head is not None:
        faults += [f for f in ledger.verify(store, args.head) if f not in faults]
    entries, digest = ledger.head(store)
    anchor = anchors.of(store)
    store.close()
    for line in faults:
        print(f"{args.db}: {line}")
    if args.against:
        print(f"compared with {len(known)} anchors")
    print(f"anchor {anchor}")
    print(f"{entries} rows, {'broken' if faults else 'whole'}; head {entries}:{digest}")
    return 1 if faults else 0


def run_export(args: argparse.Namespace) -> int:
    out: Path = args.out
    form = folder_or_workbook(out, args.format)
    registered = register.load(args.registry)
    period = month(args.month)
    t0, t1 = bounds(period)
    store = Store(args.db)
    live = [e for e in ledger.live(ledger.read(store)) if t0 <= e.t < t1]
    head, anchor = ledger.head(store), anchors.note(store)
    store.close()
    if args.institution is not None:
        if args.institution not in registered.institutions:
            raise HazardError(
                f"--institution: expected one of institutions.csv, found {args.institution!r}"
            )
        live = [e for e in live if e.institution == args.institution]
    if form == "csv":
        files = hj1259.write_csv(live, out)
        print("\n".join(map(str, files)))
    else:
        hj1259.write_xlsx(live, period.chinese, head, out, anchor)
        print(f"{out}")
    print(f"written: {len(live)} entries of {period}")
    return 0


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "update": run_update,
    "show": run_show,
    "stock": run_stock,
    "balance": run_balance,
    "verify": run_verify,
    "export": run_export,
}
