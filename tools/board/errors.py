"""What ends a command with one line."""

from __future__ import annotations

import sys
from collections.abc import Callable


class BoardError(Exception):
    """The message says what, where, and what was expected."""


def outcome(command: str, work: Callable[[], None], interrupted: str) -> int:
    """Do a command's work; its exit code, after the line that says why it is not 0."""
    try:
        work()
    except BoardError as e:
        print(f"{command}: error: {e}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{command}: interrupted; {interrupted}", file=sys.stderr)
        return 2
    return 0
