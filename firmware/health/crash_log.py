"""Exceptions nobody handled, kept on flash until they have been published.

`crash.new` has what was not published yet, `crash.log` what was published last; each
is one JSON object a line and never larger than 4 KiB. The same exception is written
once in a start and counted from then on."""

import io
import json
import os
import sys

from micropython import const

_MOST = const(4096)
_KINDS = const(8)  # different exceptions written in one start
_TRACE = const(600)  # characters of a traceback, its end


class CrashLog:
    """take() an exception; next() and sent() for whoever publishes."""

    def __init__(self, folder, boot, stamp, log):
        self._new = folder + "/crash.new"
        self._old = folder + "/crash.log"
        self._boot = boot
        self._stamp = stamp
        self._log = log
        self._counts = {}
        self._at = 0  # bytes of crash.new that were published in this start
        self._size = _size(self._new)

    def take(self, task, exc):
        """Write an exception down. Never raises."""
        text = "%s: %s: %s" % (task, type(exc).__name__, exc)
        n = self._counts.get(text, 0)
        self._counts[text] = n + 1
        if n:
            return
        self._log.error(text)
        if len(self._counts) > _KINDS:
            return
        try:
            self._write(task, text, exc)
        except (OSError, MemoryError) as e:
            self._log.error("crash: cannot be written", e)

    def _write(self, task, text, exc):
        trace = io.StringIO()
        sys.print_exception(exc, trace)
        dated, seconds = self._stamp()
        entry = {
            "boot": self._boot,
            "t" if dated else "up": seconds,
            "task": task,
            "error": text[:120],
            "trace": trace.getvalue()[-_TRACE:],
        }
        line = json.dumps(entry) + "\n"
        if self._size + len(line) <= _MOST:
            with open(self._new, "a") as f:
                f.write(line)
            self._size += len(line)

    def counts(self):
        """Text of each exception of this start → how often."""
        return self._counts

    def next(self):
        """The next entry to publish as JSON text, or None."""
        return None if self._at >= self._size else self._read()

    def _read(self):
        try:
            with open(self._new) as f:
                f.seek(self._at)
                return f.readline().rstrip()
        except OSError as e:
            self._log.error("crash: cannot be read", e)
            self._size = 0
            return None

    def sent(self, line):
        """An entry, as next() gave it, reached the broker."""
        self._at += len(line) + 1
        if self._at >= self._size:
            try:
                os.rename(self._new, self._old)
            except OSError as e:
                self._log.error("crash: cannot be moved", e)
            self._at = self._size = 0

    def tail(self, most):
        """The end of what was published last, whole lines, at most so many characters."""
        try:
            with open(self._old) as f:
                f.seek(max(0, _size(self._old) - most))
                return f.read(most)
        except OSError:
            return ""


def _size(path):
    try:
        return os.stat(path)[6]
    except OSError:
        return 0
