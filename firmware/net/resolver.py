"""Addresses of the servers: the one that worked last is used without asking again.

The port's getaddrinfo() waits 7 s for each name server that does not answer, and nothing else
runs meanwhile; so a name server is asked only for a host without an address, or whose address
did not work, and seldom after it has failed."""

from micropython import const

_AGAIN_S = const(5)  # after a first failure; doubled up to _AGAIN_MAX_S
_AGAIN_MAX_S = const(300)


class Resolver:
    """lookup() in the manner of getaddrinfo(); doubt() after an address did not work."""

    def __init__(self, board, clock):
        self._board = board
        self._clock = clock
        self._known = {}  # (host, port) -> address
        self._doubted = set()
        self._failed = {}  # (host, port) -> (uptime s of the next question, wait s)

    def lookup(self, host, port):
        """The address of a host; OSError while none is known."""
        key = (host, port)
        addr = self._known.get(key)
        if addr is None or key in self._doubted:
            at, wait = self._failed.get(key, (0, _AGAIN_S))
            if self._clock.uptime_s() >= at:
                try:
                    addr = self._known[key] = self._board.resolve(host, port)
                    self._doubted.discard(key)
                    self._failed.pop(key, None)
                except OSError:
                    self._failed[key] = (
                        self._clock.uptime_s() + wait,
                        min(2 * wait, _AGAIN_MAX_S),
                    )
        if addr is None:
            raise OSError("dns: no address for %s" % host)
        return addr

    def doubt(self, host, port):
        """The address did not work: ask for it anew before the next try."""
        self._doubted.add((host, port))
