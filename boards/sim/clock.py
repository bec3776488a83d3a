"""Virtual time: it moves only when somebody sleeps or waits, or a pulse takes its time.

What asks for it with every pulse gets small integers, also where they have 31 bits: the
time is kept in two parts, whole spans since the Unix epoch and microseconds of one."""

import gc
import time

from micropython import const

SPAN_US = const(500000000)  # a multiple of every period here; two of them are a small integer
_SPAN_MS = const(500000)
_RING = const(0x3FFFFFFF)  # the ESP32 port's ticks have 30 bits
_HALF = const(0x20000000)


def _ticks_diff(a, b):
    return ((a - b + _HALF) & _RING) - _HALF


def _ticks_add(ticks, delta):
    if not -_HALF < delta < _HALF:
        raise OverflowError("ticks interval overflow")
    return (ticks + delta) & _RING


def _below(ticks):
    """The same in the ring, below 0: then time can be added to it in small integers."""
    return (ticks & _RING) - _RING - 1


class Clock:
    """us is the true time in microseconds of the span under way. A move past its end begins
    the next one; who keeps a value of us is told by keep()."""

    def __init__(self, unix_s):
        us = int(unix_s * 1000000)
        self.spans = us // SPAN_US
        self.us = us % SPAN_US
        self._kept = []
        self._on_move = None
        self._due = 0  # the us from which a move has more to do
        self._begin(0, 0)

    _fold = staticmethod(_below)

    def restart(self):
        """The board starts: its tick counters begin anew, anywhere in their ring. Where
        follows from the time, so that a run can be repeated."""
        self._begin(self._first_ticks(self.ms()), 789)

    def _first_ticks(self, ms):
        return ms * 2654435761 & _RING

    def _begin(self, ticks, us):
        """The counters are ticks (ms) and us now."""
        self._part = (us - self.us) % 1000
        ticks += (us - self.us) // 1000
        self._ticks_ms = self._fold(ticks)
        self._ticks_us = _below(1000 * ticks + self._part)

    def unix_us(self):
        """The true time in microseconds since the Unix epoch."""
        return self.spans * SPAN_US + self.us

    def ms(self):
        return self.spans * _SPAN_MS + self.us // 1000

    def ms_at(self, us):
        """Unix ms of a moment of this span, or near it."""
        return self.spans * _SPAN_MS + us // 1000

    def follow(self, on_move):
        """on_move(ms) hears of a move; it gives when (Unix ms) it wants to hear of the
        next one, None for never."""
        self._on_move = on_move
        self._due = 0

    def keep(self, later):
        """later(us) is called when us begins anew, so much later than before."""
        self._kept.append(later)

    def move_us(self, us):
        self.us = us = self.us + us
        if us >= self._due:
            self._moved()

    def _moved(self):
        if self.us >= SPAN_US:
            self._next_span(self.us // SPAN_US)
        self._due = SPAN_US
        if self._on_move:
            due = self._on_move(self.ms())
            if due is not None:
                self._due = min(SPAN_US, 1000 * (due - self.spans * _SPAN_MS))

    def _next_span(self, n):
        us = n * SPAN_US
        self.spans += n
        self.us -= us
        self._ticks_ms = self._fold(self._ticks_ms + n * _SPAN_MS)
        self._ticks_us = _below(self._ticks_us + us)
        for later in self._kept:
            later(us)

    # What a board's hal offers.

    def ticks_us(self):
        return (self.us + self._ticks_us) & _RING

    def ticks_ms(self):
        return ((self.us + self._part) // 1000 + self._ticks_ms) & _RING

    ticks_diff = staticmethod(_ticks_diff)
    ticks_add = staticmethod(_ticks_add)
    # Nothing interrupts a simulated board. Functions in C: these stand around every pulse.
    disable_irq = staticmethod(gc.isenabled)
    enable_irq = staticmethod(abs)

    def sleep_us(self, us):
        self.us += us

    def sleep_ms(self, ms):
        self.move_us(1000 * ms)

    def time_pulse_us(self, pin, level, timeout_us):
        """Width of the pulse the modelled pin gives next; -2 if none begins in time."""
        us = pin.pulse(timeout_us)
        self.us += us if us > 0 else timeout_us
        return us


class ShortClock(Clock):
    """For a run of up to SHORT_MS, in which no ticks of milliseconds wrap: the functions of the
    unix port give the same there, and take a quarter off the time of a simulated day."""

    SHORT_MS = 3 * 86400000

    _fold = staticmethod(int)

    def _first_ticks(self, ms):
        return ms * 2654435761 % (_RING - self.SHORT_MS)

    def ticks_us(self):
        return self.us + self._ticks_us  # only differences in the ring are asked for

    def ticks_ms(self):
        return (self.us + self._part) // 1000 + self._ticks_ms

    ticks_diff = staticmethod(time.ticks_diff)
    ticks_add = staticmethod(time.ticks_add)
