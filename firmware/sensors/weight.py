"""A platform on an HX711 as a channel.

A channel has: name, kind, unit, value() as an integer (or None), quality(), due (ticks),
sample(now) which measures and sets due, settled(), mark_reported(), and news: True
once something happened that needs a reading at once."""

from micropython import const

from sensors import quality
from sensors.frame_filter import FrameFilter
from sensors.weighing import ACTIVE, IDLE, Weighing
from sensors.zero import ZeroTracking

_HIGH = const(0x7FFFFF)  # the ends of a 24-bit converter
_LOW = const(-0x800000)
_NOT_READY = const(1)  # of frame_filter
_HELD = const(5)
# HX711 at 10 SPS: from one look to the next, so that a wait may take 20 ms too long. All
# platforms look in the same turn of the loop.
_LOOK_MS = const(70)
_IDLE_LOOK_MS = const(80)
_SILENT_MS = const(1500)  # no conversion for so long: not ready
_STEP_CENTI_C = const(10)  # the compensation follows the temperature in such steps
_FAULTY = const(5)  # bad frames in a row that make a fault
_FROZEN_MS = const(300000)  # the same count for so long: a live converter has noise
_DAY_MS = const(86400000)
_STUCK_MS = const(60000)  # for less than that it may be one old conversion again and again


