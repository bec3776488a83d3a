"""The ADS1232 driver on the chip as its pins show it."""

from chip import Ads1232Chip
from clock import Clock
from sensors.ads1232 import ADS1232, of_board
from sensors.frame_filter import FrameFilter

VALUE = 1000001


class Rig:
    """Looks every 80 ms, as a board does."""

    def __init__(self, counts=lambda us, gain: VALUE):
        self.clock = Clock(1772467200)
        self.chip = Ads1232Chip(self.clock, counts)
        self.driver = ADS1232(self.clock, self.chip.sck, self.chip.dout, self.chip.pdwn)
        self.agree = FrameFilter(self.driver, 500)

    def looks(self, n):
        got = []
        for _ in range(n):
            v = self.agree.read()
            if v is not None:
                got.append(v)
            self.clock.move_us(80000)
        return got


def test_every_value_arrives_as_it_was_converted():
    held = [0]
    rig = Rig(lambda us, gain: held[0])
    for v in (0, 1, -1, 0x555555, -0x555555, 0x7FFFFF, -0x800000):
        held[0] = v
        rig.looks(12)
        got = rig.looks(12)
        assert len(got) > 6 and set(got) == {v}, v


def test_a_pulse_too_many_calibrates_and_is_undone_by_a_reset():
    for edges in (0, 2):
        for at in range(1, 26):
            rig = Rig()
            rig.looks(20)
            n = [0]

            def sck(level):
                n[0] += level
                for _ in range(edges if n[0] == at and level else 1):
                    if level:
                        rig.chip.sck(0)
                    rig.chip.sck(level)

            rig.driver._sck = sck
            while not n[0]:
                rig.looks(1)
            rig.driver._sck = rig.chip.sck
            got = rig.looks(60)
            assert len(got) > 30 and all(abs(v - VALUE) <= 500 for v in got), (edges, at, set(got))
            assert got[-1] == VALUE and rig.chip._offset == 0


def test_a_calibration_that_nobody_has_asked_for_is_undone():
    rig = Rig()
    rig.looks(20)
    rig.chip._n = 26  # a disturbance of the line between two looks
    rig.chip._end_frame()
    assert rig.chip._offset
    got = rig.looks(60)
    assert rig.chip._offset == 0 and set(got) == {VALUE} and len(got) > 30


def test_a_supply_that_comes_back_and_a_cable_that_is_off():
    there = [True]
    rig = Rig(lambda us, gain: 77 if there[0] else None)
    rig.looks(20)
    there[0] = False
    assert rig.looks(40)[1:] == []
    there[0] = True
    assert len(rig.looks(30)) > 10
    rig.chip.power(False)
    rig.clock.move_us(300000)
    rig.chip.power(True)
    assert set(rig.looks(40)) == {77}


def test_the_board_gives_three_pins():
    class Board:
        hal = Clock(1772467200)
        out = []

        def pin_out(self, n):
            self.out.append(n)
            return lambda level: None

        def pin_in(self, n):
            return lambda: 1

    of_board(Board(), {"sck": 1, "dout": 2, "pdwn": 3}, {})
    assert Board.out == [1, 3]
