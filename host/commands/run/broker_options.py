"""The broker that the options name."""

from __future__ import annotations

import argparse

from ...common.errors import UsageError
from ...mqtt.broker import Broker, address


def broker_of(args: argparse.Namespace, option: str = "--broker") -> Broker:
    """The broker of the options; UsageError when they do not fit together."""
    host, port = address(args.broker or "", option)
    password = None
    if args.password_file:
        try:
            password = args.password_file.read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--password-file: {error}") from None
    if (args.certfile or args.keyfile) and not (args.cafile and args.certfile and args.keyfile):
        raise UsageError("--certfile: expected --cafile, --certfile and --keyfile together")
    tls = args.cafile, args.certfile, args.keyfile
    for name, path in zip(("--cafile", "--certfile", "--keyfile"), tls, strict=True):
        if path is not None and not path.is_file():
            raise UsageError(f"{name}: {path}: no such file")
    return Broker(host, port, args.client_id, args.username, password, *tls)
