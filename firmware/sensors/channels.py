"""The kinds of channel a board can have, each sampled when it is due.

A channel has: name, kind, value() as an integer (or None), quality(), due (ticks),
sample(now) which measures and sets due, and news: True once something happened
that a reading should tell at once.
"""

import quality
from micropython import const

from sensors import hx711
from sensors.agreement import Agreement
from sensors.ultrasonic import median3
from sensors.weighing import ACTIVE, Weighing

_LOOK_MS = const(1000)
_CONVERSION_MS = const(80)  # HX711 at 10 SPS: from one look to the next
_SILENT_MS = const(1500)  # no conversion for so long: not ready
_FAULTY = const(5)  # bad frames in a row that make a fault
_PING_MS = const(70)
_FILL_MS = const(30000)
_TEMPERATURE_MS = const(60000)
_TEMPERATURE_CONVERT_MS = const(800)  # DS18B20 needs 750 ms at 12 bits


class Weight:
    """A platform on an HX711; value in grams."""

    kind = "weight"
    unit = "kg"

    def __init__(self, name, chip, calibration, e_kg, max_kg, report_kg, idle_ms, hal):
        self.name = name
        # Counts of a load at rest lie within half an e of each other.
        self._chip = Agreement(chip, calibration.counts(e_kg / 2))
        self._diff = hal.ticks_diff
        self._add = hal.ticks_add
        self.calibration = calibration
        self.weighing = Weighing(calibration, e_kg, hal.ticks_diff)
        self._most = calibration.counts(max_kg + 9 * e_kg)  # R 76: nothing shown above Max + 9 e
        self._report = calibration.counts(report_kg)
        self._idle_ms = idle_ms
        self._zero = calibration.zero
        self.due = hal.ticks_ms()
        self._heard = self.due
        self._bad = 0
        self._moved = 0
        self._told = None  # counts last reported as good
        self._fault = quality.GOOD
        self.news = False
        self.frames = 0

    def sample(self, now):
        chip = self._chip
        counts = chip.read(self.weighing.stable)
        if counts is None:
            self._unread(now)
            return
        self._heard = now
        self.frames += 1
        span = counts - self._zero
        if counts >= hx711.SATURATED_HIGH or counts <= hx711.SATURATED_LOW:
            self._fail(quality.SATURATED, now)
            return
        if span > self._most or span < -self._most:
            self._fail(quality.RANGE, now)
            return
        self._bad = 0
        if self._fault:
            self._fault = quality.GOOD
            self.weighing.restart()
        w = self.weighing
        pace = w.feed(counts, now)
        if pace == ACTIVE or chip.held is not None:
            self.due = self._add(now, _CONVERSION_MS)
        else:
            self.due = self._add(now, self._idle_ms - _CONVERSION_MS)
        if w.moved != self._moved:
            self._moved = w.moved
            self.news = True
        elif w.stable:
            told = self._told
            if told is None or not -self._report < w.mean - told < self._report:
                self.news = True

    def _unread(self, now):
        error = self._chip.error
        self.due = self._add(now, _CONVERSION_MS)
        if error == hx711.HELD:
            self._heard = now
        elif error == hx711.NOT_READY:
            if self._diff(now, self._heard) < _SILENT_MS:
                return
            self._bad = _FAULTY
            self._fail(quality.NOT_READY, now)
            self.due = self._add(now, self._idle_ms)
        else:
            self._fail(quality.BAD_FRAME, now)

    def _fail(self, code, now):
        self.due = self._add(now, _CONVERSION_MS)
        self._bad += 1
        if self._bad < _FAULTY:
            return
        if self._fault != code:
            self._fault = code
            self._told = None
            self.news = True

    def settled(self):
        return self.weighing.known or self._fault != quality.GOOD

    def value(self):
        if self._fault or not self.weighing.known:
            return None
        return self.weighing.grams()

    def quality(self):
        if self._fault:
            return self._fault
        if not self.weighing.known:
            return quality.NO_DATA
        return quality.GOOD if self.weighing.stable else quality.MOVING

    def told(self):
        """Called when a reading has been made of what value() says now."""
        self.news = False
        if self.weighing.stable and not self._fault:
            self._told = self.weighing.mean


class Fill:
    """An ultrasonic sensor above the waste; value in permille of the bin."""

    kind = "fill"
    unit = "ratio"
    calibration = None

    def __init__(self, name, sensor, empty_mm, full_mm, report, thermometer, hal):
        self.name = name
        self._sensor = sensor
        self._empty = empty_mm
        self._full = full_mm
        self._report = int(report * 1000)
        self._thermometer = thermometer
        self._add = hal.ticks_add
        self.due = hal.ticks_ms()
        self._pings = [0, 0, 0]
        self._n = 0
        self._lost = 0
        self._value = None
        self._quality = quality.NO_DATA
        self._told = None
        self._doubt = None
        self.news = False

    def sample(self, now):
        t = self._thermometer.value() if self._thermometer else None
        mm = self._sensor.read(2000 if t is None else t)
        if mm is None:
            self._lost += 1
        else:
            self._pings[self._n] = mm
            self._n += 1
        if self._n == 3:
            self._take(median3(self._pings[0], self._pings[1], self._pings[2]))
        elif self._lost == 3:
            self._quality = self._sensor.error
        else:
            self.due = self._add(now, _PING_MS)
            return
        self._n = 0
        self._lost = 0
        self.due = self._add(now, _FILL_MS)

    def _take(self, mm):
        v = (self._empty - mm) * 1000 // (self._empty - self._full)
        v = 0 if v < 0 else 1000 if v > 1000 else v
        self._quality = quality.GOOD
        self._value = v
        if self._told is None or -self._report < v - self._told < self._report:
            self._doubt = None
        elif self._doubt is not None and -self._report < v - self._doubt < self._report:
            self.news = True  # two measurements agree on the change
        else:
            self._doubt = v

    def settled(self):
        return True

    def value(self):
        return self._value

    def quality(self):
        return self._quality

    def told(self):
        self.news = False
        self._told = self._value
        self._doubt = None


class Temperature:
    """A DS18B20 (or the like); value in 0.01 degC. thermometer: start(), read()."""

    kind = "temperature"
    unit = "degC"
    calibration = None
    news = False

    def __init__(self, name, thermometer, hal):
        self.name = name
        self._thermometer = thermometer
        self._add = hal.ticks_add
        self.due = hal.ticks_ms()
        self._value = None
        self._started = False

    def sample(self, now):
        if self._started:
            self._value = self._thermometer.read()
        else:
            self._thermometer.start()
        self._started = not self._started
        wait = _TEMPERATURE_CONVERT_MS if self._started else _TEMPERATURE_MS
        self.due = self._add(now, wait)

    def settled(self):
        return True

    def value(self):
        return self._value

    def quality(self):
        return quality.GOOD if self._value is not None else quality.NO_DATA

    def told(self):
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
        return True

    def value(self):
        return self._value

    def quality(self):
        return quality.GOOD if self._value is not None else quality.NO_DATA

    def told(self):
        self.news = False
