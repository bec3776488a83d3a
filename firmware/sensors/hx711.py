"""HX711 24-bit load-cell converter, clocked bit by bit.

Source: Avia Semiconductor, HX711 datasheet. DOUT low means a conversion is
ready; 24 pulses on PD_SCK shift it out, most significant bit first, in two's
complement; 1, 2 or 3 further pulses choose channel and gain of the *next*
conversion; SCK high for more than 60 us powers the chip down.
"""

from micropython import const

A128 = const(1)  # channel A, gain 128: number of pulses after the 24 data pulses
B32 = const(2)  # channel B, gain 32
A64 = const(3)  # channel A, gain 64

OK = const(0)
NOT_READY = const(1)  # DOUT stayed high: no conversion within the timeout
BAD_FRAME = const(2)  # a pulse was too long or lost: the bits cannot be trusted
SETTLING = const(3)  # converted with another gain or channel than asked for

SATURATED_HIGH = const(0x7FFFFF)
SATURATED_LOW = const(-0x800000)

_MAX_PULSE_US = const(50)  # the chip resets itself at 60 us; leave a margin


class HX711:
    """One chip. `hal` gives disable_irq, enable_irq, ticks_us, ticks_diff,
    ticks_ms and sleep_ms (the board object does); sck and dout are callables
    in the manner of machine.Pin."""

    def __init__(self, hal, sck, dout, gain=A128):
        self._hal = hal
        self._sck = sck
        self._dout = dout
        self._gain = gain
        self._chip_gain = A128  # what the conversion now under way uses: A128 after power-up
        self.error = OK

    def set_gain(self, gain):
        """Choose A128, B32 or A64; read() passes over the conversion made before."""
        self._gain = gain

    def ready(self):
        """True when a conversion waits to be read."""
        return not self._dout()

    def power_down(self):
        """Hold SCK high: the chip sleeps after 60 us (< 1 uA)."""
        self._sck(0)
        self._sck(1)

    def power_up(self):
        """Wake the chip; the first value needs about 400 ms to settle."""
        self._sck(0)
        self._chip_gain = A128

    def wait(self, timeout_ms):
        """Wait until a conversion is ready; False after timeout_ms."""
        hal = self._hal
        start = hal.ticks_ms()
        while self._dout():
            if hal.ticks_diff(hal.ticks_ms(), start) >= timeout_ms:
                self.error = NOT_READY
                return False
            hal.sleep_ms(1)
        return True

    def read(self):
        """The waiting conversion as a signed count, or None with .error set.

        -1 is a legal count. No allocation: 24-bit counts are small integers.
        """
        if self._dout():
            self.error = NOT_READY
            return None
        hal = self._hal
        sck = self._sck
        dout = self._dout
        value = 0
        slow = False
        n = 24 + self._gain
        i = 0
        while i < n:
            # An interrupt while SCK is high could hold it there past 60 us.
            irq = hal.disable_irq()
            t0 = hal.ticks_us()
            sck(1)
            sck(0)
            t1 = hal.ticks_us()
            hal.enable_irq(irq)
            if hal.ticks_diff(t1, t0) > _MAX_PULSE_US:
                slow = True
            if i < 24:
                value = (value << 1) | dout()
            i += 1
        # The pulses after the data leave DOUT high until the next conversion.
        if slow or not dout():
            self.error = BAD_FRAME
            self._chip_gain = 0  # unknown: the chip may have reset or lost count
            return None
        made_with = self._chip_gain
        self._chip_gain = self._gain
        if made_with != self._gain:
            self.error = SETTLING
            return None
        if value & 0x800000:
            value -= 0x1000000
        self.error = OK
        return value
