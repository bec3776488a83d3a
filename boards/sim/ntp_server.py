"""A time server on loopback that tells the virtual time (RFC 4330)."""

import select

from udp_port import bound

_UNIX_TO_NTP = 2208988800


class NtpServer:
    """serve() answers what has come in; the board calls it while it waits."""

    def __init__(self, clock, port=None):
        self._clock = clock
        self._sock, self.port = bound(port)
        self._poll = select.poll()
        self._poll.register(self._sock, select.POLLIN)
        self.asked = 0

    def serve(self):
        for _ in self._poll.ipoll(0):
            self._answer()
            return True
        return False

    def _answer(self):
        question, peer = self._sock.recvfrom(48)
        ms = self._clock.ms()
        p = bytearray(48)
        p[0] = 0x24  # version 4, server
        p[1] = 2
        p[24:32] = question[40:48]
        stamp = (ms // 1000 + _UNIX_TO_NTP).to_bytes(4, "big")
        stamp += ((ms % 1000 << 32) // 1000).to_bytes(4, "big")
        p[32:40] = stamp
        p[40:48] = stamp
        self._sock.sendto(p, peer)
        self.asked += 1
