"""reconcile: point, truck and weighbridge beside each other (see commands.run.reconcile)."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import Command, db, registry
from .parts import by, missing_part, subcommand_adder


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    text = "what points, trucks and weighbridges weighed, and what does not close"
    p = command("reconcile", missing_part, text)
    part = subcommand_adder(p)

    p = part("show", _run, "a month, by stream, 街镇, route and day")
    _period(p)
    text = "only these trucks: what an office sends to a contractor (may be repeated)"
    p.add_argument("--truck", action="append", default=[], metavar="PLATE", help=text)
    text = "a file: .xlsx or .html, with every sheet (default: the streams and what does not close)"
    p.add_argument("--out", type=Path, metavar="FILE", help=text)
    p.epilog = "Example: qingyun reconcile show --month 2026-03 --out march.xlsx"

    p = part("letter", _run, "what an office sends to a contractor: two pages of A4")
    _period(p)
    p.add_argument(
        "--contractor", metavar="NAME", help="the trucks that trucks.csv names as theirs"
    )
    text = "or these trucks (may be repeated)"
    p.add_argument("--truck", action="append", default=[], metavar="PLATE", help=text)
    p.add_argument("--out", type=Path, required=True, metavar="FILE", help="a file: .html")

    p = part("matches", _run, "which weighing of a truck is which emptying, and why")
    _period(p)
    p.add_argument("--truck", metavar="PLATE", help="only this truck")
    p.add_argument("--csv", type=Path, metavar="FILE", help="also as a file")

    p = part("keep", _run, "compute months for the page, as a nightly timer does")
    db(p)
    registry(p)
    text = "only this month (default: this one and the last)"
    p.add_argument("--month", metavar="YYYY-MM", help=text)

    for name, help_ in (
        ("pin", "say that a weighing is these emptyings; without any, let an earlier pin go"),
        ("cut", "say that a weighing is not these emptyings"),
    ):
        p = part(name, _run, help_)
        db(p)
        registry(p)
        p.add_argument("--lift", required=True, metavar="NAME", help="as `matches` names it")
        text = "as `matches` names them"
        p.add_argument("--collection", action="append", default=[], metavar="NAME", help=text)
        by(p)
        p.add_argument("--reason", required=True, metavar="TEXT", help="why")


def _period(p: argparse.ArgumentParser) -> None:
    db(p)
    registry(p)
    p.add_argument("--month", required=True, metavar="YYYY-MM", help="the month")


def _run(args: argparse.Namespace) -> int:
    from .run import reconcile  # noqa: PLC0415

    return reconcile.RUNS[args.part](args)
