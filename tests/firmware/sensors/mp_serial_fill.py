"""Ultrasonic sensors on a serial line as fill channels: what they say, and lines that fail."""

import gc
import micropython
import serial_port
from clock import Clock
from run_channel import PlayedChannel
from sensors import quality, serial_fill
from serial_baud import heard
from serial_rangers import Ranger, frame

BASE = {
    "id": "f1",
    "kind": "serial_fill",
    "uart": 1,
    "tx": 25,
    "rx": 34,
    "baud": 9600,
    "frame": "8N1",
}
BASE.update({"empty_mm": 1200, "full_mm": 200})
KINDS = ("a02yyuw", "jsn-sr04t", "jsn-ask")


class Board:
    def __init__(self, clock):
        self.hal = clock
        self.machine = self

    def UART(self, n, **how):
        return self.made


class Rig(PlayedChannel):
    """A board with one sensor, which is mm away from what is below it."""

    def __init__(self, kind, wire=None, nothing=0):
        clock = Clock(1772467200)
        clock.restart()
        self.mm = 1000
        self.on = True
        ch = dict(BASE)
        ch["ask"] = kind == "jsn-ask"
        ch["sensor"] = "jsn-sr04t" if ch["ask"] else kind
        ch["blind_mm"] = nearest = 30 if kind == "a02yyuw" else 200
        reach = serial_fill.REACH[ch["sensor"]]
        device = Ranger(clock, self._distance, nearest, reach, ch["ask"], nothing)
        self.wire = wire
        board = Board(clock)
        board.made = self.uart = serial_port.Uart(clock, device, 1146, self._wire)
        super().__init__(clock, serial_fill.of_board(board, {"fill": 0.05}, ch, {}))

    def _distance(self):
        return self.mm if self.on else False

    def _wire(self, raw):
        return self.wire(raw) if self.wire else raw


def test_the_frame_of_the_manual():
    assert frame(1953) == b"\xff\x07\xa1\xa7"


def test_each_kind_measures():
    for kind in KINDS:
        r = Rig(kind)
        assert r.ch.quality() == quality.NO_DATA and not r.ch.settled()
        assert r.play(1) == (200, quality.GOOD), (kind, r.play(0))
        r.ch.mark_reported()
        r.mm = 700
        r.play(29)
        assert r.told == [], kind
        r.play(62)  # two measurements half a minute apart agree on the change
        assert r.told == [(500, quality.GOOD)], (kind, r.told)
        r.mm = 1500  # the bin is away
        assert r.play(31) == (0, quality.GOOD)


def test_what_is_too_near_too_far_or_without_an_echo_has_no_value():
    for kind in KINDS:
        for mm, why in (
            (10, quality.BLIND),
            (30 if kind == "a02yyuw" else 200, quality.BLIND),
            (None, quality.NO_ECHO),
            (1800, quality.RANGE),
            (4499, quality.RANGE),
        ):
            r = Rig(kind)
            r.play(2)
            r.mm = mm
            assert r.play(2) == (None, why), (kind, mm, r.play(0))
            r.mm = 1000
            assert r.play(2) == (200, quality.GOOD), (kind, mm)


def test_what_some_say_without_an_echo():
    for said, why in ((0xFFFD, quality.NO_ECHO), (0xFFFE, quality.NO_ECHO), (5500, quality.RANGE)):
        r = Rig("a02yyuw", nothing=said)
        r.mm = None
        assert r.play(2) == (None, why), said


def test_an_echo_that_jumps_has_no_value():
    r = Rig("a02yyuw")
    r.play(2)
    n = [0]

    def jumps(raw):
        n[0] += 1
        return frame(300 + n[0] * 7919 % 800)

    r.wire = jumps
    assert r.play(8) == (None, quality.NO_ECHO)
    r.wire = None
    assert r.play(2) == (200, quality.GOOD)


def test_a_cut_cable_and_a_lost_supply_are_told_and_mend_within_two_seconds():
    for kind in KINDS:
        r = Rig(kind)
        r.play(2)
        r.on = False
        assert r.play(4) == (None, quality.NOT_READY), kind
        r.on = True
        r.mm = 700
        assert r.play(2) == (500, quality.GOOD), kind


