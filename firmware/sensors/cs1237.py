"""CS1237 24-bit converter for load cells, as it is after power-up: gain 128, 10 a second.

Source: Chipsea, CS1237 data sheet. DRDY/DOUT low when a conversion is ready, 24 bits in two's
complement, then 0 (nothing was written to the register), 0 (reserved) and from the 27th pulse on 1;
SCLK high for 100 us powers it down. The register is at 0x0C after power-up, and nothing is ever
written to it: what has lost its supply converts as before.

The three bits behind the data show each clock that was lost or added, as no HX711 does."""

from micropython import const

from sensors.hx711 import HX711

_OK = const(0)
_NOT_READY = const(1)
_BAD_FRAME = const(2)
_MAX_PULSE_US = const(50)
_TICKS = const(0x3FFFFFFF)
_PERIOD_MS = const(100)
_PULSES = const(27)
_END = const(1)  # of the three bits behind the data


def of_board(board, ch, lines):
    """The converter of a weight channel."""
    return CS1237(board.hal, board.pin_out(ch["sck"]), board.pin_in(ch["dout"]))


class CS1237(HX711):
    """In the manner of HX711."""

    def __init__(self, hal, sck, dout):
        super().__init__(hal, sck, dout)
        self._pins = sck, hal.disable_irq, hal.enable_irq, hal.ticks_us

    def read(self):
        """The waiting conversion as a signed count, or None with .error set."""
        if not self.ready():
            self.error = _NOT_READY
            return None
        sck, mask, unmask, ticks_us = self._pins
        dout = self.dout
        value = 0
        bad = False
        for _ in range(_PULSES):
            irq = mask()
            t0 = ticks_us()
            sck(1)
            sck(0)
            t1 = ticks_us()
            unmask(irq)
            if (t1 - t0) & _TICKS > _MAX_PULSE_US:
                bad = True
            value = value << 1 | dout()
        if not dout():  # a clock was lost: it ends the frame with another one
            irq = mask()
            sck(1)
            sck(0)
            unmask(irq)
        hal = self.hal
        self.end = now = hal.ticks_ms()
        self.age = hal.ticks_diff(now, self.high)
        if dout():
            self.high = now
        self.due = hal.ticks_add(now, _PERIOD_MS)
        self.anew = False
        if bad or value & 7 != _END:
            self.error = _BAD_FRAME
            return None
        value >>= 3
        if value & 0x800000:
            value -= 0x1000000
        self.value = value
        self.error = _OK
        return value
