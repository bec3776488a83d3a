"""NAU7802 24-bit converter for load cells, on I2C.

Source: Nuvoton, NAU7802 data sheet V1.7. One address, 0x2A (8.3.2); after a reset and PUD it is
ready within 200 us (9.1); no conversion before CS (9.1); analog part and regulator settle in
5 conversions and 100 ms (7.3), the filter in six more (8.8); CR tells of a new conversion, and
its three bytes are latched when register 0x12 is addressed (11.1, 11.9). A loss of supply leaves
every register at its default: gain 1, and no conversions.

I2C has no checksum. So a conversion is read twice and counts if both are the same; and with
each look come the registers that say how it was made: frame_filter gives a count only when the
look after it has found them as they were. A chip that has forgotten one thing is set up anew.

The chip's own offset calibration (8.6) is left out: each run of it gives another offset, by
tens of grams, and the zero of the platform would move with every start. The offset is part of
that zero. frame_filter decides which conversions to believe, as for an HX711."""

from micropython import const

from sensors import i2c

_ADDRESS = const(0x2A)
_ENODEV = const(19)
_OK = const(0)  # as hx711 tells them
_BAD_FRAME = const(2)
_CR = const(0x20)
_ON = const(0x9E)  # AVDDS, CS, PUR, PUA, PUD: regulator, conversions, ready, analog, digital
_FORGOTTEN = const(-2)  # registers are not as they were set
_DEAF = const(-1)
_AFTER_MS = const(300)  # so long is a bus let alone that failed
_SILENT_MS = const(1000)  # no conversion for so long: it may hang, and is started anew
_SETTLE = const(12)  # conversions after a start (5 and 6, and the one under way), and
_SETTLE_MS = const(100)
_RESET = b"\x01"
_DIGITAL = b"\x02"
_START = b"\x96"
_CHOPPER_OFF = b"\x30"  # REG_CHPS, as 9.1 has it
_FILTER = b"\x80"  # PGA_CAP_EN: the capacitor at input 2 of the common boards (9.4)
_RATES = {10: 0x00, 20: 0x10, 40: 0x20, 80: 0x30}


def of_board(board, ch, lines):
    """The converter of a weight channel."""
    return NAU7802(board.hal, i2c.of(board, ch, lines), ch["gain"], ch["sps"])


class NAU7802:
    """In the manner of HX711: ready(), read(), and .error, .value, .age, .anew.

    .age is always 0: what was read twice alike is one conversion. gain: 1 to 128, a power of
    two; sps: 10, 20, 40 or 80 conversions a second."""

    age = 0

    def __init__(self, hal, bus, gain, sps):
        self._hal = hal
        self._diff = hal.ticks_diff
        self._get = bus.readfrom_mem_into
        self._put = bus.writeto_mem
        code = 0
        while gain >> code > 1:
            code += 1
        # 3.0 V for the cells (VLDO 101), which a supply of 3.3 V can give.
        self._how = bytes((0x28 | code, _RATES[sps]))
        self._settle_ms = _SETTLE * 1000 // sps + _SETTLE_MS
        self._head = bytearray(3)
        self._one = bytearray(3)
        self._other = bytearray(3)
        self._set = False  # it was set up
        self._due = hal.ticks_ms()  # let alone until then
        self._heard = self._due  # of the last conversion
        self.value = 0
        self.anew = True
        self.error = _OK

    def ready(self):
        """True when a conversion waits to be read."""
        now = self._hal.ticks_ms()
        if self._diff(self._due, now) > 0:
            return False
        self._due = now  # ticks cannot tell more than six days
        if not self._set:
            self._start(now)
            return False
        status = self._status()
        if status > 0:
            self._heard = now
            return True
        if status == _DEAF:
            self._due = self._hal.ticks_add(now, _AFTER_MS)
        elif status == _FORGOTTEN or self._diff(now, self._heard) > _SILENT_MS:
            self._set = False
            self._start(now)
        return False

    def read(self):
        """The conversion that ready() has told of as a signed count, or None with .error set."""
        self.error = _BAD_FRAME
        one = self._one
        other = self._other
        try:
            self._get(_ADDRESS, 0x12, one)
            self._get(_ADDRESS, 0x12, other)
            if one != other:  # a bit was lost, or another conversion has come between
                head = self._head
                self._get(_ADDRESS, 0x12, head)
                if head == other:
                    one = other
                elif head != one:
                    return None
            value = one[0] << 16 | one[1] << 8 | one[2]
        except OSError:
            return None
        if value & 0x800000:
            value -= 0x1000000
        self.value = value
        self.anew = False
        self.error = _OK
        return value

    def _status(self):
        """_CR for a new conversion, 0 for none, below 0 where it cannot be told. Registers are
        forgotten when they say so twice in the same way: once it may be noise."""
        head = self._head
        how = self._how
        before = -1
        n = 0
        while n < 3:
            n += 1
            try:
                self._get(_ADDRESS, 0, head)
            except OSError as e:
                if e.errno != _ENODEV:
                    break  # a line is held: another try takes as long
                continue
            if head[0] & ~_CR == _ON and head[1] == how[0] and head[2] == how[1]:
                return head[0] & _CR
            said = head[0] << 16 | head[1] << 8 | head[2]
            if said == before:
                return _FORGOTTEN
            before = said
        return _DEAF

    def _start(self, now):
        """Reset and set up; what it converts counts from when it has settled."""
        self.anew = True
        settled = False
        try:
            settled = self._set_up()
        except OSError:
            pass
        self._set = settled
        self._due = self._hal.ticks_add(now, self._settle_ms if settled else _AFTER_MS)
        self._heard = self._due

    def _set_up(self):
        """True when all of its registers are as they should be."""
        put = self._put
        how = self._how
        put(_ADDRESS, 0, _RESET)
        put(_ADDRESS, 0, _DIGITAL)
        self._hal.sleep_us(400)
        put(_ADDRESS, 1, how)
        put(_ADDRESS, 0x15, _CHOPPER_OFF)
        put(_ADDRESS, 0x1C, _FILTER)
        put(_ADDRESS, 0, _START)
        # A write that was damaged may have gone elsewhere: to the chip's own calibration, which
        # stays at 0 and 1, or to the temperature sensor as its input.
        rest = bytearray(18)
        self._get(_ADDRESS, 0, rest)
        as_set = b"\x9e" + how + b"\0\0\0\0\x80\0\0\0\0\0\0\x80\0\0\0"
        rest[0] &= 0xFF ^ _CR
        if rest != as_set:
            return False
        rest = bytearray(2)
        self._get(_ADDRESS, 0x1B, rest)
        return rest == b"\0" + _FILTER
