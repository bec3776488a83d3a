"""serve, user: the page for operators, and who may use it.

What they do, and the libraries it takes, is loaded when one of them is run."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from importlib import import_module
from pathlib import Path

from host import broker
from host.commands import Command, db, local, registry
from host.errors import UsageError

ROLES = ("viewer", "operator", "admin")
DEFAULT = "127.0.0.1:8080"


def add(command: Command) -> None:
    """Put these subcommands into the parser."""
    p = command("serve", _serve, "the page for operators, and the API, live")
    db(p)
    registry(p)
    text = "what is live, and commands to boards: the MQTT broker"
    broker.add_arguments(p, "qingyun-serve", text=text)
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

    p = command("user", _user, "who may use the page: add, password, role, remove, list, audit")
    db(p)
    p.add_argument("do", choices=("add", "password", "role", "remove", "list", "audit"))
    p.add_argument("name", nargs="?", metavar="NAME")
    p.add_argument("--role", choices=ROLES, default=None, help="what the user may do")
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


def _serve(args: argparse.Namespace) -> int:
    code: int = import_module("host.serve.run").run(args)
    return code


def _password(args: argparse.Namespace) -> str:
    if args.password_file:
        try:
            return str(args.password_file.read_text(encoding="utf-8").rstrip("\r\n"))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--password-file: {error}") from None
    if not sys.stdin.isatty():
        raise UsageError("user: expected --password-file, or a terminal to ask at")
    first = getpass.getpass("password: ")
    if getpass.getpass("again: ") != first:
        raise UsageError("user: the two passwords differ")
    return first


def _user(args: argparse.Namespace) -> int:
    from host.store import Store  # noqa: PLC0415

    accounts = import_module("host.serve.accounts")
    assert hasattr(accounts, "everybody")
    if args.do not in ("list", "audit") and not args.name:
        raise UsageError(f"user {args.do}: expected NAME")
    if args.do == "role" and args.role is None:
        raise UsageError("user role: expected --role")
    store = Store(args.db, create=args.do == "add")
    by = f"{os.environ.get('SUDO_USER') or os.environ.get('USER') or 'root'} (shell)"
    try:
        _do(accounts, store, args, by)
    finally:
        store.close()
    return 0


def _do(accounts: object, store: object, args: argparse.Namespace, by: str) -> None:
    a: object = accounts
    call = {name: getattr(a, name) for name in ("add", "add_token", "change", "everybody", "trail")}
    role = args.role or "viewer"
    if args.do == "add" and args.token:
        print(call["add_token"](store, args.name, role, by), flush=True)
        # Not beside the token: that may go into a file.
        print(f"user {args.name}: added as {role}; the token is not shown again", file=sys.stderr)
    elif args.do == "add":
        call["add"](store, args.name, role, _password(args), by)
        print(f"user {args.name}: added as {role}, may sign in now")
    elif args.do == "password":
        call["change"](store, args.name, by, password=_password(args))
        print(f"user {args.name}: has another password; whoever was signed in is signed out")
    elif args.do == "role":
        call["change"](store, args.name, by, role=args.role)
        print(f"user {args.name}: is {args.role} now; whoever was signed in is signed out")
    elif args.do == "remove":
        call["change"](store, args.name, by, role=getattr(a, "GONE"))  # noqa: B009
        print(f"user {args.name}: removed; the audit trail keeps what was done")
    elif args.do == "list":
        users = call["everybody"](store)
        if not users:
            print(f"{args.db}: no users; qingyun user add NAME --role admin makes one")
        for u in users:
            kind = "  token" if u.token else ""
            print(f"{u.name}  {u.role}{kind}  since {local(u.at)} by {u.by}")
    else:
        for x in call["trail"](store):
            where = f" from {x.address}" if x.address else ""
            detail = f": {x.detail}" if x.detail else ""
            who = x.who or "-"
            print(f"{local(x.at)}  {who}{where}  {x.action} {x.object}  {x.outcome}{detail}")
