"""Virtual time: it moves only when somebody sleeps or waits, or a pulse takes its time."""

import gc
import time


class Clock:
    """us is the true time in microseconds since the Unix epoch; on_move hears of it."""

    def __init__(self, unix_s):
        self.us = int(unix_s * 1000000)
        self._zero = self.us
        self.on_move = None

    def restart(self):
        """The board starts: its tick counters begin anew (at no round number)."""
        self._zero = self.us - 123456789

    def ms(self):
        return self.us // 1000

    def move_us(self, us):
        self.us += us
        if self.on_move:
            self.on_move(self.us // 1000)

    # What a board's hal offers.

    def ticks_us(self):
        return self.us - self._zero

    def ticks_ms(self):
        return (self.us - self._zero) // 1000

    ticks_diff = staticmethod(time.ticks_diff)
    ticks_add = staticmethod(time.ticks_add)
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
