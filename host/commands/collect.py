"""ingest, status, quarantine: take messages of boards, and show what was stored or refused."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import Command, broker_options, date, db
from . import registry as registry_option


def add(command: Command) -> None:
    """Put these subcommands into the parser."""
    p = command("ingest", _run, "store what boards publish; runs until SIGTERM or Ctrl-C")
    db(p)
    registry_option(p)
    broker_options.add(p, "qingyun-ingest", default="127.0.0.1:1883")
    _ahead(p)
    text = "take the I-th of N fixed shares of the sites (default: 1/1); each its own --client-id"
    either = p.add_mutually_exclusive_group()
    either.add_argument("--shard", type=_shard, metavar="I/N", help=text)
    text = "take what the broker chooses for a member of this group (a shared subscription)"
    either.add_argument("--group", type=_group, metavar="NAME", help=text)
    text = "forget ids of cards after so many days (default: 30)"
    p.add_argument("--card-days", type=_count, default=30, metavar="N", help=text)
    p.add_argument("--stats", type=Path, metavar="FILE", help="keep counts in this JSON file")
    text = "answer /metrics and /healthz there (default: nowhere)"
    p.add_argument("--listen", metavar="HOST:PORT", help=text)
    p.epilog = "Example: qingyun ingest --db qingyun.db --broker 127.0.0.1:1883"

    p = command("status", _run, "what is stored of each board, and what is missing")
    db(p)
    p.add_argument("--json", action="store_true", help="for scripts")

    _quarantine(command("quarantine", _run, "messages that were refused: list, or take back"))


def _ahead(p: argparse.ArgumentParser) -> None:
    text = "readings dated further ahead than this are quarantined (default: 1)"
    p.add_argument("--max-ahead-days", type=float, default=1.0, metavar="DAYS", help=text)


def _quarantine(p: argparse.ArgumentParser) -> None:
    text = "list: the latest, with reasons (default); retry: store what can be understood now"
    p.add_argument("do", nargs="?", choices=("list", "retry"), default="list", help=text)
    db(p)
    registry_option(p)
    text = "list so many at most (default: 20)"
    p.add_argument("--limit", type=_count, default=20, metavar="N", help=text)
    text = "retry only those whose reason has this text"
    p.add_argument("--reason", default="", metavar="TEXT", help=text)
    p.add_argument("--device", default="", metavar="NAME", help="retry only those of this board")
    text = "retry only what was received from this day on"
    p.add_argument("--since", type=date, metavar="YYYY-MM-DD", help=text)
    text = "retry only what was received until the end of this day"
    p.add_argument("--until", type=date, metavar="YYYY-MM-DD", help=text)
    _ahead(p)
    p.epilog = "Example: qingyun quarantine retry --db qingyun.db --reason 'in the future'"


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


def _run(args: argparse.Namespace) -> int:
    from .run import collect as runner  # noqa: PLC0415

    return runner.RUNS[args.part](args)
