"""Every kind of day, by name."""

from __future__ import annotations

from accuracy.families import PLAIN
from accuracy.site_families import SITES

FAMILIES = {**PLAIN, **SITES}


def weighed(name: str) -> bool:
    """Whether every bin of such a day stands on a platform."""
    return all(bin_.channel for bin_ in FAMILIES[name](1).bins)
