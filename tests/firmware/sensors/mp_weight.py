"""A platform as a channel: what becomes news, a frozen converter, the zero of a bare platform."""

from sensors import quality
from clock import Clock
from sensors import hx711
from sensors.weighing import Calibration
from sensors.weight import Weight

ZERO = 84213
SCALE = 21000.0
E = 0.05
REPORT = 0.2
START = 1772467200


class Chip:
    """A conversion every 100 ms of whatever load() says; the driver without its pulses."""

    def __init__(self, clock):
        self._clock = clock
        self._spans = clock.spans
        self.load = lambda ms: ZERO
        self.convert = lambda: self.load(clock.ms())
        self._read = self._number()
        self.error = hx711.OK
        self.anew = False
        self.value = 0
        self.age = 0

    def _number(self):
        """Of the last conversion."""
        clock = self._clock
        return (clock.spans - self._spans) * 5000 + clock.us // 100000

    def ready(self):
        return self._number() > self._read

    def since(self):
        clock = self._clock
        return (clock.spans - self._spans) * 500000 + clock.us // 1000 - 100 * self._read

    def read(self):
        self._read = self._number()
        self.age = 0
        self.value = self.convert()
        return self.value


def noise(ms):
    k = ms // 100
    x = (k * 2654435761 ^ k >> 3) & 0xFFFFFFFF
    x = (x ^ x >> 15) * 0x2C1B3C6D & 0xFFFFFFFF
    return (x >> 9) % 241 - 120


def counts(kg, ms):
    return int(ZERO + kg * SCALE) + noise(ms)


