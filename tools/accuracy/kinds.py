"""Every kind of day, by name."""

from __future__ import annotations

from accuracy.families import PLAIN
from accuracy.site_families import SITES

FAMILIES = {**PLAIN, **SITES}
