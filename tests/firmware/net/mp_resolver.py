"""Addresses of names, asked of servers that do not answer, answer late, or answer something else;
and a network through which nothing passes."""

import errno
import os

from clock import Clock as Virtual
from health.log import Log
from name_server import NameServer
from net import dns, error_text
from net.clock import Clock
from net.liveness import Liveness
from net.dns import address
from net.resolver import Resolver
from udp_port import bound

NAME = "mqtt.example.org"


class Board:
    """servers: of which the resolver asks."""

    def __init__(self, *servers):
        self.hal = Virtual(1772467200)
        self.servers = servers
        self.random = os.urandom

    def rtc_get(self):
        return 0

    def rtc_set(self, unix):
        pass

    def name_servers(self):
        return self.servers


class Rig:
    """A resolver with name servers at whose sockets the test sits."""

    def __init__(self, n=1):
        self.socks = []
        ports = []
        for _ in range(n):
            sock, port = bound()
            sock.setblocking(False)
            self.socks.append(sock)
            ports.append(("127.0.0.1", port))
        self.board = Board(*ports)
        self.resolver = Resolver(self.board, Clock(self.board))
        self.asked = 0

    def heard(self, i=0):
        """(question, who asked) that has come to a server; None where none has."""
        try:
            got = self.socks[i].recvfrom(512)
        except OSError:
            return None
        self.asked += 1
        return got

    def answer(self, ip, i=0):
        """Answer the question that has come to a server: with an address, None for no such name."""
        asked, peer = self.heard(i)
        self.socks[i].sendto(packet(asked, ip), peer)

    def look(self, ms=0):
        """What a lookup gives after so many ms: an address, None while asking, or the error."""
        self.board.hal.move_us(1000 * ms)
        try:
            got = self.resolver.lookup(NAME, 8883)
        except OSError as e:
            return str(e)
        return got and "%s:%d" % (".".join(str(b) for b in bytes(got)[4:8]), got[2] << 8 | got[3])

    def known(self, ip):
        assert self.look() is None
        self.answer(ip)
        assert self.look() == ip + ":8883"


def packet(asked, ip, records=b""):
    flags = b"\x81\x80" if ip else b"\x81\x83"
    n = 0 if ip is None else 1 + (records != b"")
    out = asked[:2] + flags + b"\0\1" + n.to_bytes(2, "big") + b"\0\0\0\0" + asked[12:] + records
    if ip:
        raw = bytes([int(part) for part in ip.split(".")])
        out += b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + raw
    return out


def test_a_number_needs_no_name_server():
    board = Board()
    got = Resolver(board, Clock(board)).lookup("10.0.0.1", 1883)
    assert bytes(got)[4:8] == b"\x0a\0\0\1"


def test_an_address_that_works_is_asked_for_once():
    rig = Rig()
    rig.known("10.0.0.1")
    assert [rig.look(3600000) for _ in range(3)] == 3 * ["10.0.0.1:8883"]
    assert rig.heard() is None and rig.asked == 1


def test_one_that_did_not_work_is_asked_for_anew_and_kept_while_nobody_answers():
    rig = Rig()
    rig.known("10.0.0.1")
    rig.resolver.doubt(NAME)
    assert rig.look() is None
    assert rig.look(1600) is None  # asked once more
    assert rig.look(1600) == "10.0.0.1:8883"
    while rig.heard():
        pass
    assert rig.asked == 3
    assert rig.look(1000) == "10.0.0.1:8883", "the name server was silent a moment ago"
    assert rig.look(4000) is None
    rig.answer("10.0.0.2")
    assert rig.look() == "10.0.0.2:8883"
    assert rig.look(3600000) == "10.0.0.2:8883" and rig.heard() is None


def test_a_second_name_server_is_asked_when_the_first_is_silent_or_does_not_know():
    for first in ("silent", None):
        rig = Rig(2)
        assert rig.look() is None
        if first is None:
            rig.answer(None)
        assert rig.look(10 if first is None else 1600) is None
        rig.answer("10.0.0.2", 1)
        assert rig.look() == "10.0.0.2:8883"


def test_why_there_is_no_address():
    rig = Rig()
    assert rig.look() is None
    rig.answer(None)
    assert rig.look() is None
    rig.answer(None)
    assert rig.look() == "dns: no address for %s: no name server knows it" % NAME
    rig = Rig()
    assert [rig.look(), rig.look(1600)] == [None, None]
    assert rig.look(1600) == "dns: no address for %s: no name server answers" % NAME
    rig = Rig(0)
    assert rig.look() == "dns: no address for %s: no name server is known" % NAME
    for name in ("a..b", 64 * "a" + ".org"):
        assert dns.packet(b"\0\0", name) == b""


