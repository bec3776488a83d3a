"""backup, restore: copy all data while the job runs, and restore it."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

from ..common.errors import UsageError
from . import Command, db, registry


def add(command: Command) -> None:
    """Put these subcommands into the parser."""
    p = command("backup", _backup, "copy store, archive and registry while everything runs")
    db(p)
    registry(p)
    text = "folder that gets a new folder, named by the time"
    p.add_argument("target", type=Path, metavar="TARGET", help=text)
    text = "then remove all but the newest N there"
    p.add_argument("--keep", type=int, metavar="N", help=text)
    p.epilog = "Example: qingyun backup --db qingyun.db --keep 14 /var/backups/qingyun"

    p = command("restore", _restore, "put a backup back, to where nothing is yet")
    db(p, needed=False)
    p.add_argument("backup", type=Path, metavar="BACKUP", help="a folder that backup made")
    text = "put the registry there too (default: leave it in the backup)"
    p.add_argument("--registry-to", type=Path, metavar="DIR", help=text)
    text = "only hold every file against its hash"
    p.add_argument("--verify", action="store_true", help=text)
    p.epilog = "Example: qingyun restore --db new.db /var/backups/qingyun/qingyun-20260303T160000Z"


def _backup(args: argparse.Namespace) -> int:
    from ..service import backup  # noqa: PLC0415  only where it is used

    if args.keep is not None and args.keep < 1:
        raise UsageError("--keep: expected 1 or more")
    source = args.registry if args.registry.is_dir() else None
    folder = backup.make(args.db, source, args.target, dt.datetime.now(dt.UTC))
    contents = backup.verified(folder)
    print(f"{folder}: {len(contents.files)} files, {backup.size(contents)} bytes, hashes verified")
    if source is None:
        print(f"{args.registry}: no registry there, none copied")
    removed, left = backup.prune(args.target, args.keep) if args.keep else ([], [])
    for old in removed:
        print(f"{old}: removed")
    for line in left:
        print(line)
    return 0


def _restore(args: argparse.Namespace) -> int:
    from ..service import backup  # noqa: PLC0415  only where it is used

    if args.verify:
        contents = backup.verified(args.backup)
        print(f"{args.backup}: {len(contents.files)} files as they were made {contents.made}")
        return 0
    if args.db is None:
        raise UsageError(args.settings.nowhere())
    contents = backup.restore(args.backup, args.db, args.registry_to)
    print(f"{args.db}: as of {contents.made}")
    if args.registry_to:
        has = any(f.path.startswith(f"{backup.REGISTRY}/") for f in contents.files)
        print(f"{args.registry_to}: {'the registry' if has else 'the backup has no registry'}")
    return 0
