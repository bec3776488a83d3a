"""Time: several servers, one that lies, drift, the RTC."""

import socket

from clock import Clock as Virtual
from health.log import Log
from net import clock as net_clock
from net.clock import Clock, Sync
from ntp_server import NtpServer

T0 = 1772467200


class RtcBoard:
    """As much of a board as a clock needs: ticks and an RTC."""

    def __init__(self, kept=0):
        self.hal = Virtual(T0)
        self.kept = kept

    def rtc_get(self):
        return self.kept

    def rtc_set(self, unix):
        self.kept = unix


class Rig:
    """A clock that asks servers which live `ahead` seconds in the future."""

    def __init__(self, *ahead, rtc=0):
        self.board = RtcBoard(rtc)
        self.lines = []
        self.clock = Clock(self.board)
        self.servers = []
        names = []
        for seconds in ahead:
            virtual = Virtual(0)
            self.servers.append((NtpServer(virtual), virtual, seconds))
            names.append("127.0.0.1:%d" % self.servers[-1][0].port)
        self.sntp = Sync(self.clock, names, Log(None, self.lines.append))

    def run(self, seconds, ppm=0):
        """Let time pass; the true time goes ppm faster than the board's ticks."""
        for _ in range(seconds):
            self.board.hal.move_us(1000000)
            true = self.board.hal.unix_us()
            true += (true - T0 * 1000000) * ppm // 1000000
            for _, virtual, ahead in self.servers:
                virtual.move_us(true + ahead * 1000000 - virtual.unix_us())
            self.sntp.poll(Resolver)
            for server, _, _ in self.servers:
                server.serve()

    def error_s(self):
        return self.clock.unix() - self.board.hal.ms() // 1000


class Resolver:
    """Names are numbers here."""

    @staticmethod
    def lookup(host, port):
        return socket.getaddrinfo(host, port)[0][-1]

    @staticmethod
    def doubt(host):
        pass


def test_what_was_before_the_first_answer_is_dated_within_two_seconds():
    rig = Rig(0)
    assert rig.clock.unix() is None and rig.clock.epoch() == 0
    rig.board.hal.move_us(90 * 1000000)
    early = rig.clock.uptime_s()
    rig.run(5)
    assert rig.clock.state == net_clock.NTP
    assert abs(rig.clock.epoch() + early - (T0 + 90)) <= 2
    assert abs(rig.error_s()) <= 1
    assert abs(rig.board.kept - rig.clock.unix()) <= 5  # the RTC was set too


def test_a_silent_server_is_passed_over():
    rig = Rig(0)
    rig.sntp._servers.insert(0, "127.0.0.1:9")
    rig.run(60)
    assert rig.clock.state == net_clock.NTP and any("127.0.0.1:9" in x for x in rig.lines)


def test_one_server_that_lies_moves_nothing():
    rig = Rig(0, 86400, 0)
    rig.run(15)
    assert abs(rig.error_s()) <= 1
    rig.sntp._i = 1  # the liar is asked next
    rig.run(3700)
    assert abs(rig.error_s()) <= 1
    assert any("is 8639" in x or "is 86400" in x for x in rig.lines), rig.lines


def test_the_first_answer_is_not_believed_alone():
    """Wherever the one that lies stands: what two others agree on is the time."""
    for place in range(3):
        ahead = [0, 0, 0]
        ahead[place] = 400 * 86400
        rig = Rig(*ahead)
        rig.run(15)
        assert abs(rig.error_s()) <= 1, place
        rig.run(2 * 3600)  # nor is it believed later
        assert abs(rig.error_s()) <= 1, place


def test_two_that_contradict_each_other_are_both_not_believed():
    rig = Rig(400 * 86400, 0)
    rig.run(3600)
    assert rig.clock.unix() is None
    assert any("none is believed" in x for x in rig.lines), rig.lines[-3:]
    assert len(rig.lines) < 1200  # one line for each answer
    asked = sum(server.asked for server, _, _ in rig.servers)
    assert asked <= 3600 / 15 * 5, asked


def test_one_alone_is_believed_where_all_others_are_silent_and_until_they_answer():
    rig = Rig(0)
    rig.sntp._servers += ["127.0.0.1:9", "127.0.0.1:9"]
    rig.run(25)
    assert abs(rig.error_s()) <= 1
    assert any("nobody else confirms" in x for x in rig.lines), rig.lines
    # One that lied while the others were away is put right when two of them are back.
    rig = Rig(400 * 86400, 0, 0)
    away = rig.sntp._servers[1:]
    rig.sntp._servers[1:] = ["127.0.0.1:9", "127.0.0.1:9"]
    rig.run(25)
    assert rig.error_s() > 399 * 86400
    rig.sntp._servers[1:] = away
    rig.run(2 * 3600)
    assert abs(rig.error_s()) <= 1


def test_what_two_agreed_on_is_not_moved_by_one_to_which_nobody_else_answers():
    rig = Rig(0, 0)
    rig.run(10)
    rig.sntp._servers[1] = "127.0.0.1:9"
    server, virtual, _ = rig.servers[0]
    rig.servers[0] = server, virtual, 400 * 86400
    asked = server.asked
    rig.run(2 * 3600)
    assert abs(rig.error_s()) <= 1
    assert 2 <= server.asked - asked <= 100


def test_a_large_step_is_taken_when_two_answers_agree():
    for ahead in (-7200, 7200, -601, 601):
        rig = Rig(0, 0, rtc=T0 + ahead)
        assert rig.clock.state == net_clock.RTC
        rig.run(60)
        assert abs(rig.error_s()) <= 1, ahead
        assert any("this clock; none is believed alone" in x for x in rig.lines)


def test_a_small_step_is_taken_at_once():
    for ahead in (-500, 500):
        rig = Rig(0, rtc=T0 + ahead)
        rig.run(3)
        assert abs(rig.error_s()) <= 1


def test_drift_is_measured():
    for ppm in (40, -60):
        rig = Rig(0)
        rig.run(4 * 3600, ppm)
        assert abs(rig.clock.drift_ppm - ppm) <= 2, (ppm, rig.clock.drift_ppm)


def test_time_as_text():
    rig = Rig(0)
    assert rig.clock.text() == "+0"
    rig.run(5)
    assert rig.clock.text()[:17] == "2026-03-02T16:00:"


class Before:
    """The first moment of NTP, which stands for no time."""

    def ms(self):
        return -2208988800000


def test_an_answer_without_a_time_is_none():
    """RFC 4330, 5: a transmit timestamp of zero. Read as a time it is in 2036."""
    rig = Rig(0)
    rig.servers[0][0]._clock = Before()
    rig.run(40)
    assert rig.clock.unix() is None
    assert any("bad answer" in line for line in rig.lines)
