"""An ADS1115 as it is on its bus: config, conversion, a pointer.

Source: Texas Instruments, data sheet SBAS444. Only what single conversions against ground need:
OS, MUX, PGA, MODE, DR; the comparator is off."""

from micropython import const

_DEFAULT = const(0x8583)
_FULL_UV = (6144000, 4096000, 2048000, 1024000, 512000, 256000, 256000, 256000)
_RATES = (8, 16, 32, 64, 128, 250, 475, 860)


class Ads1115Chip:
    """inputs: by their number what gives the voltage there, in V against ground. slow: how much
    longer a conversion takes than the data sheet's typical time (0.9 to 1.1)."""

    def __init__(self, clock, address, slow=1.0):
        self.address = address
        self.inputs = {}
        self._slow = slow
        self._on = True
        self._reset()
        clock.keep(self._later)

    def _reset(self):
        self.config = _DEFAULT
        self.conversion = 0
        self._until = None  # the end of the conversion under way
        self._pointer = 0
        self._at = 0
        self._word = 0

    def _later(self, us):
        if self._until is not None:
            self._until -= us

    def power(self, on):
        self._on = on
        self._reset()

    def begin(self, register, now):
        self._advance(now)
        self._pointer = register & 3
        self._at = 0
        self._word = (self.conversion, self._config())[self._pointer] if self._pointer < 2 else 0
        return self._on

    def _config(self):
        return self.config & 0x7FFF | (0x8000 if self._until is None else 0)

    def _advance(self, now):
        if self._until is not None and now >= self._until:
            self._until = None
            mux = self.config >> 12 & 7
            volts = self.inputs.get(mux - 4)
            uv = 1000000 * (volts() if volts else 0)
            count = round(uv * 32768 / _FULL_UV[self.config >> 9 & 7])
            self.conversion = max(-0x8000, min(0x7FFF, count)) & 0xFFFF

    def get(self, now):
        self._at += 1
        return self._word >> (8 if self._at & 1 else 0) & 255

    def put(self, byte, now):
        self._at += 1
        if self._at == 1:
            self._word = byte << 8
        elif self._at == 2 and self._pointer == 1:
            word = self._word | byte
            self.config = word
            if word & 0x8000 and word & 0x100:
                self._until = now + int(1000000 * self._slow) // _RATES[word >> 5 & 7]
