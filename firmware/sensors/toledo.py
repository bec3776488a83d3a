"""Frames of the Toledo continuous output, which many makers' indicators have.

Source: Mettler Toledo Wildcat technical manual (12/00) p. 6-4, 6-5; Fairbanks FB3000 manual
51146 p. 55. STX, status words A, B, C, six digits as shown, six digits of tare, CR, and where
it is set so a checksum: all bytes together with it are 0 in their seven low bits. The tare is
in the frame, so the gross is known also while net is shown."""

from sensors import quality
from sensors.instrument import TARED, UNIT
from sensors.mass_units import grams


class Format:
    question = None

    def __init__(self, channel, ch):
        self._channel = channel
        channel.checked = ch["checksum"]
        self._size = 18 if channel.checked else 17
        self._buf = bytearray(18)
        self._n = 0
        self._nets = None  # whether net is shown, as two frames said
        self._netted = None

    def restart(self):
        self._n = 0

    def feed(self, raw, n, now):
        buf = self._buf
        i = 0
        while i < n:
            b = raw[i]
            i += 1
            if b == 2 and self._n != 17:  # a checksum may be 2 as well
                buf[0] = b
                self._n = 1
            elif self._n:
                buf[self._n] = b
                self._n += 1
                if self._n == self._size:
                    self._n = 0
                    if self._checked():
                        self._whole(now)
                    elif b == 2:
                        self._n = 1  # the checksum is lost, and the next frame begins

    def _checked(self):
        buf = self._buf
        if buf[16] != 13 or not buf[1] & buf[2] & buf[3] & 0x20 or buf[1] & 0x40:
            return False
        if self._size == 17:
            return True
        x = 0
        i = 0
        while i < 18:
            x += buf[i]
            i += 1
        return not x & 127

    def _whole(self, now):
        buf = self._buf
        b = buf[2]
        if b & 0x44:  # out of range, or no zero since its power came
            self._channel.trouble(quality.NOT_READY if b & 0x40 else quality.SATURATED, now)
            return
        c = buf[3]
        if c & 0x16 or c & 1 and b & 0x10:
            self._channel.trouble(UNIT, now)  # neither kg, lb nor g; or with a digit more
            return
        unit = "g" if c & 1 else "kg" if b & 0x10 else "lb"
        shown = self._field(4, unit)
        tare = self._field(10, unit)
        if shown is None or tare is None:
            self._channel.trouble(quality.SATURATED, now)  # no digits: it shows no weight
            return
        if b & 2:
            shown = -shown
        self._hear_net(b & 1)
        self._channel.show(shown + tare if b & 1 else shown, not b & 8, now)

    def _hear_net(self, net):
        if net == self._netted and net != self._nets:
            if self._nets is not None:
                self._channel.event(TARED)
            self._nets = net
        self._netted = net

    def _field(self, at, unit):
        """Six digits as grams; leading blanks are zeros. None where they are none."""
        buf = self._buf
        value = 0
        blank = True
        i = at
        while i < at + 6:
            digit = buf[i] - 0x30
            if 0 <= digit <= 9:
                blank = False
                value = value * 10 + digit
            elif digit != -0x10 or not blank:
                return None
            i += 1
        if blank:
            return None
        decimals = (buf[1] & 7) - 2
        if decimals < 0:  # one or two zeros that are not sent
            value *= 10 if decimals == -1 else 100
            decimals = 0
        return grams(value, decimals, unit)
