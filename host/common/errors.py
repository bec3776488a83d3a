"""Errors that a person has to read: one line each, no traceback."""


class UserError(Exception):
    """Wrong use or bad input: `qingyun: error: …` and exit code 2."""


class UsageError(UserError):
    """An option or argument that cannot be used."""


class OutsideError(Exception):
    """Another system, such as a broker, fails: one line, exit code 1."""
