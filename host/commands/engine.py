"""engine: certificates for a scheduler of Dask and its workers."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import Command


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    p = command("engine", _run, "certificates for a scheduler of Dask and its workers")
    text = "make a certificate and key for each NAME, and their own authority"
    p.add_argument("do", choices=("certificates",), help=text)
    text = "machines, by host name or address: scheduler, workers, and whoever gives them work"
    p.add_argument("names", nargs="+", metavar="NAME", help=text)
    text = "folder for them (default: engine); engine-ca.key in it goes to no other machine"
    p.add_argument("--out", type=Path, default=Path("engine"), metavar="DIR", help=text)
    p.epilog = "Example: qingyun engine certificates scheduler worker-1 worker-2 report"


def _run(args: argparse.Namespace) -> int:
    from .run import engine as runner  # noqa: PLC0415

    return runner.certificates(args)
