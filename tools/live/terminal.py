"""Lines of a person and lines for him, on one terminal or through pipes."""

from __future__ import annotations

import os
import sys
import threading

try:
    import readline
except ImportError:  # a Python without it: what is being typed is not shown again
    readline = None  # type: ignore[assignment]

_CLEAR = "\r\x1b[K"
PROMPT = "live> "


class Terminal:
    """say() may be called by any thread, also while somebody types."""

    def __init__(self) -> None:
        self.interactive = sys.stdin.isatty() and sys.stdout.isatty()
        self._asking = False
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        with self._lock:
            if self._asking:
                typed = readline.get_line_buffer() if readline else ""
                text = f"{_CLEAR}{text}\n{PROMPT}{typed}"
            else:
                text += "\n"
            try:
                sys.stdout.write(text)
                sys.stdout.flush()
            except OSError:  # the terminal is closed, or nobody reads: the end comes by itself
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def ask(self) -> str | None:
        """The next line; None when there will be no more."""
        if not self.interactive:
            try:
                line = sys.stdin.readline()
            except OSError:
                return None
            return line if line else None
        self._asking = True
        try:
            return input(PROMPT)
        except (EOFError, OSError):  # Ctrl-D, or the terminal is gone
            return None
        finally:
            self._asking = False
