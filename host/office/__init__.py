"""Files for an office: workbooks that print on A4, pages with plots."""

from __future__ import annotations


class OfficeError(Exception):
    """A file that cannot be written; one line."""
