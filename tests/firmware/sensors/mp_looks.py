"""When a platform is looked at: waits of the board take longer than they should."""

from chip import Hx711Chip
from clock import Clock
from sensors import hx711, quality
from sensors.weighing import Calibration
from sensors.weight import Weight

ZERO = 84213
SCALE = 21000.0


class Rig:
    """A load in motion before a modelled chip; each wait takes late(n) ms longer."""

    def __init__(self, late, phase_ms=0):
        self.clock = clock = Clock(1772467200)
        clock.restart()
        clock.us += 1000 * phase_ms
        chip = Hx711Chip(clock, self._load)
        driver = hx711.HX711(clock, chip.sck, chip.dout)
        cal = Calibration("c", "2026-01-05", ZERO, SCALE)
        self.weight = Weight("w1", driver, cal, 0.05, 150, 0.2, 1000, clock)
        self._late = late
        self._n = 0

    def _load(self, us, gain):
        ms = self.clock.ms_at(us)
        return 1 if gain == 0 else int(ZERO + SCALE * (20 + ms // 100 % 97 / 20))

    def play(self, seconds):
        clock, weight = self.clock, self.weight
        end = clock.ms() + 1000 * seconds
        while clock.ms() < end:
            now = clock.ticks_ms()
            if clock.ticks_diff(now, weight.due) >= 0:
                weight.sample(now)
            left = max(0, clock.ticks_diff(weight.due, clock.ticks_ms()))
            self._n += 1
            clock.move_us(1000 * max(1, left + self._late(self._n)))


def test_a_wait_that_takes_longer_loses_no_conversion():
    kinds = [lambda n, ms=ms: ms for ms in range(21)]
    kinds.append(lambda n: n * 7919 % 16)
    kinds.append(lambda n: n * 2654435761 % 21)
    for i, late in enumerate(kinds):
        for phase_ms in (0, 33, 71):
            rig = Rig(late, phase_ms)
            rig.play(30)
            assert rig.weight.frames >= 9 * 30, (i, phase_ms, rig.weight.frames)


def test_a_load_at_rest_is_seen_whatever_the_delay():
    for ms in range(21):
        rig = Rig(lambda n, ms=ms: ms)
        chip = Hx711Chip(rig.clock, still)
        driver = hx711.HX711(rig.clock, chip.sck, chip.dout)
        cal = Calibration("c", "2026-01-05", ZERO, SCALE)
        rig.weight = Weight("w1", driver, cal, 0.05, 150, 0.2, 1000, rig.clock)
        rig.play(15)
        assert rig.weight.weighing.stable
        before = rig.weight.frames
        rig.play(60)
        assert rig.weight.frames - before >= 50, (ms, rig.weight.frames - before)


def still(us, gain):
    return 1 if gain == 0 else ZERO + int(20 * SCALE) + us // 100000 % 7


def test_looks_that_come_too_late_are_told():
    rig = Rig(lambda n: 75)
    rig.play(10)
    assert rig.weight.quality() == quality.BAD_FRAME, (rig.weight.quality(), rig.weight.frames)
    rig._late = lambda n: 0
    rig.play(20)
    assert rig.weight.quality() != quality.BAD_FRAME


def test_how_long_a_load_has_stood_is_not_lost_after_days():
    rig = Rig(lambda n: 0)
    chip = Hx711Chip(rig.clock, still)
    driver = hx711.HX711(rig.clock, chip.sck, chip.dout)
    cal = Calibration("c", "2026-01-05", ZERO, SCALE)
    rig.weight = Weight("w1", driver, cal, 0.05, 150, 0.2, 1000, rig.clock)
    rig.play(20)
    assert rig.weight.weighing.stable
    for _ in range(3 * 24):  # a reading an hour; what lies between is left out
        rig.clock.move_us(3600000000)
        rig.play(3)
        rig.weight.mark_reported()
    since = rig.weight.weighing.since
    stood = rig.clock.ticks_diff(rig.clock.ticks_ms(), since)
    assert 86000000 <= stood <= 86500000, stood
