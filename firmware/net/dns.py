"""A question to name servers for the IPv4 address of a host, asked without waiting.

Sources: RFC 1035; for names that end in .local RFC 6762, 5.1 and 6.7 (the computer of that
name answers by itself)."""

import socket

from micropython import const

_ANSWER_MS = const(1500)  # for one name server
_ROUNDS = const(2)  # so often each is asked
_LONGEST = const(512)  # RFC 1035, 4.2.1
_MDNS = ("224.0.0.251", 5353)


class Question:
    """poll() gives the address as text, "" when none comes of it (why says so), None until then."""

    def __init__(self, board, clock, host):
        self.host = host
        self.why = "no name server is known"
        self._clock = clock
        self._servers = (_MDNS,) if host.endswith(".local") else board.name_servers()
        self._packet = packet(board.random(2), host)
        self._turn = 0
        self._server = None
        self._sent = 0  # uptime ms
        self._sock = None

    def poll(self):
        ip = None
        if self._sock is not None:
            ip = self._listen()
            if ip is None and self._clock.uptime_ms() - self._sent < _ANSWER_MS:
                return None
            self._sock.close()
            if ip:
                return ip
            self._turn += 1
            self.why = "no name server " + ("answers" if ip is None else "knows it")
        if not self._packet or self._turn >= _ROUNDS * len(self._servers):
            return ""
        self._ask(self._servers[self._turn % len(self._servers)])
        return None

    def _ask(self, server):
        self._server = socket.getaddrinfo(server[0], server[1])[0][-1]  # at once: a number
        self._sent = self._clock.uptime_ms()
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.setblocking(False)
        try:
            self._sock.sendto(self._packet, self._server)
        except OSError:
            pass  # then no answer comes

    def _listen(self):
        try:
            answer, peer = self._sock.recvfrom(_LONGEST)
        except OSError:
            return None  # nothing there yet
        if peer != self._server and not self.host.endswith(".local"):
            return None
        return address(answer, self._packet)


def packet(id_, host):
    """The packet that asks; empty when the host has no legal name."""
    out = bytearray(id_ + b"\1\0\0\1\0\0\0\0\0\0")  # recursion desired, one question
    for label in host.split("."):
        raw = label.lower().encode()
        if not 0 < len(raw) < 64:
            return b""
        out.append(len(raw))
        out.extend(raw)
    out.extend(b"\0\0\1\0\1")  # type A, class IN
    return out


def address(answer, asked):
    """The first address in a packet, as text; "" where it has none, None where it is not the
    answer to what was asked."""
    at = len(asked)
    if answer[:2] != asked[:2] or len(answer) < at or answer[2] & 0xF8 != 0x80:
        return None
    if answer[12:at].lower() != asked[12:]:
        return None
    try:
        for _ in range(0 if answer[3] & 15 else answer[7]):
            while answer[at]:
                if answer[at] & 0xC0:  # the rest of the name stands elsewhere
                    at += 1
                    break
                at += 1 + answer[at]
            at += 1
            if answer[at : at + 4] == b"\0\1\0\1" and answer[at + 8 : at + 10] == b"\0\4":
                return "%d.%d.%d.%d" % tuple(answer[at + 10 : at + 14])
            at += 10 + (answer[at + 8] << 8 | answer[at + 9])
    except (IndexError, TypeError):
        pass  # it was cut short
    return ""
