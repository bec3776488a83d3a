"""A fill channel whose level sensor drives a current loop of 4 to 20 mA, over an ADS1115 on I2C
(see agreed_fill).

Source: Texas Instruments, ADS1115 data sheet SBAS444: registers 0 (conversion) and 1 (config), high
byte first; OS written as 1 starts one conversion, and reads 0 while it runs; the rate is right
within 10 %; after a loss of supply config is 0x8583. Currents by NAMUR NE 43: 3.8 to 20.5 mA are a
level, up to 3.6 and from 21 mA on the sensor has failed, or the loop is open or shorted.

I2C has no checksum, and the conversion register keeps what another input left there. So a
conversion counts when config read back says that it runs, then that it has ended, both times with
all else as it was written, and when it is read twice alike. Three of them in a row, within 1 % of
the span, are a level."""

from late import forget
from micropython import const

from sensors import i2c, quality
from sensors.agreed_fill import AgreedFill

_CONFIG = const(1)
_CONVERSION_MS = const(9)  # at 128 a second, within 10 %
_ENDED_MS = const(4)
_LSB_UV = const(125)  # at +-4.096 V
_SOON_MS = const(150)
_LATER_MS = const(500)  # after a fault
_AGAIN_MS = const(30000)
_TRIES_MS = const(2500)
_LOW_UA, _LEAST_UA, _MOST_UA, _HIGH_UA = const(3600), const(3800), const(20500), const(21000)


def of_board(board, report, ch, lines):
    """The channel of a configuration; channels share a bus, and a chip."""
    forget("sensors.converter")  # which made the bus
    return LoopFill(ch, i2c.of(board, ch, lines), report["fill"], board.hal)


class LoopFill(AgreedFill):
    """mm is in microamperes here."""

    within = 160

    def __init__(self, ch, bus, report, hal):
        empty, full = round(1000 * ch["empty_ma"]), round(1000 * ch["full_ma"])
        super().__init__(ch["id"], "4-20ma", empty, full, report, hal)
        self._get = bus.readfrom_mem_into
        self._put = bus.writeto_mem
        self._sleep = hal.sleep_ms
        self._address = ch["address"]
        self._shunt = ch["shunt_ohm"]
        # One conversion of this input against ground, +-4.096 V, 128 a second, no comparator.
        self._how = bytes((0xC3 | ch["input"] << 4, 0x83))
        self._one = bytearray(2)
        self._other = bytearray(2)
        self._begun = None  # when the round under way began

    def sample(self, now):
        if self._begun is None:
            self._begun = now
            self.alike = 0
        self.say(self._level(), now)
        if self.alike >= 3:
            self._begun = None
            wait = _AGAIN_MS if self.mm is not None else _LATER_MS
        elif self.ticks_diff(now, self._begun) >= _TRIES_MS:
            self._begun = None
            self.fail(quality.NO_ECHO)
            wait = _LATER_MS
        else:
            wait = _SOON_MS
        self.due = self.ticks_add(now, wait)

    def _level(self):
        """Microamperes, or minus the quality that stands in their place."""
        try:
            counts = self._convert()
        except OSError:
            return -quality.NOT_READY
        if counts is None:
            return -quality.BAD_FRAME
        ua = counts * _LSB_UV // self._shunt
        if ua <= _LOW_UA:
            return -quality.NOT_READY
        if ua >= _HIGH_UA:
            return -quality.SATURATED
        if not _LEAST_UA <= ua <= _MOST_UA:
            return -quality.RANGE
        return ua

    def _convert(self):
        """One conversion as a signed count; None where it is in doubt."""
        self._put(self._address, _CONFIG, self._how)
        if not self._is(0):
            return None
        self._sleep(_CONVERSION_MS)
        n = 0
        while n < _ENDED_MS and not self._is(0x80):
            self._sleep(1)
            n += 1
        if n == _ENDED_MS:
            return None
        one = self._one
        other = self._other
        self._get(self._address, 0, one)
        self._get(self._address, 0, other)
        if one != other:
            return None
        value = one[0] << 8 | one[1]
        return value - 0x10000 if value & 0x8000 else value

    def _is(self, os):
        """Whether config is as it was written, and OS so: 0 while it converts."""
        self._get(self._address, _CONFIG, self._one)
        return self._one[0] == self._how[0] & 0x7F | os and self._one[1] == self._how[1]
