"""A NAU7802 as it is on its bus: registers, a pointer, a conversion now and then.

Source: Nuvoton, NAU7802 data sheet V1.7. Registers and their defaults (10, 11); the pointer goes
on by itself (8.3.3); RR holds them at their defaults, PUD makes PUR 1 after 200 us (9.1);
conversions while PUD, PUA and CS are 1 (9.1), right when the analog part (7.3: five and 100 ms)
and the filter (8.8: six) have settled; CR is 1 from the end of one until it is read, and
addressing 0x12 latches its three bytes (11.9). Counts are gain calibration times (conversion -
offset calibration) (8.6.1)."""

from micropython import const

_PUR_US = const(200)
_ANALOG_US = const(100000)
_SETTLE = const(11)
_HIGH = const(0x7FFFFF)
_LOW = const(-0x800000)
_RATES = (10, 20, 40, 80, 10, 10, 10, 320)
_WRITABLE = {0: 0xD7, 1: 0xFF, 2: 0xF7, 0x12: 0, 0x13: 0, 0x14: 0, 0x1F: 0}


class Nau7802Chip:
    """convert(us, gain) gives the raw counts of the conversion at us of the clock at that gain,
    or None while the chip is not connected; gain 0 only asks whether it is."""

    address = 0x2A

    def __init__(self, clock, convert):
        self._convert = convert
        self._clock = clock
        self._on = True
        self._at = 0
        self._reset()
        clock.keep(self._later)

    def _later(self, us):
        if self._first is not None:
            self._first -= us
            gone = -self._first // 500000000
            if gone > 0:  # whole spans: conversions keep their places, integers stay small
                self._first += gone * 500000000
                self._read = max(self._read - gone * (500000000 // self._period), -1)
        self._digital = max(self._digital - us, -500000000)
        self._settled = max(self._settled - us, -500000000)

    def _reset(self):
        self.registers = bytearray(32)
        self.registers[7] = self.registers[0x0E] = 0x80
        self.registers[0x1F] = 0x0F
        self._digital = 0  # when PUD was set
        self._first = None  # the end of the first conversion; None: it does not convert
        self._settled = 0
        self._period = 100000
        self._read = -1  # number of the conversion read last
        self._latched = 0

    def power(self, on):
        """The supply comes or goes, or falls for a moment: all is as after a reset."""
        self._on = on
        self._reset()

    def begin(self, register, us):
        self._at = register & 0x1F
        if self._convert(us, 0) is None:
            self._reset()  # it has no supply either
            return False
        if self._on and self._at == 0x12:
            self._latch(us)
        return self._on

    def get(self, us):
        at = self._at
        self._at = (at + 1) & 0x1F
        if not self._on:
            return 0xFF
        if at == 0:
            return self.registers[0] | self._pur(us) | (0x20 if self._ready(us) else 0)
        if 0x12 <= at <= 0x14:
            return self._latched >> 8 * (0x14 - at) & 0xFF
        return self.registers[at]

    def put(self, byte, us):
        at = self._at
        self._at = (at + 1) & 0x1F
        if not self._on:
            return
        registers = self.registers
        before = registers[0]
        mask = _WRITABLE.get(at, 0xFF)
        registers[at] = byte & mask
        if at == 0:
            if byte & 1:
                self._reset()
                registers = self.registers
                registers[0] = 1
            elif byte & 2 and not before & 2:
                self._digital = us
        if at <= 2 and (at or registers[0] != before):
            # What it converts with has changed: settling begins anew.
            running = registers[0] & 0x17 == 0x16
            self._period = 1000000 // _RATES[registers[2] >> 4 & 7]
            self._first = us + self._period if running else None
            self._settled = us + _ANALOG_US + _SETTLE * self._period
            self._read = -1

    def _pur(self, us):
        return 8 if self.registers[0] & 2 and us - self._digital >= _PUR_US else 0

    def _number(self, us):
        """Of the last conversion; -1: none yet."""
        if self._first is None or us < self._first:
            return -1
        return (us - self._first) // self._period

    def _ready(self, us):
        return self._number(us) > self._read

    def _latch(self, us):
        n = self._number(us)
        if n < 0 or n == self._read:
            return  # the registers keep what they have
        self._read = n
        made = self._first + n * self._period
        gain = 1 << (self.registers[1] & 7)
        v = self._convert(made, gain)
        if self.registers[0x11] & 2:
            v = 2000000  # the temperature sensor
        elif not self.registers[0] & 0x80:
            v = 0  # no excitation
        elif made < self._settled:
            v = v * max(0, n) // (_SETTLE + 2)
        v -= _signed(self.registers, 3)
        scale = self.registers[6] << 24 | self.registers[7] << 16 | self.registers[8] << 8
        if scale != 0x800000:
            v = v * (scale | self.registers[9]) // 0x800000
        self._latched = min(max(v, _LOW), _HIGH) & 0xFFFFFF


def _signed(registers, at):
    v = registers[at] << 16 | registers[at + 1] << 8 | registers[at + 2]
    return v - 0x1000000 if v & 0x800000 else v
