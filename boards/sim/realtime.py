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
        self._start = self.us
        self._ticks = time.ticks_us()

    def sync(self):
        us = self._start + time.ticks_diff(time.ticks_us(), self._ticks) * self.speed
        if us > self.us:
            self.move_us(us - self.us)

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
        if self.ntp.serve():
            return
        real_ms = (ms + self.clock.speed - 1) // self.clock.speed
        if poller:
            poller.poll(real_ms)
        else:
            time.sleep_ms(real_ms)
        self.clock.sync()
