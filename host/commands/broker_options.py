"""The options for the broker."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(
    p: argparse.ArgumentParser,
    client_id: str,
    option: str = "--broker",
    default: str | None = None,
    text: str = "the MQTT broker",
) -> None:
    """Add the options for the broker to a parser."""
    text += f" (default: {default})" if default else ""
    p.add_argument(option, dest="broker", default=default, metavar="HOST:PORT", help=text)
    text = f"names the broker's session, one process each (default: {client_id})"
    p.add_argument("--client-id", default=client_id, metavar="NAME", help=text)
    p.add_argument("--username", metavar="NAME", help="who signs in at the broker")
    p.add_argument("--password-file", type=Path, metavar="FILE", help="holds the password")
    text = "TLS: the authority that signed the broker"
    p.add_argument("--cafile", type=Path, metavar="FILE", help=text)
    text = "TLS: this client's certificate (PEM)"
    p.add_argument("--certfile", type=Path, metavar="FILE", help=text)
    text = "TLS: the key of the certificate (PEM)"
    p.add_argument("--keyfile", type=Path, metavar="FILE", help=text)
