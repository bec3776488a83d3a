"""law: editions of the catalogue and what the law asks for as dated data (see
commands.run.law)."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import Command, date, db, registry
from .parts import missing_part, subcommand_adder


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    p = command("law", missing_part, "editions of the catalogue of hazardous waste, as dated data")
    part = subcommand_adder(p)

    p = part("import", _run, "read the official table of the catalogue into hw_catalogue.csv")
    p.add_argument("file", type=Path, metavar="FILE", help="XLSX, CSV, or the text of the PDF")
    registry(p)
    p.add_argument("--edition", required=True, metavar="YYYY", help="which edition it is")
    text = "take so many codes, where the edition is said to have another number"
    p.add_argument("--codes", type=int, metavar="N", help=text)
    text = "take names of categories that editions before do not have"
    p.add_argument("--names", action="store_true", help=text)
    p.add_argument("--check", action="store_true", help="only say what would be done")
    p.epilog = "Example: qingyun law import --edition 2025 table.xlsx --registry registry"

    p = part("diff", _run, "what an edition changes for containers, rules and figures")
    p.add_argument("old", metavar="OLD", help="the edition before, such as 2021")
    p.add_argument("new", metavar="NEW", help="the edition after it, such as 2025")
    registry(p)
    db(p, needed=False)
    text = "what stands there on that day or later (default: today)"
    p.add_argument("--as-of", type=date, metavar="YYYY-MM-DD", help=text)

    p = part("due", _run, "what is to be filed, until when, and what is late")
    registry(p)
    p.add_argument("--as-of", type=date, metavar="YYYY-MM-DD", help="on that day (default: today)")
    text = "also what is due within so many days (default: 30)"
    p.add_argument("--days", type=int, default=30, metavar="N", help=text)

    p = part("duties", _run, "what each store has to have, and who has confirmed it")
    registry(p)
    p.add_argument("--as-of", type=date, metavar="YYYY-MM-DD", help="on that day (default: today)")
    p.add_argument("--store", help="only this store")


def _run(args: argparse.Namespace) -> int:
    from .run import law  # noqa: PLC0415

    return law.RUNS[args.part](args)
