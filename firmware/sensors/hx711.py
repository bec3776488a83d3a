"""HX711 24-bit load-cell converter, clocked bit by bit.

Source: Avia Semiconductor, HX711 datasheet. DOUT low means a conversion is
ready; 24 pulses on PD_SCK shift it out, most significant bit first, in two's
complement; 1, 2 or 3 further pulses choose channel and gain of the *next*
conversion; SCK high for more than 60 us powers the chip down. Conversions come
every 100 ms, after power-up or a change of input 400 ms later.

One frame alone cannot tell everything: see frame_filter.py, which decides
which frames to believe.
"""

from micropython import const

A128 = const(1)  # channel A, gain 128: number of pulses after the 24 data pulses
B32 = const(2)  # channel B, gain 32
A64 = const(3)  # channel A, gain 64

OK = const(0)
NOT_READY = const(1)  # DOUT stayed high: no conversion within the timeout
BAD_FRAME = const(2)  # a pulse was too long or lost: the bits cannot be trusted
SETTLING = const(3)  # converted with another gain or channel than asked for
UNSURE = const(4)  # perhaps so: the count is in .value
HELD = const(5)  # of frame_filter: the next conversion decides

SATURATED_HIGH = const(0x7FFFFF)
SATURATED_LOW = const(-0x800000)

# The chip resets itself at 60 us; leave a margin. A pulse of 51 us or more, and so much, has a
# bit of 64 or above.
_MAX_PULSE_US = const(50)
_TO_64_US = const(64 - 1 - _MAX_PULSE_US)
_TICKS = const(0x3FFFFFFF)  # ticks wrap here at the latest: their difference, without a call
_PERIOD_MS = const(100)
_SETTLE_MS = const(400)
_LATE_MS = const(50)  # no conversion so long after it was due: the chip began anew
_EARLY_MS = const(150)
_SILENT_MS = const(1000)  # and so long: it may hang, and is started anew
_DOWN_US = const(100)


class HX711:
    """One chip. `hal` gives disable_irq, enable_irq, ticks_us, ticks_diff,
    ticks_ms, ticks_add and sleep_ms (the board object does); sck and dout are
    callables in the manner of machine.Pin.

    .age is for how long (ms) DOUT had not been seen high when the last frame ended: less
    than a conversion takes, and no other conversion ended within the frame. .anew is
    True when the conversions began anew since: a power-up, or a pulse too many or too
    few chose another input."""

    def __init__(self, hal, sck, dout, gain=A128):
        self.hal = hal
        # Bound once: a method looked up in the loop would be an allocation.
        self._mask = hal.disable_irq
        self._unmask = hal.enable_irq
        self._ticks_us = hal.ticks_us
        self._diff = hal.ticks_diff
        self._sck = sck
        self.dout = dout
        self._gain = gain
        self.made = A128  # what the conversion now under way uses: A128 after power-up
        self.high = hal.ticks_ms()  # when DOUT was last seen high
        self.end = self.high  # of the last frame
        self.due = hal.ticks_add(self.high, _SETTLE_MS)  # of the next conversion, at the latest
        self.value = 0
        self.age = 0
        self.anew = False
        self.error = OK

    def set_gain(self, gain):
        """Choose A128, B32 or A64; read() passes over the conversion made before."""
        self._gain = gain

    def ready(self):
        """True when a conversion waits to be read."""
        if not self.dout():
            return True
        hal = self.hal
        self.high = now = hal.ticks_ms()
        late = hal.ticks_diff(now, self.due)
        if late > _LATE_MS:
            self.anew = True
            if late > _SILENT_MS:
                self.power_down()
                hal.sleep_us(_DOWN_US)
                self.power_up()
            self.made = 0  # unknown
        return False

    def since(self):
        """Milliseconds since the last frame ended."""
        return self._diff(self.hal.ticks_ms(), self.end)

    def power_down(self):
        """Hold SCK high: the chip sleeps after 60 us (< 1 uA)."""
        self._sck(0)
        self._sck(1)

    def power_up(self):
        """Wake the chip; the first value needs about 400 ms to settle."""
        self._sck(0)
        self.made = A128
        hal = self.hal
        self.due = hal.ticks_add(hal.ticks_ms(), _SETTLE_MS)

    def wait(self, timeout_ms):
        """Wait until a conversion is ready; False after timeout_ms."""
        hal = self.hal
        start = hal.ticks_ms()
        while not self.ready():
            if hal.ticks_diff(hal.ticks_ms(), start) >= timeout_ms:
                self.error = NOT_READY
                return False
            hal.sleep_ms(1)
        return True

    def read(self):
        """The waiting conversion as a signed count, or None with .error set.

        -1 is a legal count. No allocation: 24-bit counts are small integers.
        """
        if not self.ready():
            self.error = NOT_READY
            return None
        hal = self.hal
        mask = self._mask
        unmask = self._unmask
        ticks_us = self._ticks_us
        diff = self._diff
        sck = self._sck
        dout = self.dout
        value = 0
        lengths = 0  # the bits of all pulse lengths
        bad = False
        n = 24
        while n:
            # An interrupt while SCK is high could hold it there past 60 us. No branch while
            # it is masked: at one the interpreter may let another thread run.
            irq = mask()
            t0 = ticks_us()
            sck(1)
            sck(0)
            t1 = ticks_us()
            unmask(irq)
            lengths |= t1 - t0 + _TO_64_US
            value += value + dout()
            n -= 1
        n = self._gain
        while n:
            irq = mask()
            t0 = ticks_us()
            sck(1)
            sck(0)
            t1 = ticks_us()
            unmask(irq)
            lengths |= t1 - t0 + _TO_64_US
            n -= 1
            # The pulses after the data leave DOUT high until the next conversion. If
            # it is low one was lost: give it, so that the chip ends this frame.
            if not n and not bad and lengths & _TICKS < 64 and not dout():
                bad = True
                n = 1
        bad = bad or lengths & _TICKS >= 64
        self.end = now = hal.ticks_ms()
        if diff(self.due, now) > _EARLY_MS:
            self.made = 0  # too early after a change of input: it did not come about
        self.age = diff(now, self.high)
        if dout():
            self.high = now
        made_with = self.made
        settles = bad or (made_with and made_with != self._gain)
        self.due = hal.ticks_add(now, _SETTLE_MS if settles else _PERIOD_MS)
        self.anew = False
        if bad:
            self.error = BAD_FRAME
            self.made = 0  # unknown: the chip may have reset or lost count
            return None
        self.made = self._gain
        if value & 0x800000:
            value -= 0x1000000
        self.value = value
        if made_with != self._gain:
            self.error = SETTLING if made_with else UNSURE
            return None
        self.error = OK
        return value
