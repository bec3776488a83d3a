"""The NAU7802 driver on the chip as its bus shows it."""

import errno

from clock import Clock
from i2c_port import I2c, Wire
from nau7802_chip import Nau7802Chip
from sensors import quality
from sensors.nau7802 import NAU7802, of_board
from sensors.weighing import Calibration
from sensors.weight import Weight


class Rig:
    def __init__(self, counts, gain=128, sps=10):
        self.clock = Clock(1772467200)
        self.bus = I2c(self.clock)
        self.chip = Nau7802Chip(self.clock, counts)
        self.bus.devices.append(self.chip)
        self.driver = NAU7802(self.clock, self.bus, gain, sps)

    def wait(self, ms=3000):
        """Until a conversion waits; the ms that took, None: none came."""
        start = self.clock.ms()
        while self.clock.ms() - start < ms:
            if self.driver.ready():
                return self.clock.ms() - start
            self.clock.move_us(1000)
        return None


def fixed(value):
    return lambda us, gain: value


def test_every_value_arrives_as_it_was_converted():
    held = [0]
    rig = Rig(lambda us, gain: held[0])
    for v in (0, 1, -1, 0x555555, -0x555555, 0x7FFFFE, -0x7FFFFF, 0x7FFFFF, -0x800000):
        held[0] = v
        assert rig.wait() is not None
        assert rig.driver.read() == v and rig.driver.error == 0, v
    held[0] = 0x900000
    rig.wait()
    assert rig.driver.read() == 0x7FFFFF


def test_gain_and_rate_are_as_asked_for_and_nothing_counts_before_it_has_settled():
    for gain, sps, settles in ((128, 10, 1200), (64, 20, 650), (32, 40, 375), (128, 80, 237)):
        rig = Rig(lambda us, gain: 1000 * gain, gain, sps)
        took = rig.wait()
        assert settles <= took <= settles + 1000 // sps + 70, (sps, took)
        for _ in range(5):
            rig.wait()
            assert rig.driver.read() == 1000 * gain, gain
        start = rig.clock.ms()
        for _ in range(40):
            rig.wait()
            rig.driver.read()
        assert abs(rig.clock.ms() - start - 40000 // sps) < 150, sps


def test_the_offset_calibration_of_the_chip_is_let_alone():
    rig = Rig(fixed(4321))
    rig.wait()
    assert rig.driver.read() == 4321
    assert bytes(rig.chip.registers[3:17]) == b"\0\0\0\0\x80\0\0\0\0\0\0\x80\0\0"


def test_registers_that_were_forgotten_are_noticed_before_the_next_count():
    for at, value in ((1, 0x2C), (1, 0x00), (2, 0x30), (2, 0x80), (0, 0x06), (0, 0x16)):
        rig = Rig(lambda us, gain: 1000 * gain)
        rig.wait()
        assert rig.driver.read() == 128000
        rig.clock.move_us(150000)
        rig.chip.registers[at] = value
        assert not rig.driver.ready() and rig.driver.anew, (at, value)
        assert rig.wait() >= 1000
        assert rig.driver.read() == 128000


def test_a_supply_that_falls_is_set_up_anew_and_told():
    rig = Rig(lambda us, gain: (84213 + us // 100000 % 9) * gain // 128)
    cal = Calibration("c", "2026-01-05", 0, 21000.0)
    w = Weight("w1", rig.driver, cal, 0.05, 150, 0.2, 1000, rig.clock)
    told = set()

    def play(ms):
        end = rig.clock.ms() + ms
        while rig.clock.ms() < end:
            now = rig.clock.ticks_ms()
            if rig.clock.ticks_diff(now, w.due) >= 0:
                w.sample(now)
                told.add((w.quality(), w.value()))
            rig.clock.move_us(10000)

    play(12000)
    assert w.quality() == quality.GOOD and w.value() == 4010
    told.clear()
    rig.chip.power(False)
    rig.chip.power(True)
    play(10000)
    assert {v for _, v in told} <= {None, 4010}, told
    assert w.quality() == quality.GOOD and w.value() == 4010
    rig.chip.power(False)
    play(4000)
    assert w.quality() == quality.NOT_READY and w.value() is None
    rig.chip.power(True)
    play(12000)
    assert w.quality() == quality.GOOD and w.value() == 4010


class Deaf(Wire):
    """Nobody acknowledges, or a line is held."""

    def __init__(self, held):
        self.held = held

    def address(self, address):
        return None


def test_a_dead_bus_costs_little_time_and_is_taken_up_again():
    for held in (False, True):
        rig = Rig(fixed(5))
        rig.wait()
        well = rig.bus.wire
        rig.bus.wire = Deaf(held)
        before = rig.clock.ms()
        looks = waited = 0
        while rig.clock.ms() - before < 10000:
            us = rig.clock.us
            assert not rig.driver.ready()
            waited += rig.clock.us - us
            rig.clock.move_us(70000)
            looks += 1
        assert waited < 1000000, (held, waited)
        rig.bus.wire = well
        assert rig.wait(2000) is not None
        assert rig.driver.read() == 5


def test_a_chip_that_hangs_is_started_anew():
    rig = Rig(fixed(5))
    rig.wait()
    rig.driver.read()
    rig.chip._first = rig.clock.us + 400000000  # no conversion comes any more
    assert rig.wait(900) is None
    assert rig.wait(3000) is not None and rig.driver.read() == 5


def test_a_read_that_fails_is_no_count():
    rig = Rig(fixed(5))
    rig.wait()
    for code in (errno.ENODEV, errno.ETIMEDOUT):

        def fail(*_):
            raise OSError(code)

        get, rig.driver._get = rig.driver._get, fail
        assert rig.driver.read() is None and rig.driver.error == 2
        rig.driver._get = get


def test_another_conversion_between_the_two_reads_is_taken_whole():
    n = [0]

    def counts(us, gain):
        n[0] += 1
        return 0x0000FF if n[0] % 2 else 0xFFFF00 - 0x1000000

    rig = Rig(counts)
    rig.bus.byte_us = 5000  # six bytes take 30 ms: every third pair is parted
    got = []
    for _ in range(60):
        rig.wait()
        got.append(rig.driver.read())
        rig.clock.move_us(7000)
    assert set(got) == {0x0000FF, -0x100}, set(got)


def test_the_bus_is_asked_of_the_board_once():
    class Board:
        hal = Clock(1772467200)
        asked = []

        def __init__(self):
            self.machine = self

        def pin_in(self, n, pull_up):
            return n if pull_up else None

        def I2C(self, n, **how):
            self.asked.append((n, how))
            return I2c(self.hal)

    lines = {}
    ch = {"i2c": 1, "scl": 22, "sda": 21, "gain": 128, "sps": 10}
    of_board(Board(), ch, lines)
    of_board(Board(), ch, lines)
    assert Board.asked == [(1, {"scl": 22, "sda": 21, "freq": 100000, "timeout": 20000})]


def test_a_look_allocates_nothing():
    import micropython

    rig = Rig(fixed(-123456))
    clock = rig.clock
    rig.wait()
    got = 0
    # The bus of the model allocates for its exceptions alone.
    micropython.heap_lock()
    try:
        i = 0
        while i < 100:
            clock.sleep_us(50000)
            if rig.driver.ready():
                got += rig.driver.read() == -123456
            i += 1
    finally:
        micropython.heap_unlock()
    assert got >= 50, got