def test_another_baud_rate_is_never_a_distance():
    for sent in (2400, 4800, 19200, 38400, 115200):
        r = Rig("a02yyuw", lambda raw, sent=sent: heard(raw, sent, 9600))
        for mm in range(31, 1700, 23):
            r.mm = mm
            r.play(0.4)
            assert r.ch.value() is None, (sent, mm)
        assert r.play(3) in ((None, quality.BAD_FRAME), (None, quality.NOT_READY))
        assert r.ch.frames == 0, sent
    r = Rig("a02yyuw")
    for sent in (1200, 2400, 4800, 14400, 19200, 38400, 57600, 115200):
        for mm in range(21, 6000, 61):
            raw = heard(frame(mm), sent, 9600) * 4
            r.ch.feed(raw, len(raw), r.clock.ticks_ms())
            assert r.ch.frames == 0, (sent, mm)
    assert heard(frame(1953), 9600, 9600) == frame(1953)
    assert heard(frame(1953), 9400, 9600) == frame(1953)  # as exact as a sensor's own clock


def test_stray_bytes_before_each_frame_are_never_a_distance():
    r = Rig("a02yyuw", lambda raw: b"\x00" + raw)
    assert r.play(5) == (None, quality.NO_ECHO) and r.ch.agreed == 0
    r = Rig("a02yyuw", lambda raw: b"\x00")
    assert r.play(5) == (None, quality.BAD_FRAME)


def test_any_place_to_begin_in_a_stream_leads_to_its_distance():
    # 511 mm is FF 01 FF FF: read from its last byte, that is a frame of 65,281 mm as well.
    for mm in range(212, 1700, 13):
        for at in range(4):
            r = Rig("a02yyuw")
            raw = (frame(mm) * 9)[at:]
            r.ch.feed(raw, len(raw), r.clock.ticks_ms())
            assert r.ch.mm == mm, (mm, at, r.ch.mm)


def test_two_exchanged_bytes_count_only_where_three_frames_have_them():
    r = Rig("a02yyuw")
    r.play(2)
    bad = bytes((0xFF, 0xE8, 0x03, 0xEA))  # 1000 mm with its bytes exchanged: right by its sum
    assert frame(0x3E8) == bytes((0xFF, 0x03, 0xE8, 0xEA))
    now = r.clock.ticks_ms()
    before = r.ch.agreed
    other = frame(400)
    for raw in (bad, other, other, frame(1000), other, bad, other, other):
        r.ch.feed(raw, 4, now)
    assert r.ch.mm == 1000 and r.ch.agreed == before
    r.ch.feed(other, 4, now)
    assert r.ch.mm == 400


def test_after_a_long_pause_what_is_lost_is_no_distance():
    r = Rig("a02yyuw")
    r.play(2)
    r.clock.move_us(20000000)  # the board did something else: the buffer ran over
    r.mm = 400
    assert r.play(3)[1] == quality.GOOD
    assert r.ch.mm == 400


def test_sampling_allocates_nothing():
    for kind in KINDS:
        r = Rig(kind)
        r.play(2)
        ch = r.ch
        line = ch._line
        raw = frame(700) * 5 + b"\x00" + frame(0) * 3 + frame(700) * 5

        class Recorded:
            def __init__(self):
                self.read = False

            def any(self):
                return len(raw)

            def readinto(self, buf):
                if self.read:
                    return None
                self.read = True
                for i in range(len(raw)):
                    buf[i] = raw[i]
                return len(raw)

            def write(self, question):
                return 1

        uart = Recorded()
        line._uart, line._any, line._readinto = uart, uart.any, uart.readinto
        now = ch.due
        before = ch.frames
        gc.collect()
        micropython.heap_lock()
        try:
            for _ in range(300):
                now = r.clock.ticks_add(now, 200)
                uart.read = False
                ch.sample(now)
        finally:
            micropython.heap_unlock()
        assert ch.frames >= before + 300 * 13, (kind, ch.frames)
        assert ch.mm == 700


def test_the_birth_says_which_sensor_it_is():
    from net import birth

    for kind, sensor in (("a02yyuw", "a02yyuw"), ("jsn-ask", "jsn-sr04t")):
        entry = birth._describe(Rig(kind).ch)
        assert entry == {"kind": "fill", "unit": "ratio", "sensor": sensor}, entry
