"""serve, user: the page for operators, and its users.

The libraries of the page are an extra: they are loaded when one of these is run."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import Command, broker_options, db, registry

ROLES = ("viewer", "operator", "admin")
DEFAULT = "127.0.0.1:8080"
DEEDS = ("add", "password", "role", "scope", "remove", "list", "audit")


def add(command: Command) -> None:
    """Put these subcommands into the parser."""
    p = command("serve", _run, "the page for operators, and the API, live")
    db(p)
    registry(p)
    text = "what is live, and commands to boards: the MQTT broker"
    broker_options.add(p, "qingyun-serve", text=text)
    text = f"where to listen (default: {DEFAULT}, this machine alone)"
    p.add_argument("--listen", default=DEFAULT, metavar="HOST:PORT", help=text)
    text = "how browsers reach it through a proxy, e.g. https://qingyun.example"
    p.add_argument("--public-url", default="", metavar="URL", help=text)
    text = "TLS without a proxy: the server's certificate (PEM)"
    p.add_argument("--tls-cert", type=Path, metavar="FILE", help=text)
    text = "TLS without a proxy: its key (PEM)"
    p.add_argument("--tls-key", type=Path, metavar="FILE", help=text)
    text = "seconds between two computations of today's figures (default: 60)"
    p.add_argument("--refresh", type=_seconds, default=60.0, metavar="S", help=text)
    p.epilog = "Example: qingyun serve --db qingyun.db --broker 127.0.0.1:1883"

    p = command("user", _run, "who may use the page: add, password, role, scope, remove, list …")
    db(p)
    registry(p)
    p.add_argument("do", choices=DEEDS, help="what is done")
    p.add_argument("name", nargs="?", metavar="NAME", help="the user; not with list and audit")
    p.add_argument("--role", choices=ROLES, default=None, help="what the user may do")
    text = "whose data the user sees: district (the default), town:新桥镇, institution:CODE or "
    text += "contractor:NAME, as the registry names them"
    p.add_argument("--scope", default=None, metavar="SCOPE", help=text)
    text = "holds the password (default: it is asked for)"
    p.add_argument("--password-file", type=Path, metavar="FILE", help=text)
    text = "add: a machine that shows a token, which is printed once"
    p.add_argument("--token", action="store_true", help=text)
    p.epilog = "Example: qingyun user add li --role operator --db qingyun.db"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError(f"expected 1 to 86400 seconds, found {text!r}")
    return seconds


def _run(args: argparse.Namespace) -> int:
    from .run import serve as runner  # noqa: PLC0415

    return runner.RUNS[args.part](args)
