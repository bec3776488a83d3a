"""Lines like ST,GS,+00012.34kg, which A&D began and many indicators have.

Source: A&D AD-4402 manual p. 80, AD-4406 manual p. 45; Dini Argeo LTP manual p. 43; CAS CI-170A
manual p. 61. Header 1: ST at rest, US not, OL out of range (also UL, LO); header 2: GS gross, NT
net, TR tare; sign, digits with a point; unit; CR LF. There is no checksum. A line may have an
address before it, and a comma before the unit. Net without its tare is no gross."""

from micropython import const

from sensors import quality
from sensors.instrument import TARED, UNIT
from sensors.mass_units import grams

_MOST = const(40)
_LEAST = const(12)


class Format:
    def __init__(self, channel, ch):
        self._channel = channel
        channel.checked = False
        self._buf = bytearray(_MOST)
        self._n = 0
        self._digits = 0  # of the number read last, its decimals, and where it ends
        self._decimals = 0
        self._end = 0
        self.question = ch["ask"].encode() if ch.get("ask") else None

    def asked(self):
        pass

    def restart(self):
        self._n = 0

    def feed(self, raw, n, now):
        buf = self._buf
        i = 0
        while i < n:
            b = raw[i]
            i += 1
            if b == 13 or b == 10:
                if self._n >= _LEAST:
                    self._line(self._n, now)
                self._n = 0
            else:
                if self._n == _MOST:  # keep the end: a whole line may be in it
                    self._halve()
                buf[self._n] = b
                self._n += 1

    def _halve(self):
        buf = self._buf
        i = 0
        while i < _MOST // 2:
            buf[i] = buf[i + _MOST // 2]
            i += 1
        self._n = i

    def _line(self, n, now):
        """Of a line only its end counts: before it may stand what is left of another one."""
        at = n - _LEAST
        while at >= 0:
            if self._buf[at + 2] == 44 and self._pair(at + 3) in (0x4753, 0x4E54):
                first = self._pair(at)
                if first == 0x5354 or first == 0x5553:
                    self._weight(at + 5, n, first == 0x5354, now)
                    return
                if first in (0x4F4C, 0x554C, 0x4C4F):
                    self._channel.trouble(quality.SATURATED, now)
                    return
            at -= 1

    def _pair(self, i):
        return self._buf[i] << 8 | self._buf[i + 1]

    def _weight(self, at, n, still, now):
        """Comma or none, sign, digits, unit, in buf[at:n]."""
        buf = self._buf
        net = buf[at - 1] == 0x54
        if buf[at] == 44:
            at += 1
        minus = buf[at] == 0x2D
        if minus or buf[at] == 0x2B:
            at += 1
        value = self._number(at, n)
        if value < 0:
            return
        unit = self._unit(self._end, n)
        if unit is None:
            return
        if net:
            self._channel.trouble(TARED, now)
        elif not unit:
            self._channel.trouble(UNIT, now)
        else:
            value = grams(value, self._decimals, unit)
            self._channel.show(-value if minus else value, still, now)

    def _number(self, at, n):
        """Blanks, then digits with at most one point; -1 where it is none."""
        buf = self._buf
        while at < n and buf[at] == 32:
            at += 1
        value = digits = 0
        point = -1
        while at < n:
            b = buf[at]
            if b == 46 and point < 0:
                point = digits
            elif 48 <= b <= 57 and digits < 7:
                value = value * 10 + b - 48
                digits += 1
            else:
                break
            at += 1
        self._end = at
        self._decimals = digits - point if point >= 0 else 0
        return value if digits else -1

    def _unit(self, at, n):
        """kg, g, t or lb; "" for another unit, None where it is none: blanks or a comma, one to
        three letters."""
        buf = self._buf
        while at < n and (buf[at] == 32 or buf[at] == 44):
            at += 1
        letters = 0
        while at < n:
            b = buf[at] & 0xDF
            if not 0x41 <= b <= 0x5A or letters > 0xFFFF:
                return None
            letters = letters << 8 | b
            at += 1
        if letters == 0x4B47:
            return "kg"
        if letters == 0x4C42:
            return "lb"
        return "g" if letters == 0x47 else "t" if letters == 0x54 else "" if letters else None
