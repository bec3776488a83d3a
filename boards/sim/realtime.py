"""The simulated board in real time, or a whole number of times as fast."""

import time

from board import Board
from clock import Clock


class RealClock(Clock):
    """Follows the machine's clock. It is looked at only where the firmware asks for
    milliseconds or waits: in between, pulses keep the widths that they have in a model."""

    def __init__(self, unix_s, speed):
        super().__init__(unix_s)
        self.speed = speed
        self._real = self.us  # where the machine's clock is
        self._ticks = time.ticks_us()
        self.keep(self._later)

    def _later(self, us):
        self._real -= us

    def sync(self):
        now = time.ticks_us()
        self._real += time.ticks_diff(now, self._ticks) * self.speed
        self._ticks = now
        if self._real > self.us:
            self.move_us(self._real - self.us)

    def ticks_ms(self):
        self.sync()
        return super().ticks_ms()

    def sleep_ms(self, ms):
        time.sleep_us(1000 * ms // self.speed)
        self.sync()


class RealBoard(Board):
    """Waits as a board does: until something comes, or the time is over."""

    def wait(self, poller, ms, expecting):
        self.look()
        if self.serve():
            return
        real_ms = (ms + self.clock.speed - 1) // self.clock.speed
        if poller:
            poller.poll(real_ms)
        else:
            time.sleep_ms(real_ms)
        self.clock.sync()
