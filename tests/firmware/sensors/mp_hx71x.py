"""HX711 at 80 conversions a second, and HX717, on the chip as its pins show it."""

from chip import Hx711Chip
from clock import Clock
from sensors.frame_filter import FrameFilter
from sensors.hx71x import Fast, of_board

HX717 = (128, 64, 64, 8)


class Rig:
    """Looks every 70 ms, as a board does."""

    def __init__(self, counts, pulses=1, sps=80, gains=(128, 32, 64)):
        self.clock = Clock(1772467200)
        self.chip = Hx711Chip(self.clock, counts, 1000000 // sps, gains)
        self.driver = Fast(self.clock, self.chip.sck, self.chip.dout, pulses, sps)
        self.agree = FrameFilter(self.driver, 500)
        self.longest = 0

    def looks(self, n):
        got = []
        for _ in range(n):
            us = self.clock.us
            v = self.agree.read()
            self.longest = max(self.longest, self.clock.us - us)
            if v is not None:
                got.append(v)
            self.clock.move_us(70000)
        return got


def test_each_look_gives_a_count_and_takes_no_longer_than_a_conversion():
    for sps in (20, 80, 320):
        rig = Rig(lambda us, gain: 1000 * gain + us // 100000 % 9, 1, sps, HX717)
        got = rig.looks(60)
        assert len(got) > 50 and {v // 1000 for v in got} == {128}, (sps, len(got))
        assert rig.longest < 1140000 // sps + 1000, (sps, rig.longest)


def test_gains_are_chosen_by_pulses():
    for pulses, gains, gain in ((3, HX717, 64), (2, (128, 32, 64), 32), (3, (128, 32, 64), 64)):
        rig = Rig(lambda us, g: 1000 * g, pulses, 80, gains)
        got = rig.looks(30)
        assert len(got) > 20 and set(got) == {1000 * gain}, (pulses, set(got))


def test_a_pulse_too_many_or_too_few_is_no_count():
    for edges in (0, 2):
        for at in range(1, 51):
            rig = Rig(lambda us, gain: {0: 0, 128: 1000001, 64: 500001, 32: -40001}[gain])
            rig.looks(10)
            n = [0]

            def sck(level):
                n[0] += level
                for _ in range(edges if n[0] == at and level else 1):
                    if level:
                        rig.chip.sck(0)
                    rig.chip.sck(level)

            rig.driver._sck = sck
            got = rig.looks(1)
            rig.driver._sck = rig.chip.sck
            got += rig.looks(30)
            assert got and all(abs(v - 1000001) <= 500 for v in got), (edges, at, set(got))
            assert len(got) > 20


def test_a_cable_that_comes_off_and_a_chip_that_starts_anew():
    there = [True]
    rig = Rig(lambda us, gain: 77 if there[0] else None)
    rig.looks(10)
    there[0] = False
    assert rig.looks(20)[1:] == [] and rig.longest < 15000
    there[0] = True
    assert len(rig.looks(20)) > 10
    rig.chip.power(False)
    rig.chip.power(True)
    assert len(rig.looks(20)) > 10


def test_the_board_takes_the_plain_driver_at_ten_a_second():
    class Board:
        hal = Clock(1772467200)

        def pin_out(self, n):
            return lambda level: None

        def pin_in(self, n):
            return lambda: 1

    ch = {"sck": 1, "dout": 2, "gain": 64, "sps": 10}
    assert type(of_board(Board(), ch, {})).__name__ == "HX711"
    assert type(of_board(Board(), dict(ch, sps=80), {})).__name__ == "Fast"


def test_a_look_allocates_nothing():
    import micropython

    rig = Rig(lambda us, gain: -123456)
    rig.looks(3)
    got = 0
    micropython.heap_lock()
    try:
        i = 0
        while i < 50:
            rig.clock.sleep_us(70000)
            got += rig.agree.read() == -123456
            i += 1
    finally:
        micropython.heap_unlock()
    assert got > 40, got
