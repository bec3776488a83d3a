"""backup, restore: copy all data while the job runs, and restore it."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import Command, db, registry


def add(command: Command) -> None:
    """Put these subcommands into the parser."""
    p = command("backup", _run, "copy store, archive and registry while everything runs")
    db(p)
    registry(p)
    text = "folder that gets a new folder, named by the time"
    p.add_argument("target", type=Path, metavar="TARGET", help=text)
    text = "then remove all but the newest N there"
    p.add_argument("--keep", type=int, metavar="N", help=text)
    p.epilog = "Example: qingyun backup --db qingyun.db --keep 14 /var/backups/qingyun"

    p = command("restore", _run, "put a backup back, to where nothing is yet")
    db(p, needed=False)
    p.add_argument("backup", type=Path, metavar="BACKUP", help="a folder that backup made")
    text = "put the registry there too (default: leave it in the backup)"
    p.add_argument("--registry-to", type=Path, metavar="DIR", help=text)
    text = "only hold every file against its hash"
    p.add_argument("--verify", action="store_true", help=text)
    p.epilog = "Example: qingyun restore --db new.db /var/backups/qingyun/qingyun-20260303T160000Z"


def _run(args: argparse.Namespace) -> int:
    from .run import service as runner  # noqa: PLC0415

    return runner.RUNS[args.part](args)
