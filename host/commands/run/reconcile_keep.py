"""Runs `qingyun reconcile keep`."""

from __future__ import annotations

import argparse
import datetime as dt
import time

from ...common.errors import UsageError
from ...common.local_days import date_of, local_day
from ...hazard import register
from ...reconcile import kept, trucks
from ...store import Store
from .hazard import bounds, month


def run(args: argparse.Namespace) -> int:
    registered = register.load_any(args.registry)
    whose = trucks.load(args.registry, registered.known)
    now = int(time.time())
    if args.month is None:
        first = date_of(local_day(now)).replace(day=1)
        wanted = [month(f"{d:%Y-%m}") for d in (first - dt.timedelta(1), first)]
    else:
        wanted = [month(args.month)]
        if bounds(wanted[0])[0] > now:  # the page would show it before those that have figures
            raise UsageError(f"--month: expected one that has begun, found {args.month!r}")
    store = Store(args.db)
    try:
        for period in wanted:
            done = kept.keep(store, registered, whose, str(period), span=bounds(period), now=now)
            parts = len(kept.scopes(registered, whose))
            emptyings, lifts, tickets, _ = done.counts
            print(
                f"{args.db}: {period} kept for /reconcile, of the district and {parts} parts:"
                f" {emptyings} emptyings, {lifts} lifts, {tickets} tickets,"
                f" {len(done.items)} things that do not close"
            )
    finally:
        store.close()
    return 0
