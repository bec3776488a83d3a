"""Makes keys, certificates, configurations, an ACL and registry rows from one CSV of boards,
sites, channels and Wi-Fi."""

from __future__ import annotations

from ..common.errors import UserError


class ProvisionError(UserError):
    """Why a run cannot be done: a line for each mistake. Nothing was written."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
