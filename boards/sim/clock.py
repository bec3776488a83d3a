"""Virtual time: it moves only when somebody sleeps or waits, or a pulse takes its time."""

import gc
import time

from micropython import const

_RING = const(0x3FFFFFFF)  # the ESP32 port's ticks have 30 bits
_HALF = const(0x20000000)


def _ticks_diff(a, b):
    return ((a - b + _HALF) & _RING) - _HALF


def _ticks_add(ticks, delta):
    if not -_HALF < delta < _HALF:
        raise OverflowError("ticks interval overflow")
    return (ticks + delta) & _RING


class Clock:
    """us is the true time in microseconds since the Unix epoch; on_move hears of it."""

    def __init__(self, unix_s):
        self.us = int(unix_s * 1000000)
        self._zero = self.us
        self.on_move = None

    def restart(self):
        """The board starts: its tick counters begin anew, anywhere in their ring. Where
        follows from the time, so that a run can be repeated."""
        self._zero = self.us - 1000 * (self.us // 1000 * 2654435761 & _RING) - 789

    def ms(self):
        return self.us // 1000

    def move_us(self, us):
        self.us += us
        if self.on_move:
            self.on_move(self.us // 1000)

    # What a board's hal offers.

    def ticks_us(self):
        return (self.us - self._zero) & _RING

    def ticks_ms(self):
        return ((self.us - self._zero) // 1000) & _RING

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

    def restart(self):
        offset = self.us // 1000 * 2654435761 % (_RING - self.SHORT_MS)
        self._zero = self.us - 1000 * offset - 789

    def ticks_us(self):
        return self.us - self._zero

    def ticks_ms(self):
        return (self.us - self._zero) // 1000

    ticks_diff = staticmethod(time.ticks_diff)
    ticks_add = staticmethod(time.ticks_add)
