"""Counts starts that failed in a row: after three of them the board starts in safe mode.

A start has failed when it ended before it was healthy, for any reason but a loss of
power: power that flickers is no fault of the board's. Kept in a small file."""

import json
import os

from micropython import const

MOST = const(3)


class BootCounter:
    """failed: how many starts in a row; why: what the last of them died of."""

    def __init__(self, board):
        self._path = board.data_dir + "/starts"
        self.failed = 0
        self.why = ""
        cause = board.reset_cause()
        if cause not in ("power_on", "deep_sleep"):
            try:
                with open(self._path) as f:
                    kept = json.load(f)
                self.failed = int(kept["n"])
                self.why = kept["why"] or cause
            except (OSError, ValueError, KeyError, TypeError):
                pass  # no start has failed
        if cause != "deep_sleep":  # a wake-up every few minutes is not worth a write
            _write(self._path, self.failed + 1, "")

    def is_safe(self):
        """Whether this start must be a safe one."""
        return self.failed >= MOST

    def once_more(self):
        """After safe mode: one try, then safe mode again."""
        _write(self._path, MOST - 1, self.why)


def healthy(board):
    """The start under way is a good one."""
    try:
        os.remove(board.data_dir + "/starts")
    except OSError:
        pass  # it is not there


def died(board, exc):
    """Write down what the start under way dies of."""
    path = board.data_dir + "/starts"
    try:
        with open(path) as f:
            n = json.load(f)["n"]
    except (OSError, ValueError, KeyError):
        n = 1
    _write(path, n, "%s: %s" % (type(exc).__name__, exc))


def _write(path, n, why):
    try:
        with open(path, "w") as f:
            json.dump({"n": n, "why": why[:120]}, f)
    except OSError:
        pass  # no flash: then there is no safe mode either
