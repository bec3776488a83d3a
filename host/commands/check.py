"""check: configuration and registry as the job reads them."""

from __future__ import annotations

import argparse

from host import registry
from host.commands import Command, hazard
from host.commands import registry as registry_option
from host.errors import UserError
from host.service.checks import problems


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    text = "read configuration and registry and say what is in them, or what is wrong"
    p = command("check", _check, text)
    registry_option(p)
    p.epilog = "Example: qingyun --config qingyun.toml check"


def _check(args: argparse.Namespace) -> int:
    wrong = problems(args.settings)
    if args.settings.values and not wrong:
        n = len(args.settings.values)
        print(f"{args.settings.file or 'environment'}: {n} values, each as expected")
    if not args.settings.file:
        print(f"no configuration file; looked at {', '.join(args.settings.absent)}")
    try:
        known = registry.load(args.registry)
        more = hazard.check(args.registry)
    except UserError as error:
        wrong += str(error).splitlines()
    if wrong:
        raise UserError("\n".join(wrong))
    print(
        f"{args.registry}: {len(known.sites)} sites, {len(known.devices)} devices, "
        f"{len(known.platforms())} platforms, {len(known.bins)} bins"
    )
    if more:
        print(more)
    return 0
