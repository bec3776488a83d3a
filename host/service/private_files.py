"""Files and folders that only their owner can read, for a backup and what comes back from one."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..common.atomic_write import sync


@contextmanager
def private() -> Iterator[None]:
    """What is made in the block is for its owner alone: 0600 and 0700."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def copy(source: Path, into: Path) -> None:
    """Copy a file, and wait until it is on the disk."""
    shutil.copyfile(source, into)
    sync(into)


def owned_as(beside: Path, path: Path) -> None:
    """Give a path with all that is in it to the owner of the folder where root made it, so that
    the services can read it, and remove it later."""
    owner = beside.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        for each in (path, *path.rglob("*")):
            os.chown(each, owner.st_uid, owner.st_gid, follow_symlinks=False)


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Hold a folder as long as it is worked in; it ends with the process."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def is_used(folder: Path) -> bool:
    """Whether a process works in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
