"""What `qingyun ledger` does; its options are in commands.hazard."""

from __future__ import annotations

import argparse
import datetime as dt
import time
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path

from host import tables
from host.commands import local
from host.commands.hazard import moment
from host.commands.known import names
from host.hazard import HazardError, balance, book, byhand, hj1259, ledger, register
from host.hazard.entry import TABLES, Entry, clock
from host.hazard.stock import books
from host.indicators.periods import Period, parse
from host.outfile import folder, form_of
from host.quantity import kg, percent, share
from host.rollup import LOCAL, day_bounds
from host.store import Store
from host.store import hazard as rows


def month(text: str) -> Period:
    try:
        found = parse(text)
    except ValueError:
        found = None
    if found is None or not found.month:
        raise HazardError(f"--month: expected YYYY-MM, found {text!r}")
    return found


def bounds(period: Period) -> tuple[int, int]:
    """First second of a period and of what follows."""
    return day_bounds(period.first)[0], day_bounds(period.last)[1]


def see_all(store: Store, known: register.Register, until: int, since: int = 0) -> list[book.Seen]:
    """Every platform on which a container may stand."""
    bins = [b for s in known.stores for b in known.platforms(s)]
    return [book.see(store, known, b, until, since) for b in tables.watched(bins, "reading")]


MARK = "ledger update"
BEFORE_S = 2 * 86_400  # a platform speaks within that


def bring_up_to_date(
    store: Store, known: register.Register, now: int, *, everything: bool = False
) -> tuple[book.Booked, list[book.Seen]]:
    """Book what was weighed since the last time, and what came late since."""
    store.compact()
    last = None if everything else rows.mark(store, MARK)
    since = max(0, min(last, now) - book.LATE_S) if last is not None else 0
    seen = see_all(store, known, now + 1, since)
    done = book.update(store, known, seen, now)
    rows.set_mark(store, MARK, now)
    return done, seen


def run_update(args: argparse.Namespace) -> int:
    now = moment(args)
    known = register.load(args.registry)
    store = Store(args.db)
    done, _ = bring_up_to_date(store, known, now, everything=args.all)
    store.close()
    for line in done.told:
        print(line)
    print(f"{args.db}: {len(done.added)} entries added to the ledger")
    return 1 if done.told else 0


def known_store(name: str | None, used: Collection[str], folder: Path) -> None:
    """HazardError when neither rows nor the registry have a store of this name."""
    if name is None or name in used:
        return
    stores = register.load(folder).stores if register.present(folder) else {}
    if name not in stores:
        found = names(sorted({*used, *stores}))
        raise HazardError(f"--store: expected one of stores.csv ({found}), found {name!r}")


def chosen(args: argparse.Namespace, entries: list[Entry]) -> list[Entry]:
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
    table = tables.table("危险废物管理台账")
    tables.columns(table, ("id", "table", "batch", "time", "container", "code"))
    tables.columns(table, ("kg",), right=True)
    tables.columns(table, ("kg by", "entered by"))
    tables.columns(table, ("待补 / note",), wrap=True)
    shown = chosen(args, entries)
    for e in shown:
        note = " ".join(hj1259.missing(e))
        if e.reverses:
            note = f"reverses {e.reverses}: {e.reason}"
        elif e.id in gone:
            note = "reversed"
        cells = (str(e.id), e.table, e.batch, clock(e.t), e.container, e.code, kg(e.grams))
        table.add_row(*cells, e.kg_origin, e.by, note)
    if shown:
        tables.console().print(table)
    else:
        print(f"{args.db}: none of its {len(entries)} entries is such a one")
    return 0


def _one(entries: list[Entry], id_: int) -> int:
    found = next((e for e in entries if e.id == id_), None)
    if found is None:
        raise HazardError(f"--id: expected the id of an entry, found {id_}")
    for column in TABLES[found.table]:
        value, origin = found.value(column)
        print(f"{column}: {value or '—'}  [{origin}]")
    print(f"entered {local(found.recorded)} by {found.by}; catalogue of {found.edition}")
    if found.weighed:
        w = found.weighed
        print(
            f"weighed by {w.device}/{w.channel}, life {w.life}: "
            f"{kg(w.before_g)} kg (seq {w.before_seq}, {local(w.before_t)}) → "
            f"{kg(w.after_g)} kg (seq {w.after_seq}, {local(w.after_t)})"
        )
    for e in entries:
        if e.reverses == id_:
            print(f"reversed by {e.id}: {e.reason}, {e.by}, {local(e.recorded)}")
    return 0


def run_stock(args: argparse.Namespace) -> int:
    known = register.load(args.registry)
    store = Store(args.db)
    now = int(time.time()) if args.as_of is None else day_bounds(args.as_of)[1]
    held = books(known, [e for e in ledger.live(ledger.read(store)) if e.t < now])
    store.close()
    day = dt.datetime.fromtimestamp(now - 1, LOCAL).strftime("%Y-%m-%d %H:%M")
    table = tables.table(f"贮存量 {day}")
    tables.columns(table, ("store", "container", "code"))
    tables.columns(table, ("kg",), right=True)
    tables.columns(table, ("oldest since",))
    tables.columns(table, ("days",), right=True)
    for s in known.stores.values():
        total = 0
        for shelf in held.of_store(s.store):
            total += shelf.grams
            age = "" if shelf.oldest is None else f"{(now - shelf.oldest) / 86400:.1f}"
            row = (s.store, shelf.container, shelf.code, kg(shelf.grams))
            table.add_row(*row, local(shelf.oldest), age)
        full = share(total, s.capacity_g)
        of = "" if full is None else f"{percent(full)} % of capacity"
        table.add_row(s.store, "合计", "", kg(total), of, "")
    tables.console().print(table)
    by_code: dict[str, int] = {}
    for shelf in held.shelves.values():
        by_code[shelf.code] = by_code.get(shelf.code, 0) + shelf.grams
    for code, grams in sorted(by_code.items()):
        print(f"{code}  {kg(grams)} kg")
    return 0


