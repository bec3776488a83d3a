"""Lets other processes write between the transactions of a long task.

SQLite gives the lock to whoever asks first when it is free, and who waits asks every 0.1 s: a
process that begins again at once keeps all others out."""

from __future__ import annotations

import time

from .database import Database

_EVERY_S, _TURN_S = 0.5, 0.12


class Turns:
    """give() after each transaction. While others are seen to write they have half of the time;
    else it is looked every half second whether one waits."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._begun = time.monotonic()
        self._seen = db.others()
        self._others = False

    def give(self) -> None:
        """Wait, if it is time for it."""
        worked = time.monotonic() - self._begun
        if self._seen is None or worked < (_TURN_S if self._others else _EVERY_S):
            return
        time.sleep(max(_TURN_S, worked) if self._others else _TURN_S)
        seen = self._db.others()
        self._others, self._seen = seen != self._seen, seen
        self._begun = time.monotonic()
