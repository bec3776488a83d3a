"""Runs `qingyun ledger add` and `reverse`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

from ...common.quantity import kg
from ...hazard import HazardError, ledger, ledger_posting, manual_entries, register
from ...hazard.entry import TABLES, Entry
from ...store import Store
from .dry_run import checked
from .hazard import grams


def run_add(args: argparse.Namespace) -> int:
    registered = register.load(args.registry)
    store = Store(args.db, create=True)
    now = int(time.time())
    if args.file:
        return _from_file(store, registered, args, now)
    if args.check:
        raise HazardError("--check: expected --file with it")
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
    _print(args, manual_entries.add(store, registered, [draft], args.by, now))
    store.close()
    return 0


def _print(args: argparse.Namespace, added: Sequence[Entry]) -> None:
    for e in added:
        print(f"{e.id}  {e.batch}  {e.table}  {e.code}  {kg(e.grams)} kg")
    print(f"{args.db}: {len(added)} entries added to the ledger")


def _from_file(
    store: Store, registered: register.Register, args: argparse.Namespace, now: int
) -> int:
    done = manual_entries.from_file(store, registered, args.file, args.by, now, check=args.check)
    store.close()
    for line in [*done.notes, *done.refused]:
        print(line)
    if args.check:
        return checked(args.file, len(done.entries), len(done.refused))
    _print(args, done.entries)
    print(f"to take them back: qingyun ledger reverse --file {done.digest[:12]}")
    return 0


def run_reverse(args: argparse.Namespace) -> int:
    store = Store(args.db)
    entries = ledger.read(store)
    now = int(time.time())
    if args.file:
        if args.id is not None or args.set or args.kg:
            raise HazardError("--file: expected nothing beside it but --by and --reason")
        found = manual_entries.of_file(entries, args.file)
        gone = [ledger.reversal(e, args.by, args.reason, now) for e in found]
        ledger.add(store, gone, entries)
        store.close()
        print(f"{args.db}: {len(gone)} entries of {found[0].file.partition(':')[0]} taken back")
        return 0
    if args.id is None:
        raise HazardError("expected ID or --file: what is to be taken back")
    old = ledger.reversible(entries, args.id)
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