def run_balance(args: argparse.Namespace) -> int:
    known = register.load(args.registry)
    t0, t1 = bounds(month(args.month))
    t1 = min(t1, int(time.time()))
    store = Store(args.db)
    live = ledger.live(ledger.read(store))
    found = balance.balances(known, live, see_all(store, known, t1, t0 - BEFORE_S), t0, t1)
    store.close()
    table = tables.table(f"{args.month} 期初贮存 + 入库 = 出库 + 期末贮存 ± 差额 (kg)")
    tables.columns(table, ("store", "code"))
    names = ("期初", "入库", "出库", "期末", "台账期末", "差额", "秤允差")
    tables.columns(table, names, right=True)
    tables.columns(table, ("note",), wrap=True)
    for b in found:
        limit = b.limit if b.weighings else None
        masses = (b.opening, b.stored, b.taken, b.closing, b.booked, b.residual, limit)
        note = "; ".join(([] if b.closes else ["超出秤的允差"]) + b.notes)
        table.add_row(b.store, b.code, *map(kg, masses), note)
    tables.console().print(table)
    return 0 if all(b.closes or not b.weighings for b in found) else 1


def run_verify(args: argparse.Namespace) -> int:
    store = Store(args.db)
    found = ledger.verify(store, args.head)
    entries, digest = ledger.head(store)
    store.close()
    for line in found:
        print(f"{args.db}: {line}")
    print(f"{entries} rows, {'broken' if found else 'whole'}; head {entries}:{digest}")
    return 1 if found else 0


def grams(text: str) -> int:
    """--kg in g."""
    try:
        value = Decimal(text) * 1000
    except ArithmeticError:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 < value <= byhand.MOST_G or value != int(value):
        raise HazardError(f"--kg: expected more than 0 and at most 60000 kg, found {text!r}")
    return int(value)


def run_add(args: argparse.Namespace) -> int:
    known = register.load(args.registry)
    store = Store(args.db, create=True)
    now = int(time.time())
    if args.file:
        added, told = byhand.from_file(store, known, args.file, args.by, now)
        for line in told:
            print(line)
    else:
        if args.table not in TABLES or not args.kg or not args.time:
            raise HazardError(f"expected --file, or --table ({' '.join(TABLES)}), --kg and --time")
        said = byhand.Said(
            args.table,
            byhand.when(args.time, now),
            grams(args.kg),
            container=args.container or "",
            institution=args.institution or "",
            code=args.code or "",
            columns=dict(args.set),
        )
        added = byhand.add(store, known, [said], args.by, now)
    store.close()
    for e in added:
        print(f"{e.id}  {e.batch}  {e.table}  {e.code}  {kg(e.grams)} kg")
    print(f"{args.db}: {len(added)} entries added to the ledger")
    return 0


def run_reverse(args: argparse.Namespace) -> int:
    store = Store(args.db)
    entries = ledger.read(store)
    old = ledger.reversible(entries, args.id)
    now = int(time.time())
    rows = [ledger.reversal(old, args.by, args.reason, now)]
    if args.set or args.kg:
        said = byhand.checked(old.table, dict(args.set))
        mass = grams(args.kg) if args.kg else None
        rows.append(book.corrected(old, args.by, args.reason, now, said=said, grams=mass))
    for e in ledger.add(store, rows, entries):
        print(f"{e.id}  {e.batch}  {e.table}  {kg(e.grams)} kg")
    store.close()
    print(f"{args.db}: entry {args.id} taken back, {len(rows)} entries added to the ledger")
    return 0


def run_export(args: argparse.Namespace) -> int:
    out: Path = args.out
    form = args.format
    if form is None:
        form = "csv" if out.is_dir() or not out.suffix else "xlsx"
    if form == "csv":
        folder(out)
    else:
        form_of(out, "xlsx")
    known = register.load(args.registry)
    period = month(args.month)
    t0, t1 = bounds(period)
    store = Store(args.db)
    live = [e for e in ledger.live(ledger.read(store)) if t0 <= e.t < t1]
    head = ledger.head(store)
    store.close()
    if args.institution is not None:
        if args.institution not in known.institutions:
            raise HazardError(
                f"--institution: expected one of institutions.csv, found {args.institution!r}"
            )
        live = [e for e in live if e.institution == args.institution]
    if form == "csv":
        files = hj1259.write_csv(live, out)
        print("\n".join(map(str, files)))
    else:
        hj1259.write_xlsx(live, period.chinese, head, out)
        print(f"{out}")
    print(f"written: {len(live)} entries of {period}")
    return 0
