"""What ends a command with one line."""


class BoardError(Exception):
    """The message says what, where, and what was expected."""
