"""label: 数字识别码 and labels of containers (see commands.run.label)."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import Command, db, registry
from .parts import by, missing_part, subcommand_adder

_DPI = (203, 300)


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    p = command("label", missing_part, "codes and labels of containers (HJ 1276-2022)")
    part = subcommand_adder(p)

    p = part("code", _run, "give entries of the ledger their 数字识别码")
    _common(p)
    by(p)
    text = "an entry of 产生 or 入库, as ledger show numbers it"
    p.add_argument("id", type=int, nargs="+", metavar="ID", help=text)
    _issuer(p)
    p.epilog = "Example: qingyun label code 12 13 --db q.db --by 王五"

    _print(part)
    _more(part)


def _print(part: Command) -> None:
    p = part("print", _run, "labels as a PDF, or on a label printer")
    _common(p)
    p.add_argument("label", nargs="+", metavar="CODE|ID", help="a 数字识别码, or its entry")
    to = p.add_mutually_exclusive_group(required=True)
    to.add_argument("--out", type=Path, metavar="FILE", help="a name ending in .pdf")
    to.add_argument("--printer", metavar="HOST[:PORT]", help="a label printer (default port: 9100)")
    text = "the language of the printer (default: tspl)"
    p.add_argument("--language", choices=("tspl", "zpl"), default="tspl", help=text)
    text = "dots of the printer in an inch (default: 203)"
    p.add_argument("--dpi", type=int, choices=_DPI, default=203, help=text)
    text = "each step of talking to the printer takes at most so long (default: 10)"
    p.add_argument("--wait", type=float, default=10.0, metavar="SECONDS", help=text)
    p.add_argument("--sheet", action="store_true", help="with --out: several on each A4 page")
    p.add_argument(
        "--orange", action="store_true", help="with --out: on the orange of the standard"
    )
    text = "100, 150 or 200 mm (default: as the volume of the container asks)"
    p.add_argument("--size", type=int, metavar="MM", help=text)
    p.add_argument("--font", type=Path, metavar="FILE", help="a font with Chinese characters")
    text = "what stands before the code in the QR code (default: nothing)"
    p.add_argument("--qr-prefix", default="", metavar="TEXT", help=text)
    p.epilog = "Example: qingyun label print 14 --db q.db --out labels.pdf --sheet --orange"


def _more(part: Command) -> None:
    p = part("show", _run, "every code, or what became of one")
    _common(p)
    p.add_argument("code", nargs="?", metavar="CODE", help="only this 数字识别码")
    text = "folder of the codes that were handed out (default: beside the database)"
    p.add_argument("--journal", type=Path, metavar="DIR", help=text)

    p = part("void", _run, "a label is not used: its code never comes again")
    _common(p)
    by(p)
    p.add_argument("code", metavar="CODE", help="the 数字识别码 on the label")
    p.add_argument("--reason", required=True, help="why; stands in the ledger")
    p.add_argument("--anew", action="store_true", help="give its entry another code")
    _issuer(p)

    p = part("resume", _run, "begin the journal of codes anew, after a restore")
    _common(p)
    text = "the last code on a label of a unit, waste and day; may be given more than once"
    p.add_argument("--last", action="append", default=[], metavar="CODE", help=text)
    _issuer(p)


def _common(p: argparse.ArgumentParser) -> None:
    db(p)
    registry(p)


def _issuer(p: argparse.ArgumentParser) -> None:
    """--serials, --journal"""
    text = "the share of serials of this host, where others have stores of their own (default: all)"
    p.add_argument("--serials", metavar="FIRST-LAST", help=text)
    text = "folder of the codes that were handed out (default: beside the database)"
    p.add_argument("--journal", type=Path, metavar="DIR", help=text)


def _run(args: argparse.Namespace) -> int:
    from .run import label  # noqa: PLC0415

    return label.RUNS[args.part](args)
