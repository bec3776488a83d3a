"""ledger add, ledger reverse: manual entries (see commands.run.ledger_entries)."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import Command, db, registry
from .parts import by, check


def add(part: Command) -> None:
    """Put these parts of `ledger` into its parser."""
    p = part("add", _run, "entries of a person, or of a file")
    db(p)
    registry(p)
    by(p)
    p.add_argument("--file", type=Path, metavar="FILE", help="a table, see docs/hazard.md")
    check(p)
    p.add_argument("--table", help="产生, 入库, 出库, 自行利用/处置 or 委外利用/处置")
    p.add_argument("--container", metavar="NAME", help="a container of containers.csv")
    p.add_argument("--institution", metavar="NAME", help="without a container: whose waste")
    p.add_argument("--code", metavar="NNN-NNN-NN", help="without a container: the waste code")
    p.add_argument("--kg", metavar="KG", help="the mass")
    p.add_argument("--time", metavar="'YYYY-MM-DD HH:MM'", help="when it happened")
    text = "another column of the entry; may be given more than once"
    p.add_argument(
        "--set", type=_setting, action="append", default=[], metavar="COLUMN=VALUE", help=text
    )
    p.epilog = (
        "Example: qingyun ledger add --db q.db --by 王五 --table 产生 --container xq-oil-01 "
        "--kg 12.5 --time '2026-03-03 09:00' --set 去向=贮存"
    )

    p = part("reverse", _run, "take an entry back, and say what holds")
    db(p)
    by(p)
    text = "the entry, as ledger show numbers it"
    p.add_argument("id", type=int, nargs="?", metavar="ID", help=text)
    text = "all entries that a file brought: the first digits of its SHA-256"
    p.add_argument("--file", metavar="SHA256", help=text)
    p.add_argument("--reason", required=True, help="why; stands in the ledger")
    text = "the same entry again with this column: fills in, or corrects"
    p.add_argument(
        "--set", type=_setting, action="append", default=[], metavar="COLUMN=V", help=text
    )
    p.add_argument("--kg", metavar="KG", help="the same entry again with this mass")


def _setting(text: str) -> tuple[str, str]:
    """COLUMN=VALUE"""
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise argparse.ArgumentTypeError(f"expected COLUMN=VALUE, found {text!r}")
    return name.strip(), value.strip()


def _run(args: argparse.Namespace) -> int:
    from .run import ledger_entries  # noqa: PLC0415

    return ledger_entries.RUNS[args.part](args)
