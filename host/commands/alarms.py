"""alarms: alarms of collection points and hazardous waste stores, and their delivery (see
commands.run.alarms)."""

from __future__ import annotations

import argparse

from ..common.web_address import is_safe
from . import Command, broker_options, db, registry
from .parts import by, missing_part, now, subcommand_adder


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    p = command(
        "alarms",
        missing_part,
        "what is wrong at points and in stores",
    )
    part = subcommand_adder(p)

    p = part("update", _run, "book what was weighed, then hold stores and points to rules.csv")
    db(p)
    registry(p)
    now(p)
    text = "also tell each site's event topic at this broker"
    broker_options.add(p, "qingyun-alarms", "--publish", text=text)
    text = "again and again until SIGTERM or Ctrl-C (an alarm is there within SECONDS)"
    p.add_argument("--every", type=int, metavar="SECONDS", help=text)
    p.epilog = "Example: qingyun alarms update --db q.db --publish 127.0.0.1:1883 --every 120"

    p = part(
        "deliver",
        _run,
        "tell people (all, or recipients.csv) by e-mail, webhook, short message, robots",
    )
    db(p)
    registry(p)
    text = "address of the page of serve, for a link to each alarm in what is sent"
    p.add_argument("--page", type=page_address, metavar="URL", help=text)
    text = "again and again until SIGTERM or Ctrl-C"
    p.add_argument("--every", type=int, metavar="SECONDS", help=text)
    p.add_argument("--test", action="store_true", help="only a message that says it is a test")
    p.epilog = "Example: qingyun --config qingyun.toml alarms deliver --every 10"

    p = part("show", _run, "the open alarms, or all that ever was")
    db(p)
    registry(p)
    p.add_argument("--all", action="store_true", help="also those that are over")
    p.add_argument("--store", help="only this store of hazardous waste")
    text = "only this site; district: what is of no single one"
    p.add_argument("--site", help=text)
    p.add_argument("--json", action="store_true", help="for scripts")

    p = part("ack", _run, "say that somebody has seen an alarm")
    db(p)
    by(p)
    p.add_argument("id", type=int, metavar="ID", help="the alarm, as alarms show numbers it")
    p.add_argument("--note", default="", help="what was found, or done")


def page_address(text: str) -> str:
    """The value of --page."""
    if not is_safe(text) or not text.isascii() or any(c in text for c in " ()<>\"'#?"):
        raise argparse.ArgumentTypeError(
            f"expected https://HOST or https://HOST/PATH, found {text!r}"
        )
    return text


def _run(args: argparse.Namespace) -> int:
    from .run import alarms  # noqa: PLC0415

    return alarms.RUNS[args.part](args)
