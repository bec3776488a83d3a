"""ledger: the ledger of hazardous waste stores and its balance (see commands.run.ledger)."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import Command, broker_options, date, db, ledger_entries, registry
from .parts import missing_part, now, subcommand_adder


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    p = command("ledger", missing_part, "the ledger of hazardous waste (HJ 1259-2022)")
    part = subcommand_adder(p)

    p = part("update", _run, "book what was weighed in and out")
    db(p)
    registry(p)
    now(p)
    text = "go through every reading, not only those since 8 days before the last update"
    p.add_argument("--all", action="store_true", help=text)

    p = part("show", _run, "its entries, and what is still to be filled in")
    db(p)
    registry(p)
    p.add_argument("--table", help="产生, 入库, 出库, 自行利用/处置 or 委外利用/处置")
    p.add_argument("--store", help="only this store")
    p.add_argument("--month", metavar="YYYY-MM", help="only this month")
    p.add_argument("--id", type=int, metavar="N", help="one entry with all its columns")
    p.add_argument("--missing", action="store_true", help="only those with something to fill in")

    p = part("stock", _run, "what stands where, and since when")
    db(p)
    registry(p)
    p.add_argument("--as-of", type=date, metavar="YYYY-MM-DD", help="at the end of that day")

    p = part("balance", _run, "opening + in = out + closing, and the rest")
    db(p)
    registry(p)
    p.add_argument("--month", required=True, metavar="YYYY-MM", help="the month")

    _more(part)


def _more(part: Command) -> None:
    p = part("verify", _run, "whether a row was changed, removed or put in")
    db(p)
    text = "as it was printed earlier: finds a ledger that was made anew"
    p.add_argument("--head", type=_head, metavar="ROWS:HASH", help=text)
    against(p)

    p = part("anchor", _run_anchor, "verify, then leave outside where ledger and alarms stand")
    db(p)
    against(p)
    text = "compare with the topic qingyun/1/anchor at this broker, and leave the anchor there"
    broker_options.add(p, "qingyun-anchor", "--publish", text=text)
    text = "one letter a day, and at once when something is wrong, as [email] says"
    p.add_argument("--mail", action="store_true", help=text)
    text = "leave the anchor even where it does not fit the last one: after a restore"
    p.add_argument("--anew", action="store_true", help=text)
    p.add_argument("--by", metavar="NAME", help="with --anew: who says so")
    p.epilog = "Example: qingyun ledger anchor --db q.db --against /var/backups/qingyun --mail"

    ledger_entries.add(part)

    p = part("export", _run, "the five tables as a workbook, or one as CSV")
    db(p)
    registry(p)
    p.add_argument("--month", required=True, metavar="YYYY-MM", help="the month")
    p.add_argument("--institution", metavar="NAME", help="only this one")
    p.add_argument("--format", choices=("xlsx", "csv"), help="a workbook, or CSV files")
    text = "a name ending in .xlsx, or a folder for the CSV files"
    p.add_argument("--out", type=Path, required=True, metavar="FILE|DIR", help=text)

    _filing(part)


def _filing(part: Command) -> None:
    p = part("filing", _run_filing, "what a unit files: a report (申报报告) or the plan of a year")
    db(p)
    registry(p)
    p.add_argument("--institution", required=True, metavar="NAME", help="the unit")
    which = p.add_mutually_exclusive_group(required=True)
    text = "the report of a year, a quarter or a month: YYYY, YYYY-Q1 or YYYY-MM"
    which.add_argument("--period", metavar="PERIOD", help=text)
    text = "the plan of a year (危险废物管理计划), with what the year before was"
    which.add_argument("--plan", metavar="YYYY", help=text)
    p.add_argument("--format", choices=("xlsx", "csv"), help="a workbook, or CSV files")
    text = "a name ending in .xlsx, or a folder for the CSV files"
    p.add_argument("--out", type=Path, required=True, metavar="FILE|DIR", help=text)
    p.epilog = "Example: qingyun ledger filing --institution xq-jm --period 2026-Q1 --out q1.xlsx"


def against(p: argparse.ArgumentParser) -> None:
    """--against"""
    text = "a backup, report, workbook or letter with an anchor, or a folder of them"
    p.add_argument("--against", type=Path, metavar="FILE|DIR", help=text)


def _head(text: str) -> tuple[int, str]:
    """ROWS:HASH as `ledger verify` prints it."""
    rows, _, digest = text.partition(":")
    if not rows.isdigit() or len(digest) != 64:
        raise argparse.ArgumentTypeError(f"expected ROWS:HASH, found {text!r}")
    return int(rows), digest


def _run(args: argparse.Namespace) -> int:
    from .run import ledger  # noqa: PLC0415

    return ledger.RUNS[args.part](args)


def _run_anchor(args: argparse.Namespace) -> int:
    from .run import anchor  # noqa: PLC0415

    return anchor.run(args)


def _run_filing(args: argparse.Namespace) -> int:
    from .run import filing  # noqa: PLC0415

    return filing.run(args)
