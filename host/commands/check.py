"""check: read configuration and registry as the job does, and list mistakes."""

from __future__ import annotations

import argparse

from . import Command
from . import registry as registry_option


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    text = "read configuration and registry and say what is in them, or what is wrong"
    p = command("check", _run, text)
    registry_option(p)
    p.epilog = "Example: qingyun --config qingyun.toml check"


def _run(args: argparse.Namespace) -> int:
    from .run import check as runner  # noqa: PLC0415

    return runner.RUNS[args.part](args)
