"""What a dry run of an import ends with."""

from __future__ import annotations

from pathlib import Path


def checked(file: Path, count: int, refused: int) -> int:
    """The last line of a dry run, and its exit code."""
    print(f"{file}: {count} rows could be imported, {refused} could not; nothing was written")
    return 1 if refused else 0
