"""How the session ends on a signal: once, and never in the middle of starting something."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN_S = 0.1


class Ending:
    """with Ending() as ending: the first of SIGNALS raises KeyboardInterrupt; those that
    follow are ignored, so that what was started is stopped in peace."""

    def __init__(self) -> None:
        self._held = False
        self._told = threading.Event()

    def _signal(self, _number: int, _frame: FrameType | None) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        self._told.set()
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
        if self._told.is_set():
            raise KeyboardInterrupt

    def _repeat(self, signals: int) -> None:
        """Python only marks a signal that comes to another thread, or just before the main
        one waits for a key, and the wait goes on. So it is sent again until it is taken."""
        with open(signals, "rb", buffering=0) as came:
            number = came.read(1)
        while number and not self._told.wait(_AGAIN_S):
            signal.pthread_kill(threading.main_thread().ident, number[0])  # type: ignore[arg-type]

    def __enter__(self) -> Ending:
        came, self._wakeup = os.pipe()
        os.set_blocking(self._wakeup, False)
        self._wakeup_before = signal.set_wakeup_fd(self._wakeup, warn_on_full_buffer=False)
        threading.Thread(target=self._repeat, args=(came,), daemon=True, name="ending").start()
        self._before = [signal.signal(number, self._signal) for number in SIGNALS]
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in zip(SIGNALS, self._before, strict=True):
            signal.signal(number, before)
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._wakeup)  # the thread ends
