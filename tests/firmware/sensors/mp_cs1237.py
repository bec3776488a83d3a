"""The CS1237 driver on the chip as its pins show it."""

from chip import Cs1237Chip
from clock import Clock
from sensors.cs1237 import CS1237


def rig(counts):
    clock = Clock(1772467200)
    chip = Cs1237Chip(clock, counts)
    return clock, chip, CS1237(clock, chip.sck, chip.dout)


def with_sck(driver, sck):
    """Its pins, with another one for the clock."""
    _, mask, unmask, ticks_us = driver._pins
    return sck, mask, unmask, ticks_us


def test_every_value_arrives_as_it_was_converted():
    held = [0]
    clock, _, driver = rig(lambda us, gain: held[0])
    clock.sleep_ms(400)
    for v in (0, 1, -1, 0x555555, -0x555555, 0x7FFFFE, -0x7FFFFF, 0x7FFFFF, -0x800000):
        held[0] = v
        assert driver.read() == v and driver.error == 0, v
        assert driver.read() is None and driver.error == 1
        clock.sleep_ms(100)


def test_each_clock_that_is_lost_or_added_is_seen_in_the_frame_itself():
    for value in (0x2AAAAA, -1, 0, 1):
        for edges in (0, 2):
            for at in range(1, 27 if edges else 28):
                clock, chip, driver = rig(lambda us, gain: value)
                clock.sleep_ms(400)
                n = [0]

                def sck(level):
                    n[0] += level
                    for _ in range(edges if n[0] == at and level else 1):
                        if level:
                            chip.sck(0)
                        chip.sck(level)

                driver._pins = with_sck(driver, sck)
                assert driver.read() is None and driver.error == 2, (value, edges, at)
                driver._pins = with_sck(driver, chip.sck)
                clock.sleep_ms(100)
                assert driver.read() == value, (value, edges, at)


def test_a_long_pulse_is_no_count():
    clock, chip, driver = rig(lambda us, gain: 5)
    clock.sleep_ms(400)

    def slow(level):
        chip.sck(level)
        if level:
            clock.sleep_us(51)

    driver._pins = with_sck(driver, slow)
    assert driver.read() is None and driver.error == 2


def test_reading_allocates_nothing():
    import micropython

    clock, _, driver = rig(lambda us, gain: -123456)
    clock.sleep_ms(400)
    driver.read()
    clock.sleep_ms(100)
    got = 0
    micropython.heap_lock()
    try:
        got = driver.read()
    finally:
        micropython.heap_unlock()
    assert got == -123456
