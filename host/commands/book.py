"""close-month, adjustments: what was reported stays, and what came later is told."""

from __future__ import annotations

import argparse

from host import registry as registry_
from host import tables
from host.commands import Command, db, local, registry
from host.indicators import periods
from host.quantity import kg
from host.rollup import closing, density
from host.store import Store


def add(command: Command) -> None:
    """Put these subcommands into the parser."""
    p = command("close-month", _close, "close a month: its figures stay what they are now")
    db(p)
    registry(p)
    p.add_argument("--month", type=_month, required=True, metavar="YYYY-MM")
    p.add_argument("--by", required=True, metavar="NAME", help="who closes it")
    p.epilog = "Example: qingyun close-month --db qingyun.db --month 2026-03 --by 'Li Ming'"

    p = command("adjustments", _adjustments, "what came too late for closed months")
    db(p)
    text = "only of this month (default: of every closed one)"
    p.add_argument("--month", type=_month, metavar="YYYY-MM", help=text)
    p.epilog = "Example: qingyun adjustments --db qingyun.db --month 2026-03"


def _month(text: str) -> str:
    try:
        found = periods.parse(text)
    except ValueError:
        found = None
    if found is None or found.month is None:
        raise argparse.ArgumentTypeError(f"expected YYYY-MM, found {text!r}")
    return str(found)


def _close(args: argparse.Namespace) -> int:
    then = closing.Then(registry_.load(args.registry), density.load(args.registry))
    store = Store(args.db)
    closed = closing.close(
        *(store, then, args.month, args.by), watched=lambda b: tables.watched(b, "adding up")
    )
    store.close()
    print(f"{closed.month} closed on {local(closed.at)} by {closed.by}: its figures stay")
    return 0


def _adjustments(args: argparse.Namespace) -> int:
    store = Store(args.db)
    closed = closing.closings(store)
    if args.month and args.month not in closed:
        names = " ".join(closed) or "none"
        raise closing.ClosingError(
            f"--month: expected a closed month ({names}), found {args.month}"
        )
    for month, c in closed.items():
        if args.month not in (None, month):
            continue
        made = list(closing.adjustments(store, month))
        print(f"{month} was closed on {local(c.at)} by {c.by}; {len(made)} adjustments since")
        if not made:
            continue
        table = tables.table(f"{month} later adjustments")
        tables.columns(table, ("date", "site", "bin", "stream"))
        heads = "deposited\nkg before", "after", "collected\nkg before", "after"
        tables.columns(table, heads, right=True)
        tables.columns(table, ("when",))
        tables.columns(table, ("why",), wrap=True)
        for x in made:
            pairs = [
                kg(getattr(r.balance, what) if r else None)
                for what in ("deposited", "collected")
                for r in (x.before, x.after)
            ]
            place = str(x.after.date), x.bin.site, x.bin.bin, x.bin.stream
            table.add_row(*place, *pairs, local(x.after.computed), x.after.reason)
        tables.console().print(table)
        deposited, collected = closing.change(made)
        print(f"in all: deposited {kg(deposited, '+')} kg, collected {kg(collected, '+')} kg")
    store.close()
    return 0
