"""What a person has to hear of: one line each, no traceback."""


class UserError(Exception):
    """Wrong use or bad input: `qingyun: error: …` and exit code 2. Subclasses may tell more."""


class UsageError(UserError):
    """An argument that cannot be used."""


class OutsideError(Exception):
    """Something else does not do its part, a broker for one; one line, exit code 1."""
