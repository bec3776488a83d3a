"""Files of a fleet folder: replaced as a whole, left alone when nothing changed, and
those with secrets readable by their owner alone from the moment they exist."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import ProvisionError

SECRET, PUBLIC = 0o600, 0o644


def read(path: Path) -> bytes | None:
    """The content; None where there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def write(path: Path, content: bytes, mode: int) -> bool:
    """Write the content by rename; False where the file had it already."""
    if read(path) == content:
        if mode == SECRET and path.stat().st_mode & 0o077:
            path.chmod(SECRET)  # copied about by somebody
        return False
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    part.replace(path)
    return True


def folder(path: Path) -> None:
    """Make a folder for its owner alone; an existing one is not changed."""
    if not path.is_dir():
        path.mkdir(mode=0o700, parents=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock, so that one run at a time works in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ProvisionError(f"{path}: another run is under way here") from None
        yield
    finally:
        os.close(descriptor)
