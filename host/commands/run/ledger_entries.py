"""Runs `qingyun ledger add` and `reverse`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from ...common.quantity import kg
from ...hazard import HazardError, ledger, ledger_posting, manual_entries, register
from ...hazard.entry import TABLES
from ...store import Store
from .hazard import grams


def run_add(args: argparse.Namespace) -> int:
    registered = register.load(args.registry)
    store = Store(args.db, create=True)
    now = int(time.time())
    if args.file:
        added, repairs = manual_entries.from_file(store, registered, args.file, args.by, now)
        for line in repairs:
            print(line)
    else:
        if args.table not in TABLES or not args.kg or not args.time:
            raise HazardError(f"expected --file, or --table ({' '.join(TABLES)}), --kg and --time")
        draft = manual_entries.Draft(
            args.table,
            manual_entries.when(args.time, now),
            grams(args.kg),
            container=args.container or "",
            institution=args.institution or "",
            code=args.code or "",
            columns=dict(args.set),
        )
        added = manual_entries.add(store, registered, [draft], args.by, now)
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
        values = manual_entries.checked(old.table, dict(args.set))
        mass = grams(args.kg) if args.kg else None
        rows.append(
            ledger_posting.corrected(old, args.by, args.reason, now, values=values, grams=mass)
        )
    for e in ledger.add(store, rows, entries):
        print(f"{e.id}  {e.batch}  {e.table}  {kg(e.grams)} kg")
    store.close()
    print(f"{args.db}: entry {args.id} taken back, {len(rows)} entries added to the ledger")
    return 0


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "add": run_add,
    "reverse": run_reverse,
}