def test_a_silent_name_server_is_asked_seldom_and_no_call_waits():
    rig = Rig()
    before = rig.board.hal.ms()
    for _ in range(4 * 3600):
        text = rig.look(1000)
        assert text is None or text.endswith("no name server answers"), text
        rig.heard()
    assert rig.board.hal.ms() - before == 4 * 3600 * 1000  # the board's time did not move by it
    assert 4 * 3600 // 70 <= rig.asked <= 2 * 4 * 3600 // 60, rig.asked
    for _ in range(70):
        if rig.look(1000) is None:
            break
    while rig.heard():
        pass
    rig.look(1600)
    rig.answer("10.0.0.1")
    assert rig.look() == "10.0.0.1:8883"


def test_what_is_no_answer_to_the_question_is_passed_over():
    rig = Rig()
    assert rig.look() is None
    asked, peer = rig.heard()
    stranger, _ = bound()
    stranger.sendto(packet(asked, "6.6.6.6"), peer)  # from elsewhere
    assert rig.look() is None
    other_id = bytes([asked[0] ^ 1]) + asked[1:]
    other_name = asked.replace(b"mqtt", b"mqtx")
    for wrong in (
        packet(other_id, "6.6.6.6"),
        packet(other_name, "6.6.6.6"),
        asked,  # a question
        packet(asked, "6.6.6.6")[:20],
        b"",
    ):
        rig.socks[0].sendto(wrong, peer)
        assert rig.look() is None
    rig.socks[0].sendto(packet(asked, "10.0.0.1"), peer)
    assert rig.look() == "10.0.0.1:8883"


def test_answers_with_other_records_and_broken_ones():
    asked = bytes(dns.packet(b"\1\2", "a.bc"))
    alias = b"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\5\1d\xc0\x0e\0"
    name = b"\1d\2bc\0\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\7"
    head = asked[:2] + b"\x81\x80\0\1\0\2\0\0\0\0" + asked[12:]
    assert address(head + alias + name, asked) == "10.0.0.7"
    assert address(packet(asked.replace(b"bc", b"BC"), "10.0.0.8"), asked) == "10.0.0.8"
    whole = head + alias + name
    for n in range(len(whole)):  # cut short anywhere
        assert address(whole[:n], asked) in ("", None), n
    for at in range(len(asked), len(whole)):  # any byte is another one: it ends, and raises nothing
        for byte in (0, 0x3F, 0xC0, 0xFF):
            address(whole[:at] + bytes([byte]) + whole[at + 1 :], asked)
    assert address(asked[:2] + b"\x81\x82" + asked[4:], asked) == ""  # server failure


def test_a_name_of_the_local_network_answers_by_itself():
    """RFC 6762, 6.7: the answer comes from the computer's own address."""
    group, port = bound()
    board = Board(("127.0.0.1", 9))
    asking = dns.Question(board, Clock(board), "box.local")
    assert asking._servers == (("224.0.0.251", 5353),)
    asking._servers = (("127.0.0.1", port),)
    assert asking.poll() is None
    asked, peer = group.recvfrom(512)
    box, _ = bound()
    box.sendto(packet(asked, "10.0.0.9"), peer)
    assert asking.poll() == "10.0.0.9"


def test_one_name_after_the_other():
    """Time servers and the broker are asked for by turns, and a lookup that nobody goes on with
    keeps the other no longer than it takes."""
    server = NameServer()
    board = Board(("127.0.0.1", server.port))
    resolver = Resolver(board, Clock(board))
    assert resolver.lookup("ntp.invalid", 123) is None
    assert resolver.lookup("localhost", 1883) is None
    board.hal.move_us(1600000)
    assert resolver.lookup("localhost", 1883) is None
    board.hal.move_us(1600000)
    assert resolver.lookup("localhost", 1883) is None  # its own question is out now
    for _ in range(5):
        server.serve(True)
    assert bytes(resolver.lookup("localhost", 1883))[4:8] == b"\x7f\0\0\1"


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
        liveness.failed(e, error_text.text(e, True), False)
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
    liveness.failed(OSError(errno.ETIMEDOUT), "", False)
    assert (wifi.anew, liveness.stranded) == (0, False)
    # But the moment without Wi-Fi that associating anew makes does not hide an hour of it.
    for _ in range(61):
        board.hal.move_us(60000000)
        liveness.failed(OSError(errno.ETIMEDOUT), "", False)
        if wifi.anew:
            liveness.unassociated()
    assert liveness.stranded


def test_want_of_memory_again_and_again_is_a_reason():
    for e in (OSError(errno.ENOMEM), OSError(16), OSError(-0x7F00)):
        assert fail(e, 4 / 60) == (0, False)
        assert fail(e, 5 / 60) == (0, True)


def test_a_broker_that_is_down_is_no_reason():
    assert fail(OSError(errno.ECONNREFUSED), 48) == (0, False)
    assert fail("restarted", 5, answers_every=4) == (0, False)
