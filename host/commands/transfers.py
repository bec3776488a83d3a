"""transfers: compare 转移联单 and tickets with weighed masses (see commands.run.transfers)."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import Command, db, registry
from .parts import by, check, missing_part, subcommand_adder


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    p = command("transfers", missing_part, "转移联单, tickets of weighbridges, what fits")
    part = subcommand_adder(p)

    p = part(
        "import", _run, "a file of 转移联单, tickets, lifts or routes of trucks, all or nothing"
    )
    db(p)
    registry(p)
    by(p)
    text = "what the file holds: 转移联单, tickets of a weighbridge, what trucks weighed, or routes"
    p.add_argument(
        "--kind", choices=("manifest", "ticket", "lifts", "plan"), required=True, help=text
    )
    check(p)
    text = "a table, see docs/hazard.md and docs/reconcile.md"
    p.add_argument("file", type=Path, metavar="FILE", help=text)

    p = part("imports", _run, "what was imported, and what was taken back")
    db(p)

    p = part("take-back", _run, "let an import count no longer")
    db(p)
    text = "which, as `transfers imports` numbers them"
    p.add_argument("--id", type=int, required=True, metavar="N", help=text)
    by(p)
    p.add_argument("--reason", required=True, metavar="TEXT", help="why")

    p = part("match", _run, "papers beside weigh-outs and collections")
    db(p)
    registry(p)
    p.add_argument("--month", required=True, metavar="YYYY-MM", help="the month")
    text = "documents agree up to the larger of --percent and --kg (default: 5)"
    p.add_argument("--percent", type=float, default=5.0, metavar="N", help=text)
    p.add_argument("--kg", type=float, default=5.0, metavar="N", help="see --percent (default: 5)")
    text = "so far apart in time at most (default: 24)"
    p.add_argument("--hours", type=float, default=24.0, metavar="N", help=text)
    p.add_argument("--csv", type=Path, metavar="FILE", help="also as a file")

    p = part("compare", _run, "投放点实测 beside 进厂计量, never added")
    db(p)
    registry(p)
    p.add_argument("--month", required=True, metavar="YYYY-MM", help="the month")
    p.add_argument("--csv", type=Path, metavar="FILE", help="also as a file")


def _run(args: argparse.Namespace) -> int:
    from .run import transfers  # noqa: PLC0415

    return transfers.RUNS[args.part](args)
