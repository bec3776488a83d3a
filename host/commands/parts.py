"""Subcommands that have parts, such as `ledger show`; options that several of them share."""

from __future__ import annotations

import argparse

from . import Command, Run


def subcommand_adder(p: argparse.ArgumentParser) -> Command:
    """Makes the parsers below a subcommand."""
    subs = p.add_subparsers(required=True, metavar="WHAT")

    def command(name: str, run: Run, text: str) -> argparse.ArgumentParser:
        sub = subs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        sub.set_defaults(run=run, part=name)
        return sub

    return command


def now(p: argparse.ArgumentParser) -> None:
    """--now"""
    text = "as if it were then, in Shanghai (default: the clock)"
    p.add_argument("--now", metavar="'YYYY-MM-DD HH:MM'", help=text)


def by(p: argparse.ArgumentParser) -> None:
    """--by"""
    p.add_argument("--by", required=True, metavar="NAME", help="who says so")


def check(p: argparse.ArgumentParser) -> None:
    """--check"""
    text = "write nothing: list every repair, and every row that cannot be read"
    p.add_argument("--check", action="store_true", help=text)


def missing_part(_: argparse.Namespace) -> int:
    """The command without a part: one of its parts runs instead."""
    return 2
