"""From one CSV of boards, sites, channels and Wi-Fi to what each board, the broker and the
registry need: keys and certificates, configurations, an ACL, registry rows."""

from __future__ import annotations

from ..common.errors import UserError


class ProvisionError(UserError):
    """What keeps a run from being done: a line for each mistake. Nothing was written."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