class Weight:
    """A platform on an HX711; value in grams."""

    kind = "weight"
    unit = "kg"
    thermometer = None  # the channel by whose value it is compensated
    since = None  # the first seq that this calibration has weighed

    def __init__(self, name, chip, calibration, e_kg, max_kg, report_kg, idle_ms, hal):
        self.name = name
        # Counts of a load at rest lie within half an e of each other.
        self._filter = FrameFilter(chip, calibration.counts(e_kg / 2))
        self._diff = hal.ticks_diff
        self._add = hal.ticks_add
        self._ticks = hal.ticks_ms
        self.max_kg = max_kg
        self.e_kg = e_kg
        self._report_kg = report_kg
        self.weighing = Weighing(calibration, e_kg, hal.ticks_diff)
        self._idle_ms = idle_ms
        self._warm = None  # 0.01 degC by which it weighs now
        self.tracking = ZeroTracking(hal.ticks_diff)
        self.calibrate(calibration)
        self.due = hal.ticks_ms()
        self._heard = self.due
        self._bad = 0
        self._held_at = None  # since when counts are read and none is borne out
        self._moved = 0
        self._reported = None  # counts last reported as good
        self._restless = False  # a motion was reported, its end was not
        self._same = None  # the last count, and since when it is that
        self._changed = self.due
        self._fault = quality.GOOD
        self.news = False
        self.frames = 0

    def calibrate(self, calibration):
        """Weigh by another calibration from now on; what is known in counts stays known."""
        calibration.at(self._warm)
        self.calibration = calibration
        self.weighing.calibrate(calibration, self.e_kg)
        self._zero = calibration.zero_now
        # Counts of a load at rest lie within half an e of each other.
        self._filter.window = calibration.counts(self.e_kg / 2)
        # R 76: nothing shown above Max + 9 e
        self._most = calibration.counts(self.max_kg + 9 * self.e_kg)
        self._report = calibration.counts(self._report_kg)
        self._reported = None
        self.tracking.calibrate(calibration, self.e_kg)

    def warm(self, centi_c):
        """Compensate for a temperature (0.01 degC). The thermometer calls this after each
        measurement, which keeps float arithmetic out of sample()."""
        if centi_c is None:
            return  # the sensor fails: the last temperature stays in use
        if self._warm is not None and -_STEP_CENTI_C < centi_c - self._warm < _STEP_CENTI_C:
            return
        self._warm = centi_c
        self.calibration.at(centi_c)
        self.calibration.zero_now += self.tracking.shift
        moved = self.calibration.zero_now - self._zero
        self._zero += moved
        if self._reported is not None:
            self._reported += moved  # a drifting zero is not a change of the load

    def sample(self, now):
        counts = self._filter.read(self.weighing.stable or self._fault)
        if counts is None:
            self._unread(now)
            return
        self._heard = now
        self._held_at = None
        self.frames += 1
        fault = self._shown(counts, now)
        if fault:
            self._fail(fault, now)
            return
        self._bad = 0
        if self._fault:
            self._fault = quality.GOOD
            self.weighing.restart()
            self.tracking.restart()
        if self._pace(counts, now) == ACTIVE or self._filter.held is not None:
            self.due = self._add(now, _LOOK_MS - now % _LOOK_MS)
        else:
            # In step with the other platforms: fewer turns of the loop.
            self.due = self._add(now, self._idle_ms - now % self._idle_ms)
        self._tell(now)

    def _shown(self, counts, now):
        """The fault that this count shows; quality.GOOD where none."""
        if counts >= _HIGH or counts <= _LOW:
            return quality.SATURATED
        if not -self._most <= counts - self._zero <= self._most:
            return quality.RANGE
        if counts != self._same:
            self._same = counts
            self._changed = now
        elif self._fault == quality.FROZEN or self._diff(now, self._changed) > _FROZEN_MS:
            return quality.FROZEN
        return quality.GOOD

    def _pace(self, counts, now):
        """Weigh by this count; how soon the next is wanted."""
        w = self.weighing
        if w.noisy and self._changed != now and self._diff(now, self._changed) < _STUCK_MS:
            # A live converter never repeats a count: this is an old one.
            return IDLE if w.stable else ACTIVE
        return w.feed(counts, now)

    def _tell(self, now):
        """Set news if the stable weight or the motion needs a reading."""
        w = self.weighing
        if w.stable:
            self._track(w.mean, now)
            # The end of a motion is reported even if the load is unchanged: the host then
            # knows how long the motion lasted.
            if self._restless or self._reported is None:
                self.news = True
            elif not -self._report < w.mean - self._reported < self._report:
                self.news = True
        elif w.moved != self._moved:
            self._moved = w.moved
            self.news = True
            self.tracking.restart()

    def _track(self, mean, now):
        """Let the zero follow the drift of the bare platform."""
        step = self.tracking.feed(mean - self._zero, now)
        if step:
            self.calibration.zero_now += step
            self._zero += step
            if self._reported is not None:
                self._reported += step  # a drifting zero is not a change of the load

    def _unread(self, now):
        error = self._filter.error
        self.due = self._add(now, _LOOK_MS - now % _LOOK_MS)
        if error == _HELD:
            self._heard = now
            if self._held_at is None:
                self._held_at = now
                if self.weighing.stable:  # mostly the next conversion is there by then
                    self.due = self._add(now, _IDLE_LOOK_MS)
            elif self._diff(now, self._held_at) > _SILENT_MS:
                self._fail(quality.BAD_FRAME, now)  # the looks come too late to believe any
        elif error == _NOT_READY:
            if self._diff(now, self._heard) < _SILENT_MS:
                return
            self._bad = _FAULTY
            self._fail(quality.NOT_READY, now)
            self.due = self._add(now, self._idle_ms)
        else:
            self._fail(quality.BAD_FRAME, now)

    def _fail(self, code, now):
        self.due = self._add(now, _LOOK_MS - now % _LOOK_MS)
        self._bad += 1
        if self._bad < _FAULTY:
            return
        if self._fault != code:
            self._fault = code
            self._reported = None
            self.news = True
        elif self._filter.held is None:
            self.due = self._add(now, self._idle_ms)  # reading it more often does not help

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

    def mark_reported(self):
        """Take the present value() as reported; call it after each reading."""
        self.news = False
        self._restless = not self.weighing.stable
        w = self.weighing
        if w.stable and not self._fault:
            self._reported = w.mean
            now = self._ticks()
            if self._diff(now, w.since) > _DAY_MS:  # ticks cannot tell more than six days
                w.since = self._add(now, -_DAY_MS)
