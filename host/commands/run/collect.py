"""Runs `qingyun ingest`, `qingyun status`, `qingyun quarantine`."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

from ... import registry
from ...common import atomic_write, terminal
from ...common.local_days import clock
from ...common.shown import shown
from ...rollup import DAY_S, day_bounds
from ...service import quarantine
from ...service.inbox import Inbox
from ...store import Store, growth
from ...store.lives import two_boards_of
from .broker_options import broker_of


def _ingest(args: argparse.Namespace) -> int:
    from ...ingest import Ingester  # noqa: PLC0415  with all it needs of MQTT

    where = broker_of(args)
    loaded = registry.load(args.registry)
    if args.stats:
        atomic_write.refuse_unless_begins(args.stats, b"{")
    store = Store(args.db, create=True)
    ahead = int(args.max_ahead_days * DAY_S)
    share = {"shard": args.shard, "group": args.group}
    kept_s = args.card_days * DAY_S
    ingester = Ingester(store, loaded, where, ahead, kept_s, stats=args.stats, **share)
    if args.listen:
        from ...service import listen  # noqa: PLC0415  only where it is used

        listen.start(args, loaded, ingester.stats)
    ingester.run()
    store.close()
    s = ingester.stats
    print(
        f"{args.db}: {s.messages} messages, {s.readings} readings: {s.stored} stored, "
        f"{s.duplicates} duplicates; {s.quarantined} quarantined"
    )
    return 0


def _status(args: argparse.Namespace) -> int:
    store = Store(args.db)
    store.compact()
    streams = list(store.status())
    doubled = two_boards_of(store)
    quarantined, over, limits = store.quarantined(), store.refused_over(), store.over_limits()
    if args.json:
        lives = [vars(s) for s in streams]
        stored = sum(s.readings for s in streams)
        said = {"stored": stored, "quarantined": quarantined, "refused_not_kept": over}
        deferred = {device: n for device, (n, _) in store.deferred_by_board().items()}
        said |= {"over_limits": limits, "two_boards": doubled, "deferred": deferred}
        print(json.dumps({**said, "lives": lives}))
        return 0
    table = terminal.table()
    terminal.columns(table, ("device", "site", "life"))
    terminal.columns(table, ("boots", "readings", "missing", "undated"), right=True)
    terminal.columns(table, ("last",))
    for s in streams:
        counts = (s.boots, s.readings, s.missing, s.undated)
        table.add_row(s.device, s.site, s.life, *map(str, counts), clock(s.last_t))
    terminal.console().print(table)
    print(f"{sum(s.readings for s in streams)} readings stored, {quarantined} quarantined")
    for device, (since, until) in doubled.items():
        span = f"{clock(since)} to {clock(until)}"
        print(f"{device}: two boards speak under this name, {span}: give each a name of its own")
    for device, n in sorted(over.items()):
        print(f"{device}: {n} more messages were refused, too many to keep")
    for device, (n, _) in store.deferred_by_board().items():
        print(f"{device}: {n} messages wait to be stored: it sends so much that others would wait")
    for device, of in limits.items():
        for what, n in of.items():
            print(f"{device}: {n} {growth.OVER[what]}")
    return 0


def _quarantine(args: argparse.Namespace) -> int:
    if args.do == "retry":
        return _retry(args)
    rows = Store(args.db).quarantine(args.limit)
    for id_, received, topic, reason, size, start in rows:
        print(
            f"{id_}  {clock(received)}  {shown(topic)}  {shown(reason)}  [{size} bytes] {start!r}"
        )
    if not rows:
        print(f"{args.db}: nothing in quarantine")
    return 1 if rows else 0


def _retry(args: argparse.Namespace) -> int:
    """Print what became of each; 1 where one stays in quarantine."""
    inbox = Inbox(registry.load(args.registry), int(args.max_ahead_days * DAY_S))
    store = Store(args.db)
    store.compact()
    t0 = day_bounds(args.since)[0] if args.since else 0
    t1 = day_bounds(args.until)[1] if args.until else 1 << 62
    only = {"reason": args.reason, "device": args.device, "t0": t0, "t1": t1}
    taken = stayed = stored = 0
    for outcome in quarantine.retry(store, inbox, int(time.time()), **only):
        x, n = outcome.kept, outcome.counts
        if outcome.why:
            became, stayed = f"stays: {outcome.why}", stayed + 1
        else:
            became = f"taken: {n.stored} readings stored, {n.duplicates} were stored already"
            taken, stored = taken + 1, stored + n.stored
        print(f"{x.id}  {clock(x.received)}  {shown(x.topic)}  {shown(became)}")
    store.close()
    print(f"{args.db}: {taken} messages taken, {stored} readings stored; {stayed} stay")
    return 1 if stayed else 0


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "ingest": _ingest,
    "status": _status,
    "quarantine": _quarantine,
}
