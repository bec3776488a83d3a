"""An ultrasonic sensor above the waste as a channel (see weight for what one has)."""

from micropython import const

from sensors import quality

_PING_MS = const(70)
_FILL_MS = const(30000)


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
        self.ticks_add = hal.ticks_add
        self.due = hal.ticks_ms()
        self._pings = [0, 0, 0]
        self._n = 0
        self._lost = 0
        self.last = None
        self.code = quality.NO_DATA
        self._reported = None
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
            self.take(median3(self._pings[0], self._pings[1], self._pings[2]))
        elif self._lost == 3:
            self.code = self._sensor.error
        else:
            self.due = self.ticks_add(now, _PING_MS)
            return
        self._n = 0
        self._lost = 0
        self.due = self.ticks_add(now, _FILL_MS)

    def take(self, mm):
        v = (self._empty - mm) * 1000 // (self._empty - self._full)
        v = 0 if v < 0 else 1000 if v > 1000 else v
        self.code = quality.GOOD
        self.last = v
        if self._reported is None or -self._report < v - self._reported < self._report:
            self._doubt = None
        elif self._doubt is not None and -self._report < v - self._doubt < self._report:
            self.news = True  # two measurements agree on the change
        else:
            self._doubt = v

    def settled(self):
        return self.code != quality.NO_DATA

    def value(self):
        return self.last

    def quality(self):
        return self.code

    def mark_reported(self):
        self.news = False
        self._reported = self.last
        self._doubt = None


def median3(a, b, c):
    """The middle of three numbers."""
    if a > b:
        a, b = b, a
    return a if c < a else b if c > b else c
