"""Thermometers and contacts as channels (see weight for what one has)."""

from micropython import const

from sensors import quality

_LOOK_MS = const(1000)
_TEMPERATURE_MS = const(60000)
_TEMPERATURE_CONVERT_MS = const(800)  # DS18B20 needs 750 ms at 12 bits
_POWER_ON = const(8500)  # DS18B20 data sheet: its register before the first conversion
_NEAR = const(1000)  # 0.01 degC that a minute may change


class Temperature:
    """A DS18B20 (or the like); value in 0.01 degC. thermometer: start(), read()."""

    kind = "temperature"
    unit = "degC"
    calibration = None
    news = False

    def __init__(self, name, thermometer, hal):
        self.name = name
        self._thermometer = thermometer
        self.followers = []  # called with each value
        self._add = hal.ticks_add
        self.due = hal.ticks_ms()
        self._value = None
        self._measured = False
        self._started = False

    def sample(self, now):
        if self._started:
            self._value = self._believed(self._thermometer.read())
            self._measured = True
            for follow in self.followers:
                follow(self._value)
        else:
            self._thermometer.start()
        self._started = not self._started
        wait = _TEMPERATURE_CONVERT_MS if self._started else _TEMPERATURE_MS
        self.due = self._add(now, wait)

    def _believed(self, centi_c):
        """None for 85.00 degC, unless it was nearly as hot before: the sensor lost its supply
        and has converted nothing since."""
        if centi_c == _POWER_ON and (self._value is None or self._value < _POWER_ON - _NEAR):
            return None
        return centi_c

    def settled(self):
        return self._measured

    def value(self):
        return self._value

    def quality(self):
        return quality.GOOD if self._value is not None else quality.NO_DATA

    def mark_reported(self):
        pass


class Contact:
    """A door or lid switch; value 1 while the contact is open. Two looks must agree."""

    kind = "contact"
    unit = ""
    calibration = None

    def __init__(self, name, pin, hal):
        self.name = name
        self._pin = pin
        self._add = hal.ticks_add
        self.due = hal.ticks_ms()
        self._value = None
        self._seen = None
        self.news = False

    def sample(self, now):
        v = self._pin()
        if v == self._seen and v != self._value:
            self.news = self._value is not None
            self._value = v
        self._seen = v
        self.due = self._add(now, _LOOK_MS)

    def settled(self):
        return self._value is not None

    def value(self):
        return self._value

    def quality(self):
        return quality.GOOD if self._value is not None else quality.NO_DATA

    def mark_reported(self):
        self.news = False
