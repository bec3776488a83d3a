"""An HX711 as its pins show it: clock edges in, data bits out.

Source: HX711 datasheet (Avia Semiconductor). A conversion every 100 ms (RATE low);
DOUT falls when one is ready; 24 data bits shift out on rising edges, most
significant first; pulse 25, 26 or 27 selects A128, B32 or A64 for the next
conversion and leaves DOUT high; SCK high for more than 60 us powers the chip down;
after power-up or a change of input the first output takes 400 ms. With RATE high all of that is
eight times as fast. The HX717 is the same with other gains and a 28th pulse.
"""

from clock import SPAN_US
from micropython import const

_PERIOD_US = const(100000)
_DOWN_US = const(60)
_NEVER = const(1 << 60)
_MASK = const(0xFFFFFF)
HIGH = const(0x7FFFFF)
LOW = const(-0x800000)


class Hx711Chip:
    """convert(us, gain) gives the raw counts of the conversion at us of the clock, at gain
    128, 64 or 32 (32: input B), or None while the chip is not connected; gain 0 only asks
    whether it is. gains: by the number of pulses from 25 on."""

    down_us = _DOWN_US  # SCK high for longer powers it down

    def __init__(self, clock, convert, period_us=_PERIOD_US, gains=(128, 32, 64)):
        self._period = period_us
        self._gains = gains
        self._clock = clock
        self._convert = convert
        self._rise = None  # when SCK rose; None while it is low
        self._last = 0  # when SCK fell last
        self._n = 0  # pulses of the frame under way
        self._word = 0
        self._bit = 1
        self._until = 0  # when a new conversion ends the frame under way; 0: there is none
        self._gain = 128
        self._on = True
        self._begin(clock.us)
        clock.keep(self._later)

    def _later(self, us):
        """The clock counts from so much later. Whole spans that are over are left out:
        conversions keep their places, and integers stay small."""
        self._until = max(self._until - us, 0)
        if self._rise is not None:
            self._rise = max(self._rise - us, -SPAN_US)
        self._last -= us
        if self._last < -SPAN_US:
            self._last %= SPAN_US
            self._last -= SPAN_US
        first = self._first
        if first != _NEVER:
            first -= us
            if first < -SPAN_US:
                gone = -first // SPAN_US
                first += gone * SPAN_US
                self._read = max(self._read - gone * (SPAN_US // self._period), -1)
            self._first = first

    def power(self, on):
        """The supply comes or goes; an unpowered chip pulls DOUT down."""
        if on:
            if self._on:
                return
            self._rise = None
            self._gain = 128
            self._begin(self._clock.us)
        else:
            self._n = self._until = 0
            self._first = _NEVER
        self._on = on

    def _begin(self, us):
        """Conversions start anew at us; the first is out after the settling time."""
        self._first = us + 4 * self._period
        self._read = -1  # number of the conversion read last
        self._n = self._until = 0

    def _ready(self):
        us = self._clock.us
        rise = self._rise
        if rise is not None and us - rise > self.down_us:
            return False  # powered down
        if self._n and us >= self._until:
            self._end_frame()
        if us < self._first:
            return False
        if (us - self._first) // self._period <= self._read:
            return False
        return self._convert(us, 0) is not None

    def _end_frame(self):
        """A new conversion pushes the old one out, however far that was read."""
        n = self._n
        self._n = self._until = 0
        if n > 24:
            gain = self._gains[min(n - 25, len(self._gains) - 1)]
            if gain != self._gain:
                self._gain = gain
                self._begin(self._last)

    def dout(self):
        if self._clock.us < self._until:
            return self._bit
        return 0 if not self._on or self._ready() else 1

    def sck(self, level):
        us = self._clock.us
        rise = self._rise
        if level:
            if rise is not None:
                return
            self._rise = us
            if us < self._until:
                n = self._n
            else:
                if not self._ready():
                    return
                self._latch(us)
                n = 0
            self._n = n + 1
            self._bit = self._word >> (23 - n) & 1 if n < 24 else self._behind(n)
        elif rise is not None:
            self._rise = None
            self._last = us
            if us - rise > self.down_us:
                self._gain = 128
                self._begin(us)

    def _behind(self, n):
        """The bit that pulse n (from 0) behind the data gives."""
        return 1

    def _latch(self, us):
        number = (us - self._first) // self._period
        self._read = number
        made = self._first + number * self._period
        self._until = made + self._period
        v = self._convert(made, self._gain)
        v = HIGH if v > HIGH else LOW if v < LOW else v
        self._word = v & _MASK


class Ads1232Chip(Hx711Chip):
    """An ADS1232 at its pins (data sheet SBAS350): gain by pins; a 26th pulse calibrates the
    offset, which takes eight conversions and moves all that follow, as clones have it; PDWN
    resets it."""

    down_us = _PERIOD_US  # SCK high over the end of a conversion: standby
    CALIBRATED = 980000

    def __init__(self, clock, convert):
        self._offset = 0
        super().__init__(clock, self._moved, _PERIOD_US, (128,))
        self._plain = convert

    def _moved(self, us, gain):
        v = self._plain(us, gain)
        return v + self._offset if gain and v is not None else v

    def pdwn(self, level):
        if not level:
            self._offset = 0
            self._n = self._until = 0
            self._first = _NEVER
        elif self._first == _NEVER and self._on:
            self._begin(self._clock.us)

    def power(self, on):
        if on and not self._on:
            self._offset = 0
        super().power(on)

    def _end_frame(self):
        n = self._n
        super()._end_frame()
        if n > 25:
            self._offset = self.CALIBRATED
            self._begin(self._last)
            self._first += 4 * self._period


class Cs1237Chip(Hx711Chip):
    """A CS1237 at its pins with its register as after power-up: the 25th pulse tells that nothing
    was written to it, the 26th is reserved, from the 27th on DOUT is high. There is one
    input."""

    down_us = 100

    def __init__(self, clock, convert):
        super().__init__(clock, convert, _PERIOD_US, (128,))

    def _behind(self, n):
        return 0 if n < 26 else 1
