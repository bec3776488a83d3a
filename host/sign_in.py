"""How a command that only listens signs in at the broker; the options are those of ingest."""

from __future__ import annotations

import argparse
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion


class SignInError(Exception):
    """Options that do not fit together; one line."""


def add_arguments(p: argparse.ArgumentParser, client_id: str) -> None:
    """--broker and everything by which one signs in."""
    text = "the MQTT broker (default: 127.0.0.1:1883)"
    p.add_argument("--broker", default="127.0.0.1:1883", metavar="HOST:PORT", help=text)
    text = "names the broker's session, one process each (default: a random one)"
    p.add_argument("--client-id", default=client_id, metavar="NAME", help=text)
    p.add_argument("--username", metavar="NAME", help="who signs in at the broker")
    p.add_argument("--password-file", type=Path, metavar="FILE", help="holds the password")
    text = "TLS: the authority that signed the broker"
    p.add_argument("--cafile", type=Path, metavar="FILE", help=text)
    text = "TLS: this client's certificate (PEM)"
    p.add_argument("--certfile", type=Path, metavar="FILE", help=text)
    text = "TLS: the key of the certificate (PEM)"
    p.add_argument("--keyfile", type=Path, metavar="FILE", help=text)


def client(args: argparse.Namespace) -> paho.Client:
    """A client ready to connect; SignInError says what is wrong with the options."""
    made = paho.Client(CallbackAPIVersion.VERSION2, args.client_id)
    if args.username is not None:
        password = None
        if args.password_file:
            try:
                password = args.password_file.read_text().strip()
            except OSError as error:
                raise SignInError(f"--password-file: {error}") from None
        made.username_pw_set(args.username, password)
    if (args.certfile or args.keyfile) and not (args.cafile and args.certfile and args.keyfile):
        raise SignInError("--certfile: expected --cafile, --certfile and --keyfile together")
    files = (args.cafile, args.certfile, args.keyfile)
    for option, path in zip(("--cafile", "--certfile", "--keyfile"), files, strict=True):
        if path is not None and not path.is_file():
            raise SignInError(f"{option}: {path}: no such file")
    if args.cafile:
        ca, certificate, key = (None if path is None else str(path) for path in files)
        made.tls_set(ca, certificate, key)
    return made
