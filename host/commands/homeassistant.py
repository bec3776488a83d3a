"""homeassistant: show the boards of a site to Home Assistant."""

from __future__ import annotations

import argparse

from .. import registry as places
from ..common.errors import UsageError
from ..mqtt import broker
from ..reports import homeassistant, publish
from . import Command, registry


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    p = command("homeassistant", _run, "show the boards of a site to Home Assistant, by discovery")
    registry(p)
    p.add_argument("--site", required=True, help="whose boards")
    broker.add_arguments(p, "qingyun-homeassistant", "--publish")
    text = f"its discovery prefix (default: {homeassistant.PREFIX})"
    p.add_argument("--prefix", default=homeassistant.PREFIX, metavar="TOPIC", help=text)
    p.add_argument("--remove", action="store_true", help="take them away again")
    p.epilog = "Example: qingyun homeassistant --site fs-01 --publish 127.0.0.1:1883"


def _run(args: argparse.Namespace) -> int:
    where = broker.from_arguments(args, "--publish")
    loaded = places.load(args.registry)
    if args.site not in loaded.sites:
        raise UsageError(f"--site: expected a site of sites.csv, found {args.site!r}")
    make = homeassistant.removal if args.remove else homeassistant.discovery
    messages = list(make(loaded, args.site, args.prefix))
    publish.discovery(where, messages)
    done = "taken away" if args.remove else "shown"
    print(f"{where}: {len(messages)} entities of {args.site} {done} below {args.prefix}/")
    return 0
