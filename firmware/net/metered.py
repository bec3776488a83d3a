"""A socket that has counted what passes it, as a bill has it: with the heads of TCP/IP, and of TLS
what no socket sees. Beside BoundedSocket nothing is known of it."""

from micropython import const

from net.bounded_socket import BoundedSocket

_HEAD = const(40)  # of IP and TCP
_SEGMENT = const(1400)
_OPEN = const(360)  # TCP begins and ends, with options
_TLS = const(4000)  # a handshake: two chains of EC certificates
_RECORD = const(29)  # what TLS adds to each piece
_PIECE = const(128)  # a longer read is made of such ones


class Metered(BoundedSocket):
    """traffic.add(bytes) is told; set by whoever makes one."""

    traffic = None
    more = _HEAD  # to each piece
    waits = 0  # bytes written, not yet sent

    def open(self, addr, wrap=None):
        self.more = _HEAD + _RECORD if wrap else _HEAD
        self.waits = 0
        return super().open(addr, wrap)

    def connect(self, where):
        super().connect(where)
        self.traffic.add(_OPEN if self.more == _HEAD else _OPEN + _TLS)

    def read(self, n):
        data = super().read(n)
        if data and n <= _PIECE:
            self.traffic.add(len(data))
        return data

    def write(self, data, n=None):
        size = super().write(data, n)
        self.waits += size
        return size

    def flush(self):
        n = self.waits
        self.waits = 0
        if n:  # it, its answer, and what acknowledges that
            self.traffic.add(n + 2 * self.more + _HEAD + n // _SEGMENT * _HEAD)
        super().flush()
