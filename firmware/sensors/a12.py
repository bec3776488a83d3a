"""Lines like ww0012.34kg of Yaohua XK3190-A12 indicators and their relatives.

Source: descriptions of what such indicators send, second-hand (docs/instruments.md). ww gross,
wn net, wt tare; seven characters of digits with a point, the first of them - below zero; unit;
CR LF. There is no checksum, and a line does not say what is at rest."""

from micropython import const

from sensors.instrument import TARED, UNIT
from sensors.mass_units import grams
from sensors.text_lines import Lines

_LEAST = const(8)


class Format(Lines):
    least = _LEAST

    def __init__(self, channel, ch):
        Lines.__init__(self, channel)
        self._nets = 0  # since the last gross

    def line(self, n, now):
        """Of a line only its end counts: before it may stand what is left of another one."""
        at = n - _LEAST
        while at >= 0:
            which = self.pair(at)
            if which == 0x7777 or which == 0x776E:
                self._weight(at + 2, n, which == 0x7777, now)
                return
            at -= 1

    def _weight(self, at, n, gross, now):
        minus = self.buf[at] == 0x2D
        value = self.number(at + minus, n)
        if value < 0:
            return
        unit = self.unit(self.end, n)
        if unit is None:
            return
        if not gross:
            # Some send each of gross, net and tare in turn.
            self._nets += 1
            if self._nets > 1:
                self.channel.trouble(TARED, now)
            return
        self._nets = 0
        if not unit:
            self.channel.trouble(UNIT, now)
        else:
            value = grams(value, self.decimals, unit)
            self.channel.show(-value if minus else value, True, now)
