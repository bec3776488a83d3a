"""Runs `qingyun close-month`, `qingyun adjustments`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from ... import registry as registry_
from ...common import periods, terminal
from ...common.errors import UsageError
from ...common.local_days import DAY_S, clock, day_of
from ...common.quantity import MISSING, count, kg, known, percent, share
from ...rollup import closing, density, period
from ...store import Store


def _close(args: argparse.Namespace) -> int:
    then = closing.RegistrySnapshot(registry_.load(args.registry), density.load(args.registry))
    store = Store(args.db)
    closing.check(store, args.month, args.by, int(time.time()))
    _show(store, then, args.month)
    if not args.yes:
        _ask(args.month)
    closed = closing.close(store, then, args.month, args.by)
    store.close()
    print(
        f"{closed.month} closed in {args.db} on {clock(closed.at)} by {closed.by}: its figures "
        f"stay; qingyun adjustments --month {closed.month} tells what comes later"
    )
    return 0


def _show(store: Store, then: closing.RegistrySnapshot, month: str) -> None:
    """Print the figures to be closed, by stream."""
    when = periods.parse(month)
    rows = period.roll_days(
        *(
            store,
            then.known,
            when.first,
            when.last,
            lambda b: terminal.with_progress(b, "adding up"),
        ),
        densities=then.densities,
    )
    table = terminal.table(f"{month}: what is closed")
    terminal.columns(table, ("stream",))
    terminal.columns(table, ("deposited\nkg", "collected\nkg", "n", "cover-\nage"), right=True)
    for stream in dict.fromkeys(r.stream for r in rows):
        mine = [r for r in rows if r.stream == stream]
        seen = sum(r.covered_s for r in mine)
        amounts = sum(r.deposited_g for r in mine), sum(r.collected_g for r in mine)
        masses = [kg(known(amount, seen)) for amount in amounts]
        cover = share(seen, sum(r.bins for r in mine) * DAY_S)
        coverage = MISSING if cover is None else f"{percent(cover)} %"
        times = count(known(sum(r.collections for r in mine), seen))
        table.add_row(stream, *masses, times, coverage)
    terminal.console().print(table)
    first = day_of(when.first)
    empty = sum(not store.dated(day, day) for day in range(first, first + when.days))
    print(f"{month}: {when.days} days, {empty} of them without any reading")


def _ask(month: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError("close-month: expected --yes, or a terminal to ask at; nothing was closed")
    print(f"A closed month is never opened again. Type {month} to close it: ", end="", flush=True)
    if sys.stdin.readline().strip() != month:
        raise UsageError(f"close-month: expected {month} as the answer; nothing was closed")


def _adjustments(args: argparse.Namespace) -> int:
    store = Store(args.db)
    closed = closing.closings(store)
    if not closed and not args.month:
        print(f"{args.db}: no month is closed, so nothing came too late for one")
    if args.month and args.month not in closed:
        names = " ".join(closed) or "none"
        raise closing.ClosingError(
            f"--month: expected a closed month ({names}), found {args.month}"
        )
    for month, c in closed.items():
        if args.month not in (None, month):
            continue
        made = list(closing.adjustments(store, month))
        print(f"{month} was closed on {clock(c.at)} by {c.by}; {len(made)} adjustments since")
        if not made:
            continue
        table = terminal.table(f"{month} later adjustments")
        terminal.columns(table, ("date", "site", "bin", "stream"))
        heads = "deposited\nkg before", "after", "collected\nkg before", "after"
        terminal.columns(table, heads, right=True)
        terminal.columns(table, ("when",))
        terminal.columns(table, ("why",), wrap=True)
        for x in made:
            pairs = [
                kg(getattr(r, mass) if r else None)
                for mass in ("deposited", "collected")
                for r in (x.before, x.after)
            ]
            place = str(x.after.date), x.bin.site, x.bin.bin, x.bin.stream
            table.add_row(*place, *pairs, clock(x.after.computed), x.after.reason)
        terminal.console().print(table)
        deposited, collected = closing.change(made)
        print(f"in all: deposited {kg(deposited, '+')} kg, collected {kg(collected, '+')} kg")
    store.close()
    return 0


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "close-month": _close,
    "adjustments": _adjustments,
}