class Rig:
    """Samples when it is due, and notes what is told."""

    def __init__(self):
        self.clock = clock = Clock(START)
        clock.restart()
        self.chip = Chip(clock)
        cal = Calibration("c", "2026-01-05", ZERO, SCALE)
        self.w = Weight("w1", self.chip, cal, E, 150, REPORT, 1000, clock)
        self.told = []  # (ms, grams, quality)
        self.watch = None

    def play(self, seconds, load, every_s=300):
        clock, w = self.clock, self.w
        self.chip.load = load
        end = clock.ms() + 1000 * seconds
        last = clock.ms()
        while clock.ms() < end:
            now = clock.ticks_ms()
            if clock.ticks_diff(now, w.due) >= 0:
                w.sample(now)
                if self.watch:
                    self.watch()
            if w.news or clock.ms() - last >= 1000 * every_s:
                last = clock.ms()
                self.told.append((last, w.value(), w.quality()))
                w.mark_reported()
            # The board's loop turns each 10 ms; turns in which nothing is due are left out.
            idle = min(
                clock.ticks_diff(w.due, clock.ticks_ms()),
                last + 1000 * every_s - clock.ms(),
                end - clock.ms(),
            )
            clock.move_us(10000 * max(1, (idle + 9) // 10))


def still(kg):
    return lambda ms: counts(kg, ms)


def test_a_motion_and_what_came_of_it_are_told():
    r = Rig()
    r.play(20, still(20))
    r.told.clear()
    r.play(3, still(25))
    r.play(20, still(20))
    assert [q for _, _, q in r.told] == [quality.MOVING, quality.GOOD], r.told
    assert abs(r.told[1][1] - 20000) <= 5
    assert r.told[1][0] - r.told[0][0] < 12000


def test_what_was_not_told_is_less_than_the_threshold():
    r = Rig()
    r.play(20, still(20))
    worst = 0

    def watch():
        nonlocal worst
        w = r.w
        if w.weighing.stable and not w.news:
            good = [g for _, g, q in r.told if q == quality.GOOD]
            worst = max(worst, abs(w.value() - good[-1]))

    r.watch = watch
    kg = 20.0
    for i in range(
        60
    ):  # steps of 60 to 190 g, slow rain between them, none as large as the threshold
        kg += 0.06 + 0.13 * (i * 7 % 10) / 10
        r.play(12, still(kg))
        start, base = r.clock.ms(), kg
        r.play(60, lambda ms: counts(base + 0.09 * (ms - start) / 60000, ms), 10000)
        kg += 0.09
    good = [g for _, g, q in r.told if q == quality.GOOD]
    assert worst <= 1000 * REPORT, worst  # in whole grams
    assert abs(good[-1] - 1000 * kg) < 1000 * REPORT, (good[-1], kg)
    # No net mass is lost: the differences of what was told add up to it.
    total = sum(good[i + 1] - good[i] for i in range(len(good) - 1))
    assert abs(total - 1000 * (kg - 20)) < 1000 * REPORT


def test_a_converter_that_stands_still_is_frozen():
    r = Rig()
    r.play(20, still(20))
    r.told.clear()
    stuck = counts(20, 0)
    r.play(290, lambda ms: stuck, 10000)
    assert r.w.quality() == quality.GOOD
    r.play(60, lambda ms: stuck, 10000)
    assert [(g, q) for _, g, q in r.told] == [(None, quality.FROZEN)]
    r.play(86400, lambda ms: stuck, 100000)
    assert r.w.quality() == quality.FROZEN and r.w.value() is None
    r.play(20, still(31))
    assert r.w.quality() == quality.GOOD and abs(r.w.value() - 31000) <= 5


def test_a_count_that_is_only_repeated_moves_no_weight():
    r = Rig()
    r.play(40, still(20))
    r.told.clear()
    odd = counts(19.91, 0)  # within the motion limit
    r.play(16, lambda ms: odd, 10000)
    r.play(20, still(24))
    before, after = [g for _, g, _ in r.told]
    assert abs(before - 20000) <= 12, r.told
    assert abs(after - 24000) <= 5, r.told


def test_no_load_comes_to_rest_on_a_count_that_is_only_repeated():
    r = Rig()
    r.play(20, still(20))
    r.told.clear()
    r.play(1, lambda ms: counts(24.09, ms))  # still ringing
    odd = counts(24.09, 0)
    r.play(12, lambda ms: odd, 10000)
    r.play(20, still(24))
    assert [q for _, _, q in r.told] == [quality.MOVING, quality.GOOD], r.told
    assert abs(r.told[1][1] - 24000) <= 5, r.told


def test_a_load_without_any_noise_comes_to_rest_all_the_same():
    r = Rig()
    for kg in (20, 24):
        r.play(8, lambda ms: int(ZERO + kg * SCALE))
        assert r.w.weighing.stable and abs(r.w.value() - 1000 * kg) <= 1


def test_the_bare_platform_keeps_its_zero():
    r = Rig()
    r.play(20, still(0))
    r.told.clear()
    start = r.clock.ms()
    hours = 4
    drift = lambda ms: counts(0.2 * (ms - start) / (3600000 * hours), ms)  # noqa: E731
    r.play(3600 * hours, drift)
    assert abs(r.w.value()) <= 10, r.w.value()
    assert abs(r.w.tracking.shift - 0.2 * SCALE) <= 250
    # The load put there then is weighed from that zero.
    r.play(20, still(30.2))
    assert abs(r.w.value() - 30000) <= 15


def test_the_zero_waits_while_a_bin_stands_or_is_lifted():
    r = Rig()
    for _ in range(20):
        r.play(400, still(12.5))
        r.play(240, still(0.08))
    assert r.w.tracking.shift == 0
    r.play(3600, still(0.15))  # more than 2 e: something lies there
    assert r.w.tracking.shift == 0


def test_the_zero_is_tracked_so_far_and_no_farther():
    r = Rig()
    r.play(20, still(0))
    start = r.clock.ms()
    r.play(24 * 3600, lambda ms: counts(0.7 * (ms - start) / 86400000, ms), 3600)
    assert r.w.tracking.shift == int(10 * E * SCALE)
    assert abs(r.w.value() - 100) > 60  # beyond its limits it is let alone
    r.w.calibrate(Calibration("d", "2026-01-06", ZERO, SCALE))
    assert r.w.tracking.shift == 0


def test_sampling_allocates_nothing():
    import micropython

    r = Rig()
    r.play(20, still(20))
    chip, w, clock = r.chip, r.w, r.clock
    load = [counts(20, 100 * i) for i in range(40)] + [counts(26, 100 * i) for i in range(100)]
    n = 0

    def fixed():
        return load[n]

    chip.convert = fixed
    micropython.heap_lock()
    try:
        while n < 139:
            clock.move_us(100000)
            w.sample(clock.ticks_ms())
            n += 1
    finally:
        micropython.heap_unlock()
    assert w.weighing.stable and abs(w.value() - 26000) <= 5
