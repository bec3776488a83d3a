"""Runs `qingyun backup`, `qingyun restore`."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable

from ...common.errors import UsageError


def _backup(args: argparse.Namespace) -> int:
    from ...hazard import anchors  # noqa: PLC0415  only where it is used
    from ...service import anchors as places  # noqa: PLC0415
    from ...service import backup  # noqa: PLC0415
    from ...store import Store  # noqa: PLC0415

    if args.keep is not None and args.keep < 1:
        raise UsageError("--keep: expected 1 or more")
    source = args.registry if args.registry.is_dir() else None
    folder = backup.make(args.db, source, args.target, dt.datetime.now(dt.UTC))
    contents = backup.verified(folder)
    print(f"{folder}: {len(contents.files)} files, {backup.size(contents)} bytes, hashes verified")
    if source is None:
        print(f"{args.registry}: no registry there, none copied")
    store = Store(args.db)
    faults = anchors.verify(store, places.in_files(args.target))
    store.close()
    for line in faults:
        print(f"{args.db}: {line}")
    if faults:  # earlier backups show what was there before
        print(f"{args.target}: nothing was removed there")
        return 1
    removed, left = backup.prune(args.target, args.keep) if args.keep else ([], [])
    for old in removed:
        print(f"{old}: removed")
    for line in left:
        print(line)
    return 0


def _restore(args: argparse.Namespace) -> int:
    from ...service import backup  # noqa: PLC0415  only where it is used

    if args.verify:
        contents = backup.verified(args.backup)
        print(f"{args.backup}: {len(contents.files)} files as they were made {contents.made}")
        return 0
    if args.db is None:
        raise UsageError(args.settings.nowhere())
    contents, faults = backup.restore(args.backup, args.db, args.registry_to)
    print(f"{args.db}: as of {contents.made}")
    for line in faults:
        print(f"{args.db}: {line}")
    if args.registry_to:
        has = any(f.path.startswith(f"{backup.REGISTRY}/") for f in contents.files)
        print(f"{args.registry_to}: {'the registry' if has else 'the backup has no registry'}")
    return 1 if faults else 0


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "backup": _backup,
    "restore": _restore,
}
