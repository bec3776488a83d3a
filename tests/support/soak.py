"""What `make test` does in part and `make soak`, with SOAK set, whole."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")


def in_part(part: T, whole: T) -> T:
    """The first within `make test`, the second within `make soak`."""
    return whole if os.environ.get("SOAK") else part
