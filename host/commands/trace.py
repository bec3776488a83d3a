"""trace: the records that a figure of a report rests on."""

from __future__ import annotations

import argparse

from . import Command, db, registry


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    p = command("trace", _trace, "what a figure of a report rests on")
    db(p)
    registry(p)
    text = "daily:DAY/SITE/STREAM, month:YYYY-MM/街镇/STREAM, indicator:N/YYYY, entry:ID, "
    text += "batch:CODE, alarm:ID, manifest:NUMBER, ticket:FACILITY/NUMBER, lift:L3-7, "
    text += "route:DAY/TRUCK or standing:BIN"
    p.add_argument("what", metavar="FIGURE", help=text)
    p.epilog = "Example: qingyun trace --db q.db daily:2026-03-03/fs-01/湿垃圾"


def _trace(args: argparse.Namespace) -> int:
    from .. import registry as registries  # noqa: PLC0415  see commands.run
    from ..reports.figure_trace import lines  # noqa: PLC0415
    from ..reports.trace import Trace  # noqa: PLC0415
    from ..store import Store  # noqa: PLC0415

    registry = registries.load(args.registry)
    store = Store(args.db)
    try:
        for depth, text in lines(Trace(store, args.registry, registry), args.what):
            print("  " * depth + text)
    finally:
        store.close()
    return 0
