"""A file of rows that somebody brings: read whole, each row taken or refused for itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from ..common.shown import file_name
from ..hazard import HazardError
from ..hazard.papers import Source
from ..hazard.transfers import Imported
from ..tables import TableError, sheet
from ..tables.sheet import Line


def read(
    path: Path, by: str, columns: Sequence[str], more: Sequence[str], take: Callable[[Line], None]
) -> tuple[Imported, list[str]]:
    """Hand each row to take(), and note those that it refuses (TableError). Returns the result so
    far, and what was repaired in the table. HazardError where there is no table, no row, or nobody
    who brings it."""
    if not by.strip():
        raise HazardError("--by: expected who brings it")
    try:
        table = sheet.read(path, tuple(columns), tuple(more))
    except TableError as error:
        raise HazardError(f"{error}; nothing was imported") from None
    done, n = Imported(), 0
    for line in table.lines():
        n += 1
        try:
            take(line)
        except TableError as error:
            done.refused.append(str(error))
    if not n:
        raise HazardError(f"{path}: expected rows below the head, found none; nothing was imported")
    return done, table.notes


def source(path: Path, by: str, now: int) -> Source:
    """What rows of a file say of their import; now: Unix seconds."""
    return Source(file_name(path), hashlib.sha256(path.read_bytes()).hexdigest(), 0, by, now)
