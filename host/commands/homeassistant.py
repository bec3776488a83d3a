"""homeassistant: show the boards of a site to Home Assistant."""

from __future__ import annotations

import argparse

from . import Command, broker_options, registry

_PREFIX = "homeassistant"  # its default: home-assistant.io/integrations/mqtt/#discovery-options


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    p = command("homeassistant", _run, "show the boards of a site to Home Assistant, by discovery")
    registry(p)
    p.add_argument("--site", required=True, help="whose boards")
    broker_options.add(p, "qingyun-homeassistant", "--publish")
    text = f"its discovery prefix (default: {_PREFIX})"
    p.add_argument("--prefix", default=_PREFIX, metavar="TOPIC", help=text)
    p.add_argument("--remove", action="store_true", help="take them away again")
    p.epilog = "Example: qingyun homeassistant --site fs-01 --publish 127.0.0.1:1883"


def _run(args: argparse.Namespace) -> int:
    from .run import homeassistant as runner  # noqa: PLC0415

    return runner.RUNS[args.part](args)
