"""A level on a current loop as a fill channel: what counts, and loops and buses that fail."""

import gc
import micropython
from ads1115_chip import Ads1115Chip
from clock import Clock
from i2c_port import I2c
from run_channel import PlayedChannel
from sensors import loop_fill, quality

BASE = {"id": "f1", "kind": "loop_fill", "i2c": 0, "scl": 22, "sda": 21, "address": 0x48}
BASE.update({"input": 0, "shunt_ohm": 100, "empty_ma": 4, "full_ma": 20})


class Board:
    def __init__(self, clock, bus):
        self.hal = clock
        self.machine = self
        self._bus = bus

    def I2C(self, n, scl, sda, freq, timeout):
        self._bus.set_up(freq, timeout)
        return self._bus

    def pin_in(self, n, pull_up):
        return n


class Rig(PlayedChannel):
    """One channel; ma is the current of its loop."""

    def __init__(self, slow=1.0, **more):
        clock = Clock(1772467200)
        clock.restart()
        self.ma = 12.0
        ch = dict(BASE)
        ch.update(more)
        self.bus = I2c(clock)
        self.chip = Ads1115Chip(clock, ch["address"], slow)
        self.chip.inputs[ch["input"]] = lambda: self.ma / 1000 * ch["shunt_ohm"]
        self.bus.devices.append(self.chip)
        super().__init__(clock, loop_fill.of_board(Board(clock, self.bus), {"fill": 0.05}, ch, {}))


def test_a_current_is_a_fill():
    for ma, fill in ((4, 0), (3.9, 0), (12, 500), (20, 1000), (20.4, 1000), (8, 250)):
        r = Rig()
        r.ma = ma
        v, q = r.play(1)
        assert q == quality.GOOD and abs(v - fill) <= 1, (ma, v, q)
    r = Rig(empty_ma=20, full_ma=4, shunt_ohm=150, input=3, address=0x4B)
    r.ma = 16.0
    v, q = r.play(1)
    assert q == quality.GOOD and abs(v - 250) <= 1, (v, q)


def test_currents_that_are_no_level():
    for ma, why in (
        (0, quality.NOT_READY),
        (3.5, quality.NOT_READY),
        (3.7, quality.RANGE),
        (20.7, quality.RANGE),
        (21.1, quality.SATURATED),
        (60, quality.SATURATED),
    ):
        r = Rig()
        r.play(1)
        r.ma = ma
        assert r.play(31.5) == (None, why), (ma, r.play(0))
        r.ma = 12.0
        assert r.play(2) == (500, quality.GOOD), ma


def test_a_change_counts_when_two_measurements_agree():
    r = Rig()
    r.play(1)
    r.ch.mark_reported()
    r.ma = 16.0
    r.play(45)
    assert r.told == []
    r.play(31)
    assert r.told == [(750, quality.GOOD)], r.told


def test_a_level_that_jumps_is_none():
    r = Rig()
    n = [0]

    def jumps():
        n[0] += 1
        return (4 + n[0] * 7 % 16) / 10

    r.chip.inputs[0] = jumps
    assert r.play(5) == (None, quality.NO_ECHO)


def test_clocks_within_their_tolerance():
    for slow in (0.9, 1.1):
        assert Rig(slow).play(1) == (500, quality.GOOD), slow
    assert Rig(2.5).play(1)[1] == quality.BAD_FRAME


def test_a_chip_that_is_away_or_fell():
    r = Rig()
    r.play(1)
    r.chip.power(False)
    assert r.play(31.5) == (None, quality.NOT_READY)
    r.chip.power(True)
    assert r.play(2) == (500, quality.GOOD)
    # It fell while it converted: config has its default, and the conversion register is 0.
    get = r.bus.readfrom_mem_into
    falls = [True]

    def fell(address, register, buf):
        if falls[0]:
            r.chip.power(True)
        get(address, register, buf)

    r.ch._get = fell
    assert r.play(31.5) == (None, quality.BAD_FRAME)
    falls[0] = False
    assert r.play(2) == (500, quality.GOOD)


def test_a_bit_lost_in_one_of_two_reads_is_no_level():
    r = Rig()
    get = r.bus.readfrom_mem_into
    n = [0]

    def lost(address, register, buf):
        get(address, register, buf)
        if not register:
            n[0] += 1
            buf[0] ^= 0x10 * (n[0] & 1)

    r.ch._get = lost
    assert r.play(5) == (None, quality.BAD_FRAME)


def test_what_another_input_left_is_no_level():
    r = Rig()
    r.chip.inputs[1] = lambda: 0.8
    r.bus.writeto_mem(0x48, 1, b"\xd3\x83")  # 8 mA at input 1
    r.clock.move_us(20000)
    put = r.bus.writeto_mem

    def lost(address, register, raw):  # the bit that starts a conversion is lost
        put(address, register, bytes((raw[0] & 0x7F, raw[1])))

    r.ch._put = lost
    assert r.play(5) == (None, quality.BAD_FRAME)


def test_sampling_allocates_nothing():
    r = Rig()
    r.play(1)
    ch = r.ch

    class Recorded:
        said = b"\x43\x83\xc3\x83\x25\x80\x25\x80"  # it converts, has ended, 12 mA twice
        at = 0

        def get(self, address, register, buf):
            buf[0] = self.said[self.at]
            buf[1] = self.said[self.at + 1]
            self.at = self.at + 2 & 7

        def put(self, address, register, raw):
            pass

    fake = Recorded()
    fake.at = 0
    ch._get, ch._put = fake.get, fake.put
    now = ch.due
    agreed = ch.agreed
    gc.collect()
    micropython.heap_lock()
    try:
        for _ in range(300):
            now = r.clock.ticks_add(now, 150)
            ch.sample(now)
    finally:
        micropython.heap_unlock()
    assert ch.agreed == agreed + 100 and ch.quality() == quality.GOOD


def test_the_birth_says_what_it_is():
    from net import birth

    assert birth._describe(Rig().ch) == {"kind": "fill", "unit": "ratio", "sensor": "4-20ma"}
