"""Files that somebody asked for: whole, or as they were before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from host.errors import UserError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write what takes the place of a file once all of it is there, folders made;
    UserError when it cannot be written, and the file stays what it was. What is no file (a
    pipe, a device) is written as it is."""
    plain = path.is_file() or not path.exists()
    target = path.resolve() if plain else path
    part = target.with_name(f".{target.name}.{os.getpid()}") if plain else path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield part
        if plain:
            part.replace(target)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        if plain:
            with suppress(OSError):  # it is not there, as a rule
                part.unlink()
