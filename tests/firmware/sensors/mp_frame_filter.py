"""Which frames are believed: driver, agreement and channel on the chip at its pins."""

from sensors import quality
from chip import Hx711Chip
from clock import Clock
from sensors import hx711
from sensors.frame_filter import FrameFilter
from sensors.weight import Weight
from sensors.weighing import Calibration

WINDOW = 500
ZERO = 84213
SCALE = 21000.0
E_KG = 0.05


def noise(i):
    return (i * 7919 + 104729 * (i // 3)) % 301 - 150


class Rig:
    """A chip whose conversions are counts(number, gain), looked at every 80 ms. When
    `fault(pulse)` says so, the chip sees as many edges as it returns instead of one."""

    def __init__(self, counts, gain=hx711.A128):
        self.clock = Clock(1772467200)
        start = self.clock.ms() + 400
        self.numbers = []  # of the conversions clocked out

        def convert(us, gain):
            n = (self.clock.ms_at(us) - start) // 100
            if gain:
                self.numbers.append(n)
            return counts(n, gain)

        self.chip = Hx711Chip(self.clock, convert)
        self.pulse = 0
        self.fault = None
        self.driver = hx711.HX711(self.clock, self.sck, self.chip.dout, gain)
        self.agree = FrameFilter(self.driver, WINDOW)

    def sck(self, level):
        self.pulse += level
        edges = self.fault(self.pulse) if self.fault else 1
        for _ in range(edges if level else 1):
            if level:
                self.chip.sck(0)
            self.chip.sck(level)

    def look(self, sparing=False):
        """One look; fault() counts the pulses of one frame from 1."""
        self.pulse = 0
        v = self.agree.read(sparing)
        self.clock.sleep_ms(80)
        return v

    def looks(self, ms, sparing=False):
        """Every count given in so many milliseconds."""
        out = []
        end = self.clock.ms() + ms
        while self.clock.ms() < end:
            v = self.look(sparing)
            if v is not None:
                out.append(v)
        return out


def steady(n, gain):
    return 100000 + noise(n)


def test_each_count_is_given_once_and_in_order():
    rig = Rig(steady)
    got = rig.looks(20400)
    assert rig.numbers == list(range(len(rig.numbers))) and len(got) == len(rig.numbers) - 1
    assert got == [steady(n, 128) for n in range(len(got))]
    assert rig.agree.dropped == 0


def test_a_step_loses_nothing_and_comes_at_most_one_conversion_late():
    for step in (501, 700, 999, 1001, 50000, -50000, 3000000):

        def counts(n, gain, step=step):
            return 100000 + n % 7 + (step if n >= 40 else 0)

        rig = Rig(counts)
        late = [rig.clock.ms()]
        got = []
        while len(got) < 80:
            v = rig.look()
            if v is not None:
                got.append(v)
                if v > 100100 + step // 2 if step > 0 else v < 100000 + step // 2:
                    late.append(rig.clock.ms())
        assert got == [counts(n, 128) for n in range(80)], step
        assert late[1] - late[0] <= 400 + 40 * 100 + 100 + 2 * 80, step


def test_a_ramp_and_a_swinging_load_lose_nothing():
    for counts in (
        lambda n, gain: 100000 + 700 * n,
        lambda n, gain: 100000 + (20000 if n % 2 else -20000),  # 5 Hz
        lambda n, gain: 100000 + (20000, 20000, -20000, -20000)[n % 4],
        lambda n, gain: 100000 + (0 if n < 40 else 20000 >> (n - 40) // 4) * (1 - n % 2 * 2),
    ):
        rig = Rig(counts)
        got = rig.looks(12000)
        assert len(got) > 100 and got[:100] == [counts(n, 128) for n in range(100)]


def test_one_odd_count_is_dropped_whatever_its_size():
    for odd in (8388607, -8388608, 0, -1, 200000, 50000, 100000 + 800):

        def counts(n, gain, odd=odd):
            return odd if n in (40, 42, 70) else steady(n, gain)

        rig = Rig(counts)
        got = rig.looks(12000)
        want = [steady(n, 128) for n in range(len(got) + 3) if n not in (40, 42, 70)]
        assert got == want[: len(got)] and rig.agree.dropped == 3, odd


def test_minus_one_and_the_ends_of_the_range_are_counts_like_others():
    for v in (-1, 0, hx711.SATURATED_HIGH, hx711.SATURATED_LOW):
        assert set(Rig(lambda n, gain, v=v: v).looks(3000)) == {v}


def test_no_single_lost_or_added_clock_is_believed():
    for gain, pulses in ((hx711.A128, 25), (hx711.B32, 26), (hx711.A64, 27)):
        for edges in (0, 2):
            for at in range(1, pulses + 1):
                rig = Rig(lambda n, g: {0: 0, 128: 1000001, 64: 500001, 32: -40001}[g], gain)
                want = {hx711.A128: 1000001, hx711.B32: -40001, hx711.A64: 500001}[gain]
                assert set(rig.looks(3000)) == {want}
                rig.fault = lambda pulse: edges if pulse == at else 1
                while rig.pulse == 0:  # until a frame has been clocked
                    rig.look()
                rig.fault = None
                got = set(rig.looks(4000))
                # What doubles one bit at the very end may change nothing beyond the window.
                assert all(abs(v - want) <= WINDOW for v in got) and want in got, (gain, edges, at)


def test_a_conversion_that_ends_within_a_frame_is_not_believed():
    rig = Rig(lambda n, gain: 0x2AAAAA if n % 2 else 0x155555)
    rig.agree.window = 1 << 24  # whatever the counts: only the times may tell
    unmask = rig.driver._unmask

    def slow(state):
        rig.clock.sleep_us(700)  # a frame takes 17 ms: every sixth is hit
        unmask(state)

    rig.driver._unmask = slow
    given = 0
    for i in range(600):
        v = rig.look(True)
        if v is not None:
            given += 1
            assert v in (0x2AAAAA, 0x155555), hex(v)
            rig.clock.sleep_ms(900 + 7 * i % 100)
    assert given > 150


def test_an_idle_platform_costs_little_more_than_one_frame_a_second():
    rig = Rig(steady)
    channel = weight(rig, 1003)  # the phase of the conversions moves along
    run(rig, channel, 15000)
    assert channel.weighing.stable
    before, clocked = channel.frames, len(rig.numbers)
    run(rig, channel, 600000)
    given, clocked = channel.frames - before, len(rig.numbers) - clocked
    assert 590 <= given <= 605 and clocked <= 1.25 * given, (given, clocked)


def test_a_chip_that_hangs_is_started_anew():
    rig = Rig(steady)
    rig.looks(3000)
    rig.chip._first = rig.clock.us + 500000000  # no conversion comes any more
    assert rig.looks(800) == []
    assert len(rig.looks(3000)) > 5


def test_reading_allocates_nothing():
    import micropython

    clock = Clock(1772467490)  # a span of it ends after 10 s
    level = [100000]
    chip = Hx711Chip(clock, lambda us, gain: level[0])
    agree = FrameFilter(hx711.HX711(clock, chip.sck, chip.dout), WINDOW)
    clock.sleep_ms(400)
    agree.read()
    given = 0
    micropython.heap_lock()
    try:
        i = 0
        while i < 200:
            if i % 17 == 0:
                level[0] ^= 0x8000
            clock.sleep_ms(80)
            if agree.read(i > 100) is not None:
                given += 1
            i += 1
    finally:
        micropython.heap_unlock()
    assert given > 100 and clock.us < 10000000


# Through the channel to the weight.


def weight(rig, idle_ms=1000):
    cal = Calibration("c", "2026-01-05", ZERO, SCALE)
    channel = Weight("w1", rig.driver, cal, E_KG, 150, 0.2, idle_ms, rig.clock)
    rig.agree = channel._filter
    return channel


def run(rig, channel, ms):
    end = rig.clock.ms() + ms
    while rig.clock.ms() < end:
        now = rig.clock.ticks_ms()
        wait = rig.clock.ticks_diff(channel.due, now)
        if wait > 0:
            rig.clock.sleep_ms(wait)
        channel.sample(rig.clock.ticks_ms())


def at(kg, n):
    return int(ZERO + kg * SCALE) + noise(n)


def test_one_spike_changes_nothing():
    spike = [None]

    def counts(n, gain):
        return at(20, n) if spike[0] is None else spike[0]

    rig = Rig(counts)
    channel = weight(rig)
    run(rig, channel, 8000)
    w = channel.weighing
    moved = w.moved
    for value in (8388607, -8388608, 0, at(20, 0) * 2, at(20, 0) // 2, at(20.4, 0)):
        before = w.mean
        spike[0] = value
        n = len(rig.numbers)
        while len(rig.numbers) == n:
            run(rig, channel, 1)
        spike[0] = None
        assert abs(w.mean - before) <= 50 and w.stable, value
        run(rig, channel, 3000)
    assert w.stable and w.moved == moved and abs(w.grams() - 20000) <= 5
    assert channel.quality() == quality.GOOD


def test_spikes_while_settling_do_not_reach_the_mean():
    kg = [20]
    rig = Rig(lambda n, gain: 8388607 if kg[0] == 25 and n % 7 == 3 else at(kg[0], n))
    channel = weight(rig)
    run(rig, channel, 8000)
    kg[0] = 25
    run(rig, channel, 12000)
    assert channel.weighing.stable and abs(channel.weighing.grams() - 25000) <= 5


def test_a_motion_is_news_within_a_second():
    kg = [20]
    rig = Rig(lambda n, gain: at(kg[0], n))
    channel = weight(rig)
    run(rig, channel, 20000)
    channel.mark_reported()
    kg[0] = 23
    run(rig, channel, 1400)
    assert channel.news and channel.quality() == quality.MOVING
    assert abs(channel.value() - 20000) <= 5
    run(rig, channel, 7000)
    assert channel.quality() == quality.GOOD and abs(channel.value() - 23000) <= 5


def test_why_there_is_no_weight():
    state = [1 << 23]
    rig = Rig(lambda n, gain: state[0])
    channel = weight(rig)
    run(rig, channel, 2000)
    assert channel.value() is None and channel.quality() == quality.SATURATED
    state[0] = at(170, 0)
    run(rig, channel, 3000)
    assert channel.value() is None and channel.quality() == quality.RANGE
    state[0] = None
    run(rig, channel, 3000)
    assert channel.quality() == quality.NOT_READY
    state[0] = at(20, 0)
    run(rig, channel, 8000)
    assert channel.quality() == quality.GOOD and channel.value() == 19993
