"""A fill channel that believes what three measurements in a row say (see fill): what serial_fill
and loop_fill have in common. Integers only; nothing is allocated for a measurement."""

from micropython import const

from sensors import quality
from sensors.fill import Fill, median3

_ROW = const(3)
_NOTHING = const(-1)  # said by no sensor
_TAKE_MS = const(30000)


class AgreedFill(Fill):
    """A sensor calls say() with what it measures, or minus the quality that stands in its place.

    within: so near are two measurements that say the same. agreed counts what counted; mm is the
    last of it, in whatever unit the sensor measures, None while there is none."""

    within = 30

    def __init__(self, name, sensor, empty, full, report, hal):
        super().__init__(name, None, empty, full, report, None, hal)
        self.about = {"sensor": sensor}
        self.ticks_diff = hal.ticks_diff
        self._row = [_NOTHING] * _ROW
        self.alike = 0
        self.mm = None
        self.agreed = 0
        self.counted = self._taken = self.due

    def say(self, what, now):
        row = self._row
        row[0] = row[1]
        row[1] = row[2]
        row[2] = what
        self.alike = self.alike + 1 if self.alike and self._near(what, row[1]) else 1
        if self.alike >= _ROW:
            self.counted = now
            if what > 0:
                self._measured(median3(row[0], row[1], what), now)
            else:
                self.fail(-what)

    def fail(self, code):
        """Nothing counts any more: why, as a quality."""
        self.mm = None
        self.code = code

    def _near(self, a, b):
        if a > 0 < b:
            a -= b
            return -self.within <= a <= self.within
        return a == b

    def _measured(self, mm, now):
        self.agreed += 1
        if self.mm is None or self.ticks_diff(now, self._taken) >= _TAKE_MS:
            self._taken = now
            self.take(mm)
        self.mm = mm

    def value(self):
        return self.last if self.code == quality.GOOD else None
