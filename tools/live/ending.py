"""How the session ends on a signal: once, and never in the middle of starting something."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ending:
    """with Ending() as ending: the first of SIGNALS raises KeyboardInterrupt; those that
    follow are ignored, so that what was started is stopped in peace."""

    def __init__(self) -> None:
        self._held = False
        self._told = False

    def _signal(self, _number: int, _frame: FrameType | None) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        self._told = True
        if not self._held:
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """A signal waits until the block is over."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._told:
            raise KeyboardInterrupt

    def __enter__(self) -> Ending:
        self._before = [signal.signal(number, self._signal) for number in SIGNALS]
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in zip(SIGNALS, self._before, strict=True):
            signal.signal(number, before)
