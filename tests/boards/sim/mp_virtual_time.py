"""The clock in two parts tells what one of unbounded integers would; a chip on it keeps the
places of its conversions."""

import micropython
from chip import Hx711Chip
from clock import SPAN_US, Clock, ShortClock

START = 1772467200
RING = 0x3FFFFFFF
# Far into a span, over its end, over many; a pulse, a look, a night.
MOVES = (1, 789, 80000, 10000, 499999999, 500000000, 12345678, 999999, 36000000000, 3000000)


def reference(zero_us, us):
    """The counters of a board that began at zero_us: ms, us."""
    us -= zero_us
    return us // 1000 & RING, us & RING


def test_ticks_and_time_are_those_of_one_integer():
    for kind in (Clock, ShortClock):
        clock = kind(START + 0.25)
        us = START * 1000000 + 250000
        for restarts in range(3):
            first = clock.ms() * 2654435761
            first = first & RING if kind is Clock else first % (RING - ShortClock.SHORT_MS)
            clock.restart()
            zero = us - 1000 * first - 789
            for i in range(40):
                step = MOVES[(i * 7 + restarts) % len(MOVES)]
                if kind is ShortClock and step > SPAN_US:
                    step = 7777
                clock.sleep_us(3)
                clock.move_us(step)
                us += 3 + step
                assert clock.unix_us() == us and clock.ms() == us // 1000
                assert clock.us < SPAN_US
                told = clock.ticks_ms(), clock.ticks_us() & RING
                assert told == reference(zero, us), (restarts, i)


def test_who_follows_is_asked_no_sooner_and_no_later():
    clock = Clock(START)
    want = [1000 * START + 250, 1000 * START + 600001, None]
    asked = []

    def on_move(ms):
        asked.append(ms)
        while want[0] is not None and want[0] <= ms:
            want.pop(0)
        return want[0]

    clock.follow(on_move)
    for _ in range(700000 // 50):
        clock.move_us(50000)
    spans = [ms for ms in asked if ms % 500000 == 0]
    rest = [ms - 1000 * START for ms in asked if ms not in spans]
    assert rest == [50, 250, 600050] and len(spans) == 1, asked


def test_a_chip_keeps_its_conversions_over_the_end_of_a_span():
    clock = Clock(START)
    made = []

    def convert(us, gain):
        if gain:
            made.append(clock.ms_at(us))
        return 5

    chip = Hx711Chip(clock, convert)
    start = clock.ms() + 400
    for step in (400000,) + 6 * MOVES:
        clock.move_us(step)
        newest = start + (clock.ms() - start) // 100 * 100
        ready = not chip.dout()
        assert ready == (not made or made[-1] < newest)
        if ready:
            for _ in range(25):
                chip.sck(1)
                chip.sck(0)
            assert made[-1] == newest
    # Powered down over more than two spans, then conversions begin anew.
    chip.sck(1)
    clock.move_us(3 * SPAN_US + 20)
    assert chip.dout() == 1
    chip.sck(0)
    clock.move_us(399999)
    assert chip.dout() == 1
    clock.move_us(1)
    assert chip.dout() == 0
    # A frame given up has chosen another input: its conversions count from its last pulse.
    for _ in range(26):
        chip.sck(1)
        chip.sck(0)
    since = clock.unix_us() + 400000
    clock.move_us(7 * SPAN_US + 12345)
    assert chip.dout() == 0 and (clock.unix_us() - since) % 100000 == 12345
    chip.sck(1)
    assert (made[-1] - since // 1000) % 100 == 0
    # Without a supply nothing is converted, however long.
    chip.power(False)
    clock.move_us(9 * SPAN_US)
    assert chip.dout() == 0  # an unpowered chip pulls it down
    chip.power(True)
    assert chip.dout() == 1
    clock.move_us(400000)
    assert chip.dout() == 0


def test_a_move_within_a_span_allocates_nothing():
    clock = Clock(START)
    clock._begin(RING - 100000, 789)  # the counters wrap meanwhile
    clock.move_us(1)
    end = clock.us + 400000000
    micropython.heap_lock()
    try:
        while clock.us < end - 200000000:
            clock.sleep_ms(70000)
            clock.ticks_add(clock.ticks_ms(), 5)
            clock.ticks_us()
    finally:
        micropython.heap_unlock()
    clock.move_us(500000000)
    assert clock.ms() > 1000 * START + 500000
