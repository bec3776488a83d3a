"""Instruments on a serial line as channels: what they say, keys pressed, lines that fail."""

import gc
import micropython
import serial_frames
import serial_port
import serial_scales as sim
from clock import Clock
from sensors import indicator, modbus, quality
from sensors.instrument import TARED, UNIT, ZEROED
from sensors.mass_units import MOST, grams

START = 1772467200
CHAR_US = 1146
DINI = {"fc": 4, "at": 0, "n": 5, "w": 0, "type": "u32", "g": 10, "more": 1, "s": 4}
DINI.update({"still": 4, "over": 0x18, "minus": 2, "net": 0x20})
BASE = {"id": "w1", "uart": 2, "tx": 17, "rx": 16, "baud": 9600, "frame": "8N1", "max_kg": 150}
BASE.update({"e_kg": 0.05, "reply_ms": 300, "unit_id": 1, "map": DINI, "unit": "kg"})


class Board:
    def __init__(self, clock):
        self.hal = clock
        self.made = None
        self.machine = self

    def UART(self, n, **how):
        return self.made


class Rig:
    """A board with channels at one line. kind: of KINDS."""

    def __init__(self, kind, wire=None, units=1, **more):
        self.clock = clock = Clock(START)
        clock.restart()
        self.kg = [0.0] * units
        self.on = True
        self.scales = [sim.Scale(clock, self._load(i), 150, 0.05, 2) for i in range(units)]
        scale = self.scales[0]
        ch = dict(BASE)
        ch.update(more)
        if kind == "modbus":
            devices = [
                sim.Answerer(
                    s, serial_frames.transmitter(i + 1, 4, 0, serial_frames.dini_registers)
                )
                for i, s in enumerate(self.scales)
            ]
            device = sim.Bus(*devices)
            self.devices = devices
        elif kind == "xk3190-ask":
            device = sim.Answerer(scale, serial_frames.xk3190_answer("A"))
            ch["address"] = "A"
        elif kind == "stgs-ask":
            device = sim.Answerer(scale, serial_frames.stgs_answer(b"RW\r\n"))
            ch["ask"] = "RW\r\n"
        else:
            frame = {
                "xk3190": serial_frames.xk3190,
                "stgs": serial_frames.stgs,
                "a12": serial_frames.a12,
                "reversed": serial_frames.reversed_digits,
                "toledo": serial_frames.toledo(False),
                "toledo-sum": serial_frames.toledo(True),
            }[kind]
            device = sim.Sender(clock, scale, frame)
            ch["checksum"] = kind == "toledo-sum"
        self.uart = serial_port.Uart(clock, device, CHAR_US, wire)
        board = Board(clock)
        board.made = self.uart
        lines = {}
        ch["format"] = kind.split("-")[0]
        ch["kind"] = "modbus" if kind == "modbus" else "indicator"
        module = modbus if kind == "modbus" else indicator
        self.channels = []
        for i in range(units):
            one = dict(ch)
            one["id"] = "w%d" % (i + 1)
            one["unit_id"] = i + 1
            self.channels.append(module.of_board(board, {"weight_kg": 0.2}, one, lines))
        self.ch = self.channels[0]
        self.told = []  # (ms, grams, quality) of each reading of the first channel
        self._last = clock.ms()

    def _load(self, i):
        return lambda: self.kg[i] if self.on else None

    def play(self, seconds, watch=None):
        clock = self.clock
        end = clock.ms() + int(1000 * seconds)
        while clock.ms() < end:
            now = clock.ticks_ms()
            for ch in self.channels:
                if clock.ticks_diff(now, ch.due) >= 0:
                    ch.sample(now)
            ch = self.ch
            if ch.news or clock.ms() - self._last >= 300000:
                self._last = clock.ms()
                self.told.append((self._last, ch.value(), ch.quality()))
                for each in self.channels:
                    each.mark_reported()
            if watch:
                watch()
            clock.move_us(10000)

    def put(self, kg):
        """The first load, after the power came: an instrument takes a small one for its zero."""
        self.play(1)
        self.kg[0] = kg

    def move(self, kg, seconds=1.5):
        """A load does not come in one instant."""
        steps = int(seconds * 10)
        old = self.kg[0]
        for i in range(steps):
            self.kg[0] = old + (kg - old) * (i + 1) / steps
            self.play(0.1)


KINDS = ("xk3190", "xk3190-ask", "toledo", "toledo-sum", "stgs", "stgs-ask", "a12", "reversed")
KINDS += ("modbus",)


