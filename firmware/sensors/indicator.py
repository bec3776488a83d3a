"""A weighing indicator on a serial line as a channel (see instrument): by itself or on demand.

Each format is a module of its own (xk3190, toledo, stgs, a12,
reversed) with a class Format: feed(raw, n, now)
takes bytes and tells the channel of each whole frame; question is what it is asked with, or
None where it only listens."""

from micropython import const

from sensors import serial_line
from sensors.instrument import Instrument

_LISTEN_MS = const(100)
_ASK_MS = const(150)
_JUMP_MS = const(350)


def of_board(board, report, ch, lines):
    """The channel of a configuration; an indicator has its line for itself."""
    channel = Instrument(ch, report, board.hal)
    channel.jump_ms = _JUMP_MS
    module = __import__("sensors." + ch["format"], None, None, ("Format",))
    form = module.Format(channel, ch)
    channel.source = Indicator(channel, serial_line.of(board, ch, lines), form, board.hal)
    return channel


class Indicator:
    """Feeds what comes to the format, and asks where it is to be asked."""

    def __init__(self, channel, line, form, hal):
        self._channel = channel
        self._line = line
        self._form = form
        self._diff = hal.ticks_diff
        self._asked = hal.ticks_ms()
        self.lost = 0

    def poll(self, now):
        line = self._line
        n = line.stream()
        rounds = 0
        while n > 0 and rounds < 16:
            self._channel.byte(now)
            self._form.feed(line.raw, n, now)
            n = line.stream()
            rounds += 1
        if n < 0:
            self.lost += 1
            self._form.restart()
            self._channel.forget()
        if not self._form.question:
            return _LISTEN_MS
        left = _ASK_MS - self._diff(now, self._asked)
        if left <= 0:
            self._asked = now
            line.ask(None, self._form.question, now)
            self._form.asked()
            left = _ASK_MS
        return left // 2 if left > 20 else left
