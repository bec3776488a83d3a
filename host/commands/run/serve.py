"""Runs `qingyun serve`, `qingyun user`."""

from __future__ import annotations

import argparse
import getpass
import ipaddress
import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ... import registry
from ...common.errors import UsageError, UserError
from ...common.local_days import clock
from ...common.shown import shown
from ...hazard import register
from ...mqtt.broker import address
from ...serve import tiles
from ...serve.settings import Settings
from ...store import Store
from .broker_options import broker_of

if TYPE_CHECKING:
    from ...serve.scope import Scope

_log = logging.getLogger("qingyun.serve")


def _settings(args: argparse.Namespace) -> Settings:
    """UsageError when the options do not fit together."""
    host, port = address(args.listen, "--listen")
    if bool(args.tls_cert) != bool(args.tls_key):
        raise UsageError("--tls-cert: expected --tls-cert and --tls-key together")
    for name, path in (("--tls-cert", args.tls_cert), ("--tls-key", args.tls_key)):
        if path is not None and not path.is_file():
            raise UsageError(f"{name}: {path}: no such file")
    public = urlsplit(args.public_url)
    if args.public_url and (public.scheme not in ("http", "https") or not public.hostname):
        raise UsageError(f"--public-url: expected https://NAME, found {args.public_url!r}")
    secure = bool(args.tls_cert) or public.scheme == "https"
    host = host.strip("[]")
    if not secure and not _loopback(host):
        text = "passwords would cross the network in the clear: expected --tls-cert and"
        raise UsageError(f"--listen {host}: {text} --tls-key, or --public-url https://…")
    return Settings(
        db=args.db,
        registry=args.registry,
        broker=broker_of(args) if args.broker else None,
        host=host,
        port=port,
        public_url=args.public_url,
        secure=secure,
        refresh_s=args.refresh,
        label_journal=Path(journal) if (journal := args.settings.get("label.journal")) else None,
        label_serials=args.settings.get("label.serials"),
        label_printer=args.settings.get("label.printer", ""),
        label_language=args.settings.get("label.language", "tspl"),
        label_dpi=args.settings.get("label.dpi", 203),
        tiles=tiles.of(args.settings.section("map")),
    )


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _serve(args: argparse.Namespace) -> int:
    """Serve until a signal ends it."""
    import uvicorn  # noqa: PLC0415  of an extra

    from ...serve import accounts, connections  # noqa: PLC0415
    from ...serve.app import app  # noqa: PLC0415

    settings = _settings(args)
    made = app(settings)
    with made.state.shared.store() as store:
        if accounts.nobody(store):
            db = (
                "postgresql://…" if "://" in str(settings.db) else settings.db
            )  # it may hold a password
            text = "nobody can sign in yet: in another terminal, qingyun user add NAME --role admin"
            _log.warning("%s --db %s", text, db)
    scheme = "https" if args.tls_cert else "http"
    _log.info("serving %s://%s:%d", scheme, settings.host, settings.port)
    connections.allow_files()
    trusted = ("127.0.0.1", "::1") if settings.public_url else ()
    connections.Connection.proxies = frozenset(trusted)
    config = uvicorn.Config(
        made,
        http=connections.Connection,
        loop=f"{connections.__name__}:new_loop",
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.public_url),
        forwarded_allow_ips="127.0.0.1,::1",
        ssl_certfile=args.tls_cert,
        ssl_keyfile=args.tls_key,
        timeout_graceful_shutdown=3,
    )
    with suppress(KeyboardInterrupt):  # Ctrl-C is how it ends at a terminal
        uvicorn.Server(config).run()
    return 0


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
    if args.do not in ("list", "audit") and not args.name:
        raise UsageError(f"user {args.do}: expected NAME")
    for needed in ("role", "scope"):
        if args.do == needed and getattr(args, needed) is None:
            raise UsageError(f"user {needed}: expected --{needed}")
    scope = _scope(args)  # before a password is asked for
    store = Store(args.db, create=args.do == "add")
    by = f"{os.environ.get('SUDO_USER') or os.environ.get('USER') or 'root'} (shell)"
    try:
        _DO[args.do](store, args, by, scope)
    finally:
        store.close()
    return 0


