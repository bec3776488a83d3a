"""Tables that people make: CSV, workbooks, saved web pages. Read with every repair said."""

from __future__ import annotations

from ..common.errors import UserError


class TableError(UserError):
    """One line: file, row, column, what was expected, what was found."""
