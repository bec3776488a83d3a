"""Frames of Yaohua XK3190 indicators (A9, D2+ and their relatives).

Source: XK3190-A9+ manual p. 10 and XK3190-A26 manual p. 12 (serial communication). Continuous
(tF=0), 12 bytes: STX, sign, six digits as shown, number of decimals, two characters of XOR of
the bytes between, ETX; it says neither gross nor net, nor unit, nor rest. On demand (tF=1), 14
bytes: STX, address A to Z, command, then the same; command B is gross, C tare. The XOR of a
frame is sent as two characters, 0 to 9 and A to F."""

from micropython import const

from sensors import quality
from sensors.instrument import TARED
from sensors.mass_units import grams

_TARE_EACH = const(4)  # one question in so many asks for the tare


def _hex(x):
    return x + 0x30 if x < 10 else x + 0x37


class Format:
    def __init__(self, channel, ch):
        self._channel = channel
        self._unit = ch["unit"]
        address = ch.get("address")
        self._address = ord(address) if address else 0
        self._size = 14 if address else 12
        self._buf = bytearray(14)
        self._n = 0  # of the frame under way; 0: no STX yet
        self._turn = 0
        self._tare = None
        self._questions = [self._ask(c) for c in b"BC"] if address else None
        self.question = self._questions[0] if address else None
        if not address:
            channel.netless = True
        channel.unitless = True

    def _ask(self, command):
        x = self._address ^ command
        return bytes((2, self._address, command, _hex(x >> 4), _hex(x & 15), 3))

    def asked(self):
        self._turn = (self._turn + 1) % _TARE_EACH
        self.question = self._questions[self._turn == 0]

    def restart(self):
        self._n = 0

    def feed(self, raw, n, now):
        buf = self._buf
        i = 0
        while i < n:
            b = raw[i]
            i += 1
            if b == 2:  # in no other place of a frame
                self._n = 1
            elif self._n:
                buf[self._n] = b
                self._n += 1
                if self._n == self._size:
                    self._n = 0
                    if b == 3 and self._checked():
                        self._whole(now)

    def _checked(self):
        buf = self._buf
        end = self._size - 3
        x = 0
        i = 1
        while i < end:
            x ^= buf[i]
            i += 1
        return buf[end] == _hex(x >> 4) and buf[end + 1] == _hex(x & 15)

    def _whole(self, now):
        buf = self._buf
        at = self._size - 11  # of the sign
        gross = self._shown(at)
        if at == 3:
            if buf[1] != self._address:
                return
            if buf[2] == 0x43:
                self._hear_tare(gross)
                return
            if buf[2] != 0x42:
                return
        if gross is None:
            self._channel.trouble(quality.SATURATED, now)  # no digits: it shows no weight
        else:
            self._channel.show(gross, True, now)

    def _shown(self, at):
        """Grams from sign, digits and decimals; None where they are none."""
        buf = self._buf
        value = 0
        i = at + 1
        while i < at + 7:
            digit = buf[i] - 0x30
            if not 0 <= digit <= 9:
                return None
            value = value * 10 + digit
            i += 1
        decimals = buf[i] - 0x30
        if not 0 <= decimals <= 4 or buf[at] != 0x2B and buf[at] != 0x2D:
            return None
        value = grams(value, decimals, self._unit)
        return value if buf[at] == 0x2B else -value

    def _hear_tare(self, tare):
        if tare is not None and tare != self._tare:
            if self._tare is not None:
                self._channel.event(TARED)
            self._tare = tare