def _known(args: argparse.Namespace) -> dict[Scope, str]:
    """Every scope of the registry; none where it cannot be read, which is not asked for here."""
    from ...serve import scope  # noqa: PLC0415

    try:
        return scope.every(*_registry(args))
    except UserError:
        return {}


def _registry(args: argparse.Namespace) -> tuple[registry.Registry, register.Register | None]:
    known = registry.load(args.registry)
    has_waste = register.present(args.registry)
    return known, register.load(args.registry, known) if has_waste else None


def _scope(args: argparse.Namespace) -> Scope | None:
    """What --scope names; None without it. UserError with the names that there are."""
    if args.scope is None:
        return None
    from ...serve import scope  # noqa: PLC0415  of an extra, as accounts

    if args.scope.strip() == str(scope.DISTRICT):  # which needs no registry
        return scope.DISTRICT
    return scope.asked(args.scope, *_registry(args))


def _add(store: Store, args: argparse.Namespace, by: str, scope: Scope | None) -> None:
    from ...serve import accounts  # noqa: PLC0415  hashes passwords with a library of an extra
    from ...serve.scope import DISTRICT  # noqa: PLC0415

    role, of = args.role or "viewer", scope or DISTRICT
    told = f"user {args.name}: added as {role} of {of}"
    if args.token:
        print(accounts.add_token(store, args.name, role, by, scope=of), flush=True)
        # Not beside the token: that may go into a file.
        print(f"{told}; the token is not shown again", file=sys.stderr)
        return
    accounts.add(store, args.name, role, _password(args), by, scope=of)
    print(f"{told}, may sign in now")


def _change_password(store: Store, args: argparse.Namespace, by: str, _: Scope | None) -> None:
    from ...serve import accounts  # noqa: PLC0415

    accounts.change(store, args.name, by, password=_password(args))
    print(f"user {args.name}: has another password; whoever was signed in is signed out")


def _change_scope(store: Store, args: argparse.Namespace, by: str, scope: Scope | None) -> None:
    from ...serve import accounts  # noqa: PLC0415

    accounts.change(store, args.name, by, scope=scope)
    print(f"user {args.name}: is of {scope} now; whoever was signed in is signed out")


def _change_role(store: Store, args: argparse.Namespace, by: str, _: Scope | None) -> None:
    from ...serve import accounts  # noqa: PLC0415

    accounts.change(store, args.name, by, role=args.role)
    print(f"user {args.name}: is {args.role} now; whoever was signed in is signed out")


def _remove(store: Store, args: argparse.Namespace, by: str, _: Scope | None) -> None:
    from ...serve import accounts  # noqa: PLC0415

    accounts.change(store, args.name, by, role=accounts.GONE)
    print(f"user {args.name}: removed; the audit trail keeps what was done")


def _list(store: Store, args: argparse.Namespace, *_: object) -> None:
    from ...serve import accounts  # noqa: PLC0415

    users = accounts.everybody(store)
    if not users:
        print(f"{args.db}: no users; qingyun user add NAME --role admin makes one")
    known = _known(args)
    for u in users:
        kind = "  token" if u.token else ""
        gone = "  (not in the registry)" if known and u.scope not in known else ""
        print(f"{u.name}  {u.role}  {u.belongs}{gone}{kind}  since {clock(u.at)} by {u.by}")


def _audit(store: Store, _: argparse.Namespace, __: str, scope: Scope | None) -> None:
    from ...serve import accounts  # noqa: PLC0415

    for x in accounts.trail(store, scope=scope):
        where = f" from {x.address}" if x.address else ""
        detail = f": {x.detail}" if x.detail else ""
        who = x.who or "-"
        line = f"{who}{where}  {x.action} {x.object}  {x.outcome}{detail}"
        print(f"{clock(x.at)}  {shown(line)}")


_DO: dict[str, Callable[[Store, argparse.Namespace, str, Scope | None], None]] = {
    "add": _add,
    "password": _change_password,
    "role": _change_role,
    "scope": _change_scope,
    "remove": _remove,
    "list": _list,
    "audit": _audit,
}


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "serve": _serve,
    "user": _user,
}
