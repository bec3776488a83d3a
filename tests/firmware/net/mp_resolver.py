"""Name servers that do not answer, and a network through which nothing passes."""

import errno

from clock import Clock as Virtual
from health.log import Log
from net.clock import Clock
from net.liveness import Liveness
from net.resolver import Resolver


class Board:
    """answer: the address that a name server gives, None while it is silent."""

    def __init__(self):
        self.hal = Virtual(1772467200)
        self.answer = None
        self.asked = 0

    def rtc_get(self):
        return 0

    def rtc_set(self, unix):
        pass

    def resolve(self, host, port):
        self.asked += 1
        if self.answer is None:
            self.hal.move_us(14000000)
            raise OSError(-202)
        return self.answer


def lookup(resolver):
    try:
        return resolver.lookup("mqtt.example.org", 8883)
    except OSError as e:
        return str(e)


def test_an_address_that_works_is_asked_for_once():
    board = Board()
    board.answer = ("10.0.0.1", 8883)
    resolver = Resolver(board, Clock(board))
    assert [lookup(resolver) for _ in range(3)] == 3 * [board.answer]
    assert board.asked == 1


def test_one_that_did_not_work_is_asked_for_anew_and_kept_while_nobody_answers():
    board = Board()
    old = board.answer = ("10.0.0.1", 8883)
    resolver = Resolver(board, Clock(board))
    lookup(resolver)
    resolver.doubt("mqtt.example.org", 8883)
    board.answer = None
    assert lookup(resolver) == old and board.asked == 2
    board.answer = ("10.0.0.2", 8883)
    assert lookup(resolver) == old, "the name server was silent a moment ago"
    board.hal.move_us(5000000)
    assert lookup(resolver) == board.answer
    assert lookup(resolver) == board.answer and board.asked == 3


def test_a_silent_name_server_takes_little_of_the_time():
    board = Board()
    resolver = Resolver(board, Clock(board))
    end = board.hal.ms() + 24 * 3600 * 1000
    while board.hal.ms() < end:
        assert lookup(resolver) == "dns: no address for mqtt.example.org"
        board.hal.move_us(1000000)
    assert board.asked * 14 <= 0.05 * 24 * 3600, board.asked
    board.answer = ("10.0.0.1", 8883)
    board.hal.move_us(300000000)
    assert lookup(resolver) == board.answer


class Wifi:
    def __init__(self):
        self.anew = 0

    def again(self):
        self.anew += 1


def fail(e, hours, answers_every=None):
    """Failures once a minute; (times associated anew, stranded)."""
    board = Board()
    clock = Clock(board)
    wifi = Wifi()
    lines = []
    liveness = Liveness(clock, wifi, Log(None, lines.append))
    for minute in range(int(60 * hours)):
        board.hal.move_us(60000000)
        if answers_every and minute % answers_every == 0:
            liveness.alive()
        liveness.failed(e, False)
    return wifi.anew, liveness.stranded


def test_where_nothing_passes_the_board_associates_anew_and_restarts_at_last():
    assert fail(OSError(errno.ETIMEDOUT), 0.9) == (10, False)
    assert fail(OSError(errno.ETIMEDOUT), 1.1)[1]


def test_hours_without_wifi_are_no_silence():
    board = Board()
    clock = Clock(board)
    wifi = Wifi()
    liveness = Liveness(clock, wifi, Log(None, lambda line: None))
    for _ in range(180):
        board.hal.move_us(60000000)
        liveness.unassociated()
    liveness.failed(OSError(errno.ETIMEDOUT), False)
    assert (wifi.anew, liveness.stranded) == (0, False)
    # But the moment without Wi-Fi that associating anew makes does not hide an hour of it.
    for _ in range(61):
        board.hal.move_us(60000000)
        liveness.failed(OSError(errno.ETIMEDOUT), False)
        if wifi.anew:
            liveness.unassociated()
    assert liveness.stranded


def test_want_of_memory_again_and_again_is_a_reason():
    for e in (OSError(errno.ENOMEM), OSError("tls: not enough memory: fewer channels")):
        assert fail(e, 4 / 60) == (0, False)
        assert fail(e, 5 / 60) == (0, True)


def test_a_broker_that_is_down_is_no_reason():
    assert fail(OSError(errno.ECONNREFUSED), 48) == (0, False)
    assert fail("restarted", 5, answers_every=4) == (0, False)
