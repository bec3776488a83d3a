"""What `qingyun serve` does; its options are in commands.serve."""

from __future__ import annotations

import argparse
import ipaddress
import logging
from contextlib import suppress
from urllib.parse import urlsplit

import uvicorn

from host import broker
from host.errors import UsageError
from host.serve import accounts
from host.serve.app import app
from host.serve.settings import Settings

_log = logging.getLogger("qingyun.serve")


def settings(args: argparse.Namespace) -> Settings:
    """UsageError when the options do not fit together."""
    host, port = broker.address(args.listen, "--listen")
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
        broker=broker.from_arguments(args) if args.broker else None,
        host=host,
        port=port,
        public_url=args.public_url,
        secure=secure,
        refresh_s=args.refresh,
    )


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def run(args: argparse.Namespace) -> int:
    """Serve until it is told to end."""
    told = settings(args)
    made = app(told)
    with made.state.here.store() as store:
        if accounts.nobody(store):
            db = "postgresql://…" if "://" in str(told.db) else told.db  # it may hold a password
            text = "nobody can sign in yet: in another terminal, qingyun user add NAME --role admin"
            _log.warning("%s --db %s", text, db)
    scheme = "https" if args.tls_cert else "http"
    _log.info("serving %s://%s:%d", scheme, told.host, told.port)
    config = uvicorn.Config(
        made,
        host=told.host,
        port=told.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(told.public_url),
        forwarded_allow_ips="127.0.0.1,::1",
        ssl_certfile=args.tls_cert,
        ssl_keyfile=args.tls_key,
        timeout_graceful_shutdown=3,
        limit_concurrency=1000,
    )
    with suppress(KeyboardInterrupt):  # Ctrl-C is how it ends at a terminal
        uvicorn.Server(config).run()
    return 0
