"""A reader of cards on a serial line: which cards count, and once each."""

import serial_port
from clock import Clock
from run_channel import PlayedChannel
from sensors import card_reader, quality
from serial_cards import Reader, frame

SALT = "a salt of this site"
ONE = bytes((0x62, 0xE3, 0x08, 0x6C, 0xED))
OTHER = bytes((0x01, 0x02, 0x03, 0x04, 0x05))
BASE = {"id": "k1", "uart": 1, "tx": 25, "rx": 34, "baud": 9600, "frame": "8N1", "salt": SALT}


class Board:
    def __init__(self, clock):
        self.hal = clock
        self.machine = self

    def UART(self, n, **how):
        return self.made


class Rig(PlayedChannel):
    """A board with one reader; card: what is held to it."""

    def __init__(self, wire=None, salt=SALT):
        clock = Clock(1772467200)
        clock.restart()
        self.card = None
        board = Board(clock)
        device = Reader(clock, lambda: self.card)
        board.made = serial_port.Uart(clock, device, 1146, wire)
        super().__init__(clock, card_reader.of_board(board, {}, dict(BASE, salt=salt), {}))

    def feed(self, *frames):
        for raw in frames:
            for b in raw:
                self.ch._byte(b, self.clock.ticks_ms())

    def ids(self):
        return [value for value, q in self.told if q == quality.GOOD]


def identity(number, salt=SALT):
    return card_reader.identity(salt, number)


def test_the_frame_of_the_data_sheet():
    # The example of the data sheet: 62E3086CED and its check 08.
    assert frame(ONE) == b"\x0262E3086CED08\x03"


def test_a_card_counts_once_however_long_it_is_held():
    r = Rig()
    assert r.play(5) == (0, quality.GOOD) and r.told == [] and r.ch.settled()
    r.card = ONE
    r.play(30)
    assert r.ids() == [identity(ONE)]
    r.card = None
    assert r.play(3) == (0, quality.GOOD)
    r.card = ONE
    r.play(2)
    assert r.ids() == [identity(ONE)] * 2


def test_cards_one_after_the_other_each_have_a_reading():
    r = Rig()
    for card in (ONE, OTHER, ONE):
        r.card = card
        r.play(1)
    r.card = None
    r.play(1)
    assert r.ids() == [identity(ONE), identity(OTHER), identity(ONE)]


def test_the_id_depends_on_card_and_salt_alone():
    ids = {identity(bytes((n, 0, 0, 0, n))) for n in range(200)}
    assert len(ids) == 200 and all(0 < i < 1 << 23 for i in ids)
    assert identity(ONE) != identity(ONE, "another salt, elsewhere")
    import binascii
    import hashlib

    d = hashlib.sha256(SALT.encode() + b"\n" + ONE).digest()
    assert identity(ONE) == int(binascii.hexlify(d[:3]), 16) % 0x7FFFFF + 1


def test_three_frames_in_a_row_must_say_the_same():
    r = Rig()
    r.feed(frame(ONE), frame(ONE))
    assert r.ch.frames == 2 and not r.ch.news
    r.feed(frame(OTHER), frame(OTHER))
    assert not r.ch.news
    r.feed(frame(OTHER))
    assert r.ch.news and r.ch.value() == identity(OTHER)


def test_frames_long_after_each_other_are_not_in_a_row():
    r = Rig()
    r.feed(frame(ONE), frame(ONE))
    r.play(1.5)
    r.feed(frame(ONE), frame(ONE))
    assert not r.ch.news
    r.feed(frame(ONE))
    assert r.ch.news


def test_the_other_reader_ends_its_line_first():
    r = Rig()
    r.feed(*[frame(ONE, b"\r\n")] * 3)
    assert r.ch.value() == identity(ONE)


def test_what_is_no_frame_is_none():
    good = frame(ONE)
    for i in range(len(good)):
        for bad in (good[:i] + good[i + 1 :], good[: i + 1] + b"\x37" + good[i + 1 :]):
            if bad[:-1] == good:  # what comes between frames is nothing to them
                continue
            r = Rig()
            r.feed(bad, bad, bad)
            assert not r.ch.news, bad
        bad = bytearray(good)
        bad[i] ^= 1
        r = Rig()
        r.feed(bad, bad, bad)
        assert not r.ch.news, bad
    r = Rig()
    r.feed(good.lower(), good.lower(), b"\x02\x03", b"\x02", good, good, good)
    assert r.ch.value() == identity(ONE)


def test_more_cards_than_have_room_leave_the_first():
    r = Rig()
    for n in range(1, 12):
        card = bytes((0, 0, 0, 0, n))
        r.feed(*[frame(card)] * 3)
    r.play(3)
    assert r.ids() == [identity(bytes((0, 0, 0, 0, n))) for n in range(1, 9)]
