"""Addresses of the servers, asked for without waiting: the port's getaddrinfo() stops everything
for 7 s at each name server that is silent.

An address that worked is used without asking again. What asks (net.dns) is loaded for the
question only: TLS needs the memory."""

import socket

from late import forget
from micropython import const

_AGAIN_S = const(5)  # after a first failure; doubled up to _AGAIN_MAX_S
_AGAIN_MAX_S = const(60)


class Resolver:
    """lookup() gives an address when it is known; doubt() after one did not work. One name is
    asked for at a time. The board tells its name servers."""

    def __init__(self, board, clock):
        self._board = board
        self._clock = clock
        self._known = {}  # host -> IPv4 address as text
        self._doubted = set()
        self._failed = {}  # host -> (uptime s of the next question, wait s, why)
        self._question = None  # while one is out

    def asking(self):
        """True while a question is out."""
        return self._question is not None

    def lookup(self, host, port):
        """The address in the manner of getaddrinfo(), None while it is asked for; OSError when
        there is none."""
        if self._question:
            self._step()
        ip = self._known.get(host)
        if host.replace(".", "").isdigit():
            ip = host
        elif ip is None or host in self._doubted:
            if not self._question and self._clock.uptime_s() >= self._failed.get(host, (0,))[0]:
                from net.dns import Question

                self._question = Question(self._board, self._clock, host)
                self._step()
            if self._question:
                return None
            if ip is None:
                raise OSError("dns: no address for %s: %s" % (host, self._failed[host][2]))
        return socket.getaddrinfo(ip, port)[0][-1]  # at once: it is a number

    def doubt(self, host):
        """The address did not work: ask for it anew before the next try."""
        self._doubted.add(host)

    def _step(self):
        """Look for the answer."""
        question = self._question
        ip = question.poll()
        if ip is None:
            return
        host = question.host
        if ip:
            self._known[host] = ip
            self._doubted.discard(host)
            self._failed.pop(host, None)
        else:
            wait = self._failed.get(host, (0, _AGAIN_S))[1]
            at = self._clock.uptime_s() + wait
            self._failed[host] = at, min(2 * wait, _AGAIN_MAX_S), question.why
        self._question = None
        forget("net.dns")
