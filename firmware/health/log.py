"""Lines for the person at the serial port, and the last few kept for a question later."""

from micropython import const

_KEEP = const(8)  # as many as the command `log` tells


class Log:
    """clock gives stamp(); each line is printed once, with its time."""

    def __init__(self, clock=None, out=print):
        self._clock = clock
        self._out = out
        self.lines = []

    def info(self, text):
        self._line("", text)

    def warn(self, text):
        self._line("warning: ", text)

    def error(self, text, exc=None):
        if exc is not None:
            text = "%s: %s: %s" % (text, type(exc).__name__, exc)
        self._line("error: ", text)

    def show(self, text):
        """Print only: what comes again and again shall not push out what is kept."""
        self._out(self._stamp() + text)

    def _stamp(self):
        if self._clock is None:
            return ""
        dated, s = self._clock.stamp()
        return "%s%d " % ("" if dated else "+", s)

    def _line(self, level, text):
        line = self._stamp() + level + text
        if len(self.lines) >= _KEEP:
            self.lines.pop(0)
        self.lines.append(line)
        self._out(line)