def codes(r):
    return [q for _, _, q in r.told]


def near(told, *expected):
    """Whether the values are so within a fifth of an e: a mean of what was shown within one."""
    got = [g for _, g, _ in told]
    if len(got) != len(expected):
        return False
    return all(abs(got[i] - expected[i]) <= 10 for i in range(len(got)))


def test_units_are_converted_without_large_integers():
    assert grams(1234, 2, "kg") == 12340
    assert grams(150000, 3, "kg") == 150000
    assert grams(5, 0, "kg") == 5000
    assert grams(12345, 1, "g") == 1235
    assert grams(1234, 3, "t") == 1234000
    for v in (1, 2, 7, 22, 999, 1000, 33069, 330693, 999999):
        for d in (0, 1, 2, 3):
            exact = v * 45359237 / 10 ** (d + 5)
            got = grams(v, d, "lb")
            assert got == MOST if exact > MOST else abs(got - exact) <= 1.1, (v, d, got, exact)
    assert grams(9999999, 0, "kg") == MOST
    assert grams(999999, 0, "lb") == MOST


def test_each_kind_weighs():
    for kind in KINDS:
        r = Rig(kind)
        r.put(20.0)
        r.play(8)
        assert codes(r) == [quality.GOOD], (kind, r.told)
        assert near(r.told, 20000), (kind, r.told)
        r.move(25.0)
        r.play(8)
        assert codes(r) == [quality.GOOD, quality.MOVING, quality.GOOD], (kind, r.told)
        assert near(r.told, 20000, 20000, 25000), (kind, r.told)
        r.move(0.0)
        r.play(8)
        assert codes(r)[3:] == [quality.MOVING, quality.GOOD], (kind, r.told)
        assert near(r.told[-1:], 0), (kind, r.told)
        r.move(-1.5)
        r.play(8)
        assert near(r.told[-1:], -1500) and codes(r)[-1] == quality.GOOD, (kind, r.told)


def test_overload_is_told_and_ends():
    for kind in ("toledo", "stgs", "modbus"):
        r = Rig(kind)
        r.put(100.0)
        r.play(8)
        r.move(200.0)
        r.play(3)
        assert r.told[-1][1:] == (None, quality.SATURATED), (kind, r.told)
        r.move(100.0)
        r.play(8)
        assert r.told[-1][1:] == (100000, quality.GOOD), (kind, r.told)


def test_a_tare_key_is_told_and_never_a_weight():
    for kind in KINDS:
        r = Rig(kind)
        r.put(20.0)
        r.play(8)
        r.scales[0].press("tare")
        r.play(10)
        assert TARED in codes(r), (kind, r.told)
        for _, g, q in r.told:
            assert g is None or g == 20000, (kind, r.told)
            assert q != quality.MOVING, (kind, r.told)
        # More is put in while it is tared: never a wrong gross.
        r.move(23.0)
        r.play(8)
        assert all(g in (None, 20000, 23000) for _, g, _ in r.told), (kind, r.told)
        r.scales[0].press("clear")
        r.play(10)
        assert r.told[-1][1:] == (23000, quality.GOOD), (kind, r.told)


def test_a_zero_key_is_told():
    for kind in KINDS:
        r = Rig(kind)
        r.put(3.0)
        r.play(8)
        assert r.told[-1][1] == 3000
        r.scales[0].press("zero")
        r.play(10)
        assert codes(r) == [quality.GOOD, ZEROED, quality.GOOD], (kind, r.told)
        assert r.told[1][1] is None and r.told[-1][1] == 0, (kind, r.told)


def test_a_unit_key_is_converted_or_told():
    for kind in ("xk3190", "xk3190-ask", "toledo", "stgs", "a12", "reversed"):
        r = Rig(kind)
        r.put(20.0)
        r.play(8)
        r.scales[0].press("unit")
        r.play(8)
        if kind.startswith("xk") or kind == "reversed":
            assert codes(r) == [quality.GOOD, UNIT], (kind, r.told)
            assert r.ch.quality() == UNIT and r.ch.value() is None
        else:
            assert codes(r) == [quality.GOOD], (kind, r.told)
            assert abs(r.ch.value() - 20000) <= 3, (kind, r.ch.value())
        r.scales[0].press("unit")
        r.play(8)
        assert r.ch.value() == 20000 and r.ch.quality() == quality.GOOD, (kind, r.told)


