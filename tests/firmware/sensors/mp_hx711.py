"""The HX711 driver on the chip as its pins show it."""

from chip import Hx711Chip
from clock import Clock
from sensors import hx711


def rig(counts, gain=hx711.A128):
    """A driver on a chip that converts to counts(us, gain)."""
    clock = Clock(1772467200)
    chip = Hx711Chip(clock, counts)
    driver = hx711.HX711(clock, chip.sck, chip.dout, gain)
    return clock, chip, driver


def fixed(value):
    return lambda us, gain: value


def test_every_value_arrives_as_it_was_converted():
    held = [0]
    clock, _, driver = rig(lambda us, gain: held[0])
    clock.sleep_ms(400)
    for v in (0, 1, -1, 2, -2, 0x555555, -0x555555, 0x7FFFFE, -0x7FFFFF, 0x7FFFFF, -0x800000):
        held[0] = v
        assert driver.read() == v, v
        assert driver.error == hx711.OK
        clock.sleep_ms(100)


def test_beyond_24_bits_is_saturated_not_wrapped():
    for v, shown in ((0x900000, hx711.SATURATED_HIGH), (-0x900000, hx711.SATURATED_LOW)):
        clock, _, driver = rig(fixed(v))
        clock.sleep_ms(400)
        assert driver.read() == shown


def test_not_ready_before_settling_and_between_conversions():
    clock, _, driver = rig(fixed(7))
    assert driver.read() is None and driver.error == hx711.NOT_READY
    clock.sleep_ms(399)
    assert not driver.ready()
    clock.sleep_ms(1)
    assert driver.read() == 7
    assert driver.read() is None and driver.error == hx711.NOT_READY
    clock.sleep_ms(100)
    assert driver.read() == 7


def test_wait_is_bounded_when_nothing_is_connected():
    clock, _, driver = rig(fixed(None))
    before = clock.ticks_ms()
    assert not driver.wait(250)
    assert driver.error == hx711.NOT_READY
    assert 250 <= clock.ticks_ms() - before <= 252


def test_gain_is_for_the_next_conversion_and_the_first_is_passed_over():
    clock, _, driver = rig(lambda us, gain: gain)
    clock.sleep_ms(400)
    assert driver.read() == 128
    for constant, gain in ((hx711.B32, 32), (hx711.A64, 64), (hx711.A128, 128)):
        driver.set_gain(constant)
        clock.sleep_ms(500)
        assert driver.read() is None and driver.error == hx711.SETTLING
        clock.sleep_ms(399)
        assert not driver.ready(), "a change of input settles for 400 ms"
        clock.sleep_ms(1)
        assert driver.read() == gain


def test_long_pulse_is_refused_and_so_is_what_follows_with_the_wrong_gain():
    clock, chip, driver = rig(lambda us, gain: 1000 + gain)
    clock.sleep_ms(400)
    pulses = [0]

    def slow(level):
        chip.sck(level)
        if level:
            pulses[0] += 1
            if pulses[0] == 9:
                clock.sleep_us(61)  # an interrupt held SCK high: the chip powers down

    driver._sck = slow
    assert driver.read() is None and driver.error == hx711.BAD_FRAME
    driver._sck = chip.sck
    clock.sleep_ms(500)
    assert driver.read() is None and driver.error == hx711.UNSURE and driver.value == 1128
    clock.sleep_ms(500)
    assert driver.read() == 1128


def test_a_lost_clock_is_noticed():
    for lost in range(1, 26):
        clock, chip, driver = rig(fixed(0x2AAAAA))
        clock.sleep_ms(400)
        n = [0]

        def sck(level):
            if level:
                n[0] += 1
            if n[0] != lost:
                chip.sck(level)

        driver._sck = sck
        assert driver.read() is None and driver.error == hx711.BAD_FRAME, lost


def test_power_down_and_up():
    clock, _, driver = rig(fixed(5))
    clock.sleep_ms(400)
    assert driver.read() == 5
    driver.power_down()
    clock.sleep_us(61)
    clock.sleep_ms(1000)
    assert not driver.ready()
    driver.power_up()
    clock.sleep_ms(399)
    assert not driver.ready()
    clock.sleep_ms(1)
    assert driver.read() == 5


def test_reading_allocates_nothing():
    import micropython

    clock, _, driver = rig(fixed(-123456))
    clock.sleep_ms(400)
    got = 0
    micropython.heap_lock()
    try:
        got = driver.read()
    finally:
        micropython.heap_unlock()
    assert got == -123456
