"""What the channels of counts.py measure: converters, instruments, thermometers and echo sensors
without their pins."""

from array import array

from i2c_port import I2c
from micropython import const
from serial_scales import CHAR_BITS, decimals

_PERIOD_US = const(100000)
_SETTLE_US = const(400000)
_DOWN_US = const(60)


class Source:
    """The chip of one channel as its pins show it, conversion by conversion."""

    def __init__(self, clock, player, name, path, start_ms, damage):
        self._clock = clock
        self._value = player.value
        self._name = name
        self._start = start_ms
        self._damage = damage
        with open(path, "rb") as f:
            raw = f.read()
        self._counts = array("i", raw)
        self._down = None
        self.begin()
        clock.keep(self._later)

    def _later(self, us):
        self._first -= us
        if self._down is not None:
            self._down -= us

    def begin(self):
        self._first = self._clock.us + _SETTLE_US
        self._read = -1

    def sck(self, level):
        us = self._clock.us
        if level:
            self._down = us
        elif self._down is not None:
            if us - self._down > _DOWN_US:
                self.begin()
            self._down = None

    def dout(self):
        us = self._clock.us - self._first
        if us < 0 or us // _PERIOD_US <= self._read or self._value(self._name) is None:
            return 1
        return 0

    def latch(self):
        number = (self._clock.us - self._first) // _PERIOD_US
        self._read = number
        return self.made(self._first + number * _PERIOD_US)

    def made(self, us):
        """The conversion at us of the clock."""
        ms = self._clock.ms_at(us)
        v = self._counts[(ms - self._start) // 100]
        if self._damage:
            v = self._damage(ms, v)
            v = 0x7FFFFF if v > 0x7FFFFF else -0x800000 if v < -0x800000 else v
            v &= 0xFFFFFF
            if v & 0x800000:
                v -= 0x1000000
        return v


class OnBus(Source):
    """The same for a converter on a bus; gain as of its chip."""

    def __init__(self, clock, *args):
        from nau7802_chip import Nau7802Chip

        self._chip = None
        super().__init__(clock, *args)
        self._chip = Nau7802Chip(clock, self._convert)
        self.bus = I2c(clock)
        self.bus.devices.append(self._chip)

    def begin(self):
        super().begin()
        if self._chip:
            self._chip.power(False)
            self._chip.power(True)

    def _convert(self, us, gain):
        if self._value(self._name) is None:
            return None
        return self.made(us) * gain // 128 if gain else 0


class Instrument:
    """What a channel of the kind modbus or indicator hangs on, with its own division, filter and
    zero at power-on."""

    def __init__(self, clock, player, ch, path, start_ms):
        from serial_port import Uart
        from serial_scales import Scale, device

        self._clock = clock
        self._value = player.value
        self._name = ch["id"]
        self._start = start_ms
        with open(path, "rb") as f:
            self._grams = array("i", f.read())
        self.scale = Scale(clock, self._kg, ch["max_kg"], ch["e_kg"], decimals(ch["e_kg"]))
        self.uart = Uart(clock, device(clock, ch, self.scale), CHAR_BITS * 1000000 // ch["baud"])

    def begin(self):
        self.scale.on = False

    def _kg(self):
        if self._value(self._name) is None:
            return None
        return self._grams[(self._clock.ms() - self._start) // 100] / 1000


class Thermometer:
    def __init__(self, player, name):
        self._player = player
        self._name = name

    def start(self):
        pass

    def read(self):
        c = self._player.value(self._name)
        return None if c is None else int(c * 16) * 100 // 16


class Echo:
    """An echo sensor as its pin shows it."""

    def __init__(self, player, clock, name, temperature, seed):
        from physics import Echo as Model
        from physics import seed_of

        self._model = Model("field", seed_of(seed, name))
        self._player = player
        self._clock = clock
        self._name = name
        self._temperature = temperature

    def pulse(self, timeout_us):
        value = self._player.value
        mm = value(self._name)
        mm = None if mm is None else self._model.distance(self._clock.ms(), mm)
        if mm is None:
            return -2
        c = value(self._temperature)
        us = int(mm * 2000000 / (331300 + 606 * (20 if c is None else c)))
        return us if us < timeout_us else -1
