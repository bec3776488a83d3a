"""Frames like =43.21000, the lowest digit first: 12.34, as weighbridge indicators in China send.

Source: descriptions of what such indicators send, second-hand (docs/instruments.md). =, then as
many characters in each frame, digits with at most one point, the last of them - below zero. There
is no checksum; a frame says neither gross nor net, nor unit, nor rest. How long a frame is
follows from three in a row."""

from micropython import const

from sensors import quality
from sensors.mass_units import grams

_MOST = const(12)


class Format:
    def __init__(self, channel, ch):
        self._channel = channel
        channel.checked = False
        channel.netless = channel.unitless = True
        self._unit = ch["unit"]
        self._buf = bytearray(_MOST)
        self._n = -1  # of the frame under way; -1: behind its end, or no = yet
        self._size = 0  # of a frame
        self._other = 0  # another size, and how often it was seen in a row
        self._times = 0
        self.question = None

    def asked(self):
        pass

    def restart(self):
        self._n = -1

    def feed(self, raw, n, now):
        buf = self._buf
        i = 0
        while i < n:
            b = raw[i]
            i += 1
            if b == 61:
                if self._n > 0:
                    self._ended(self._n)
                self._n = 0
            elif self._n == _MOST:
                self._n = -1
            elif self._n >= 0:
                buf[self._n] = b
                self._n += 1
                if self._n == self._size:
                    self._whole(self._n, now)

    def _ended(self, n):
        """From = to =, n characters. A byte lost, or one too many, changes it for once."""
        if n == self._size:
            self._times = 0
        elif n == self._other:
            self._times += 1
            if self._times == 2:
                self._size = n
        else:
            self._other = n
            self._times = 0

    def _whole(self, n, now):
        buf = self._buf
        value = digits = decimals = blanks = 0
        minus = buf[n - 1] == 0x2D
        point = False
        i = n - 1 - minus
        while i >= 0:
            b = buf[i]
            if b == 46 and not point:
                point = True
                decimals = i
            elif 48 <= b <= 57 and digits < 8:
                digits += 1
                value = value * 10 + b - 48
            elif b == 32 and not digits:
                blanks += 1
            elif b != 45:
                return
            i -= 1
        if not digits:
            self._channel.trouble(quality.SATURATED, now)  # it shows no weight
        elif blanks + digits + minus + point == n and decimals < 5:
            value = grams(value, decimals, self._unit)
            self._channel.show(-value if minus else value, True, now)
