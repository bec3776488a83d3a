"""lorawan: sensors of others, from a LoRaWAN network server to the broker of the boards."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import Command, broker_options
from . import registry as registry_option

SERVERS = ("chirpstack", "things-stack")


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    text = "say what LoRaWAN sensors send as boards would; runs until SIGTERM or Ctrl-C"
    p = command("lorawan", _run, text)
    registry_option(p)
    broker_options.add(
        *(p, "qingyun-lorawan"), default="127.0.0.1:1883", text="the MQTT broker of the boards"
    )
    text = "the MQTT broker of the network server (default: the same)"
    p.add_argument("--network", metavar="HOST:PORT", help=text)
    text = "which network server it is (default: chirpstack, v4)"
    p.add_argument("--server", choices=SERVERS, default=SERVERS[0], help=text)
    text = "what to subscribe to there, instead of the topic of all uplinks"
    p.add_argument("--topic", metavar="FILTER", help=text)
    text = "names its session, which that broker keeps (default: qingyun-lorawan-in)"
    p.add_argument("--network-client-id", default="qingyun-lorawan-in", metavar="NAME", help=text)
    text = "who signs in there; at The Things Stack APPLICATION@TENANT"
    p.add_argument("--network-username", metavar="NAME", help=text)
    text = "holds the password; at The Things Stack an API key"
    p.add_argument("--network-password-file", type=Path, metavar="FILE", help=text)
    text = "TLS there, by authorities that this machine trusts"
    p.add_argument("--network-tls", action="store_true", help=text)
    text = "TLS there: the authority that signed the broker"
    p.add_argument("--network-cafile", type=Path, metavar="FILE", help=text)
    text = "TLS there: this client's certificate (PEM), as ChirpStack makes one for an application"
    p.add_argument("--network-certfile", type=Path, metavar="FILE", help=text)
    text = "TLS there: the key of the certificate (PEM)"
    p.add_argument("--network-keyfile", type=Path, metavar="FILE", help=text)
    text = "folder for what is remembered of each sensor (default: qingyun.lorawan)"
    p.add_argument("--memory", type=Path, default=Path("qingyun.lorawan"), metavar="DIR", help=text)
    text = "answer /metrics there (default: nowhere)"
    p.add_argument("--listen", metavar="HOST:PORT", help=text)
    p.epilog = "Example: qingyun lorawan --registry registry --network 127.0.0.1:1883"


def _run(args: argparse.Namespace) -> int:
    from .run import lorawan as runner  # noqa: PLC0415

    return runner.RUNS[args.part](args)
