"""Files for an office: workbooks that print on A4, pages with plots."""

from __future__ import annotations

from ..common.errors import UserError


class OfficeError(UserError):
    """A file that cannot be written; one line."""