def test_a_quick_load_is_no_key():
    for kind in KINDS:
        r = Rig(kind)
        r.put(5.0)
        r.play(8)
        r.kg[0] = 0.0  # within one frame; the instrument's filter shows what lies between
        r.play(8)
        assert codes(r) == [quality.GOOD, quality.MOVING, quality.GOOD], (kind, r.told)
        assert r.told[-1][1] == 0


def test_a_cut_cable_and_a_brown_out_are_told_and_mend():
    for kind in KINDS:
        r = Rig(kind)
        r.put(20.0)
        r.play(8)
        r.on = False
        r.play(4)
        assert r.told[-1][1:] == (None, quality.NOT_READY), (kind, r.told)
        r.on = True
        before = r.ch.frames
        r.play(2)
        assert r.ch.frames > before, kind  # heard again within two seconds
        r.play(6)
        assert r.told[-1][1:] == (20000, quality.GOOD), (kind, r.told)


def test_another_baud_is_told_as_bad_frames():
    for kind in ("xk3190", "toledo", "stgs", "a12", "reversed"):
        r = Rig(kind, wire=lambda raw: bytes([b * 37 + 11 & 255 for b in raw for _ in (0, 1)]))
        r.put(20.0)
        r.play(8)
        assert r.ch.value() is None and r.ch.quality() == quality.BAD_FRAME, kind
        assert r.ch.frames == 0


def test_several_transmitters_share_a_line_also_with_one_that_is_dead():
    r = Rig("modbus", units=4)
    r.play(1)
    for i in range(4):
        r.kg[i] = 10.0 * (i + 1)
    r.play(10)
    values = [(ch.value(), ch.quality(), ch.frames) for ch in r.channels]
    assert [v[0] for v in values] == [10000, 20000, 30000, 40000], values
    r.devices[1].hear = lambda raw, now: None
    r.play(10)
    values = [(ch.value(), ch.quality()) for ch in r.channels]
    assert [v for v, _ in values] == [10000, None, 30000, 40000], values
    assert r.channels[1].quality() == quality.NOT_READY


def test_sampling_allocates_nothing():
    for kind in KINDS:
        r = Rig(kind)
        r.put(20.0)
        r.play(8)
        ch = r.ch
        source = ch.source
        # The bytes of a second, recorded: the simulated UART itself allocates.
        uart = r.uart

        class Recorded:
            def __init__(self):
                self.at = 0
                self.waits = 0

            def any(self):
                return self.waits

            def readinto(self, buf):
                n = self.waits
                for i in range(n):
                    buf[i] = raw[i]
                self.waits = 0
                return n

            def write(self, question):
                return 8

        answers = (
            [uart.device.hear(q, 0)[1] for q in source._questions]
            if kind == "modbus"
            else 2
            * [
                {
                    "xk3190": lambda: serial_frames.xk3190(r.scales[0]),
                    "xk3190-ask": lambda: serial_frames.xk3190_answer("A")(
                        r.scales[0], b"\x02AB03\x03"
                    ),
                    "toledo": lambda: serial_frames.toledo(False)(r.scales[0]),
                    "toledo-sum": lambda: serial_frames.toledo(True)(r.scales[0]),
                    "stgs": lambda: serial_frames.stgs(r.scales[0]),
                    "stgs-ask": lambda: serial_frames.stgs(r.scales[0]),
                    "a12": lambda: serial_frames.a12(r.scales[0]),
                    "reversed": lambda: serial_frames.reversed_digits(r.scales[0]),
                }[kind]()
            ]
        )
        raw = bytearray(64)
        fake = Recorded()
        line = source._line
        line._uart = fake
        line._any = fake.any
        line._readinto = fake.readinto
        clock = r.clock
        now = clock.ticks_ms()
        frames = ch.shown
        gc.collect()
        micropython.heap_lock()
        try:
            for _ in range(200):
                now += 50
                answer = answers[source._turn if kind == "modbus" else 0]
                for i in range(len(answer)):
                    raw[i] = answer[i]
                fake.waits = 0 if kind == "modbus" and line.owner is None else len(answer)
                ch.sample(now)
        finally:
            micropython.heap_unlock()
        assert ch.shown > frames + 20, (kind, ch.shown - frames)


def test_the_birth_says_what_the_instrument_is():
    from net import birth

    said = {"class": "III", "serial": "A9-17", "verified_until": "2027-01-04"}
    r = Rig("xk3190", instrument=said)
    entry = birth._describe(r.ch)
    assert entry["kind"] == "indicator" and entry["unit"] == "kg"
    said.update({"max_kg": 150, "e_kg": 0.05})
    assert entry["instrument"] == said, entry
