"""Samples each channel when it is due and makes a reading when there is news."""

import record
from micropython import const

_LONGEST_MS = const(10000)
_FIRST_MS = const(15000)  # the first reading waits so long for every channel to settle


class Sampler:
    """take(body) receives each reading made; poll() never blocks on anything but pins."""

    def __init__(self, board, channels, every_s, take):
        self._hal = board.hal
        self.channels = channels
        self._every_ms = every_s * 1000
        self._take = take
        self._start = board.hal.ticks_ms()
        self._last = None
        self.made = 0

    def poll(self):
        """Sample what is due; returns ms until something is due again."""
        diff = self._hal.ticks_diff
        now = self._hal.ticks_ms()
        news = False
        for ch in self.channels:
            if diff(now, ch.due) >= 0:
                ch.sample(now)
            if ch.news:
                news = True
        if self._last is None:
            if self._settled() or diff(now, self._start) >= _FIRST_MS:
                self.read_now()
        elif news or diff(now, self._last) >= self._every_ms:
            self.read_now()
        now = self._hal.ticks_ms()  # an echo takes its time
        nearest = _LONGEST_MS
        for ch in self.channels:
            left = diff(ch.due, now)
            if left < nearest:
                nearest = left
        return nearest if nearest > 0 else 0

    def _settled(self):
        for ch in self.channels:
            if not ch.settled():
                return False
        return True

    def read_now(self):
        """Make a reading of every channel as it is now."""
        self._last = self._hal.ticks_ms()
        values = []
        marks = []
        for ch in self.channels:
            values.append(ch.value())
            marks.append(ch.quality())
            ch.told()
        self.made += 1
        self._take(record.pack(values, marks))
