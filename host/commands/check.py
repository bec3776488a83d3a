"""check: the registry as the job reads it."""

from __future__ import annotations

import argparse

from host import registry
from host.commands import Command, hazard
from host.commands import registry as registry_option


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    p = command("check", _check, "read the registry and say what is in it, or what is wrong")
    registry_option(p)


def _check(args: argparse.Namespace) -> int:
    known = registry.load(args.registry)
    print(
        f"{args.registry}: {len(known.sites)} sites, {len(known.devices)} devices, "
        f"{len(known.platforms())} platforms, {len(known.bins)} bins"
    )
    if more := hazard.check(args.registry):
        print(more)
    return 0
