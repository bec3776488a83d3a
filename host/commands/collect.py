"""ingest, status, quarantine: take messages of boards, and show what was stored or refused."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from .. import registry
from ..common import atomic_write, terminal
from ..common.local_days import clock
from ..ingest import Ingester
from ..mqtt import broker
from ..rollup import DAY_S
from ..store import Store
from . import Command, db
from . import registry as registry_option


def add(command: Command) -> None:
    """Put these subcommands into the parser."""
    p = command("ingest", _ingest, "store what boards publish; runs until SIGTERM or Ctrl-C")
    db(p)
    registry_option(p)
    broker.add_arguments(p, "qingyun-ingest", default="127.0.0.1:1883")
    p.add_argument(
        "--max-ahead-days",
        type=float,
        default=1.0,
        metavar="DAYS",
        help="readings dated further ahead than this are quarantined (default: 1)",
    )
    text = "take the I-th of N fixed shares of the sites (default: 1/1); each its own --client-id"
    either = p.add_mutually_exclusive_group()
    either.add_argument("--shard", type=_shard, metavar="I/N", help=text)
    text = "take what the broker chooses for a member of this group (a shared subscription)"
    either.add_argument("--group", type=_group, metavar="NAME", help=text)
    p.add_argument("--stats", type=Path, metavar="FILE", help="keep counts in this JSON file")
    text = "answer /metrics and /healthz there (default: nowhere)"
    p.add_argument("--listen", metavar="HOST:PORT", help=text)
    p.epilog = "Example: qingyun ingest --db qingyun.db --broker 127.0.0.1:1883"

    p = command("status", _status, "what is stored of each board, and what is missing")
    db(p)
    p.add_argument("--json", action="store_true", help="for scripts")

    p = command("quarantine", _quarantine, "messages that could not be understood, with reasons")
    db(p)
    text = "so many at most (default: 20)"
    p.add_argument("--limit", type=_count, default=20, metavar="N", help=text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"expected a whole number, 1 or more, found {text!r}")
    return int(text)


def _shard(text: str) -> tuple[int, int]:
    i, _, n = text.partition("/")
    if not (i.isdigit() and n.isdigit() and 1 <= int(i) <= int(n)):
        raise argparse.ArgumentTypeError(f"expected I/N with I from 1 to N, found {text!r}")
    return int(i), int(n)


def _group(text: str) -> str:
    if not text or set(text) & set("/+#"):
        raise argparse.ArgumentTypeError(f"expected a name without / + #, found {text!r}")
    return text


def _ingest(args: argparse.Namespace) -> int:
    where = broker.from_arguments(args)
    loaded = registry.load(args.registry)
    if args.stats:
        atomic_write.refuse_unless_begins(args.stats, b"{")
    store = Store(args.db, create=True)
    ahead = int(args.max_ahead_days * DAY_S)
    share = {"shard": args.shard, "group": args.group}
    ingester = Ingester(store, loaded, where, ahead, stats=args.stats, **share)
    if args.listen:
        from ..service import listen  # noqa: PLC0415  only where it is used

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
    quarantined = store.quarantined()
    if args.json:
        lives = [vars(s) for s in streams]
        stored = sum(s.readings for s in streams)
        print(json.dumps({"stored": stored, "quarantined": quarantined, "lives": lives}))
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
    return 0


def _quarantine(args: argparse.Namespace) -> int:
    rows = Store(args.db).quarantine(args.limit)
    for id_, received, topic, reason, size, start in rows:
        print(f"{id_}  {clock(received)}  {topic}  {reason}  [{size} bytes] {start!r}")
    if not rows:
        print(f"{args.db}: nothing in quarantine")
    return 1 if rows else 0
