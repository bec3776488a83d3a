"""Lines like ST,GS,+00012.34kg, which A&D began and many indicators have.

Source: A&D AD-4402 manual p. 80, AD-4406 manual p. 45; Dini Argeo LTP manual p. 43; CAS CI-170A
manual p. 61. Header 1: ST at rest, US not, OL out of range (also UL, LO); header 2: GS gross, NT
net, TR tare; sign, digits with a point; unit; CR LF. There is no checksum. A line may have an
address before it, and a comma before the unit. Net without its tare is no gross."""

from micropython import const

from sensors import quality
from sensors.instrument import TARED, UNIT
from sensors.mass_units import grams
from sensors.text_lines import Lines

_LEAST = const(12)


class Format(Lines):
    def __init__(self, channel, ch):
        Lines.__init__(self, channel)
        self.question = ch["ask"].encode() if ch.get("ask") else None

    def line(self, n, now):
        """Of a line only its end counts: before it may stand what is left of another one."""
        at = n - _LEAST
        while at >= 0:
            if self.buf[at + 2] == 44 and self.pair(at + 3) in (0x4753, 0x4E54):
                first = self.pair(at)
                if first == 0x5354 or first == 0x5553:
                    self._weight(at + 5, n, first == 0x5354, now)
                    return
                if first in (0x4F4C, 0x554C, 0x4C4F):
                    self.channel.trouble(quality.SATURATED, now)
                    return
            at -= 1

    def _weight(self, at, n, still, now):
        """Comma or none, sign, digits, unit, in buf[at:n]."""
        buf = self.buf
        net = buf[at - 1] == 0x54
        if buf[at] == 44:
            at += 1
        minus = buf[at] == 0x2D
        if minus or buf[at] == 0x2B:
            at += 1
        value = self.number(at, n)
        if value < 0:
            return
        unit = self.unit(self.end, n)
        if unit is None:
            return
        if net:
            self.channel.trouble(TARED, now)
        elif not unit:
            self.channel.trouble(UNIT, now)
        else:
            value = grams(value, self.decimals, unit)
            self.channel.show(-value if minus else value, still, now)
