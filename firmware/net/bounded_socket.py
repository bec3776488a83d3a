"""A socket that umqtt.simple can use without ever waiting for ever.

umqtt.simple asks its module-level `socket` for a socket and calls read, write,
setblocking, settimeout and close on it. Here everything between one begin() and the
next ends within `timeout_ms`, a TLS handshake included and however slowly the peer
dribbles; what is written goes out as one piece, and while it waits `idle` keeps the
sampling going.
"""

import errno
import select
import socket

import buffers
from micropython import const

_IN = const(1)  # select.POLLIN
_OUT = const(4)  # select.POLLOUT
_BROKEN = const(0x18)  # select.POLLERR | select.POLLHUP
_IPPROTO_TCP = const(6)
_TCP_NODELAY = const(1)
_LONGEST_MS = const(10000)
_SAMPLE_MS = const(500)  # sampling is called for so often even while bytes pour in
_LARGEST = const(2048)  # bytes of a message from the broker: more is refused
_PIECE = const(128)


class BoundedSocket:
    """board gives hal and wait(); idle() samples and returns ms until the next sample."""

    def __init__(self, board, idle, timeout_ms=_LONGEST_MS):
        self._board = board
        self._hal = board.hal
        self._idle = idle
        self._timeout = timeout_ms
        self._sock = None
        self._raw = None  # below TLS
        self.answered = False  # the peer has taken the connection opened last
        self.refused = 0  # bytes of a message that was too long; whoever is told of it clears it
        self._poll = None
        self._out = buffers.PACKETS
        self._from = 0  # what waits in it begins here
        self._n = 0  # and ends here
        self._in = b""
        self._blocking = True
        self._begun = self._hal.ticks_ms()
        self._idled = self._begun
        self._wrap = None
        self.heard = self._hal.ticks_ms()  # when the peer last sent anything

    # What umqtt.simple expects of a module and of a socket.

    def socket(self, *args):
        return self

    def getaddrinfo(self, host, port, *args):
        return [(0, 0, 0, "", (host, port))]  # connect() is given an address already

    def settimeout(self, seconds):
        pass  # every call has its bound already

    def setblocking(self, flag):
        self._blocking = flag

    def connect(self, where):
        """Open TCP to the address that open() was told of, and TLS on it if asked for."""
        s = socket.socket()
        self._sock = s
        s.setblocking(False)
        try:
            s.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)  # packets are whole already
        except OSError:
            pass  # not on every port; it is only slower
        try:
            s.connect(self._addr)
        except OSError as e:
            if e.errno != errno.EINPROGRESS:
                raise
        self._poll = select.poll()
        self._poll.register(s, _OUT)
        self._wait(_OUT, errno.ECONNREFUSED)
        self.answered = True
        self._receive = s.recv
        self._transmit = s.send
        self._poll.modify(s, _IN)
        self._raw = s
        if self._wrap:
            # The socket below is polled: a poll of the TLS object costs a millisecond.
            s = self._sock = self._wrap(s)
            self._receive = s.read
            self._transmit = s.write
        self.heard = self._hal.ticks_ms()

    def write(self, data, n=None):
        """Keep data until the next read or flush, so that a packet is one segment.

        A memoryview is the beginning of buffers.PAYLOAD: it lies in its place already, and
        what waits moves up to it."""
        size = len(data) if n is None else n
        if isinstance(data, memoryview):
            if self._n > buffers.HEAD:
                raise OSError(errno.EINVAL)  # it would stand in what is sent
            self._from = buffers.HEAD - self._n
            self._out[self._from : buffers.HEAD] = self._out[: self._n]
            self._n = buffers.HEAD + size
            return size
        left = memoryview(data)[:size]
        while left:
            room = len(self._out) - self._n
            if not room:
                self.flush()
                continue
            part = left[:room]
            self._out[self._n : self._n + len(part)] = part
            self._n += len(part)
            left = left[room:]
        return size

    def read(self, n):
        """Exactly n bytes; None when non-blocking and nothing has come."""
        if self._n:
            self.flush()
        if n > _LARGEST:  # pass over it in pieces, so that the heap does not grow for it
            self.refused = n
            while n:
                n -= len(self.read(min(n, _PIECE)))
            return b""
        if n > _PIECE:  # one piece of memory, not a longer one for each that comes
            whole = bytearray(n)
            at = 0
            while at < n:
                piece = self.read(min(n - at, _PIECE))
                whole[at : at + len(piece)] = piece
                at += len(piece)
            return whole
        self._left()  # a peer that floods or dribbles has no longer than a silent one
        got = self._in
        while len(got) < n:
            more = self._recv()
            if more:
                got = got + more if got else more
                if len(got) < n:
                    self._left()
                continue
            if not self._blocking and not got:
                return None
            try:
                self._wait(_IN)
            except OSError:
                self._in = got
                raise
        self._in = got[n:]
        return got[:n]

    def flush(self):
        """Send all that was written; OSError when the peer does not take it in time."""
        left = memoryview(self._out)[self._from : self._n]
        self._from = self._n = 0
        while left:
            n = self._send(left)
            if n:
                left = left[n:]
            elif self._wrap:
                # TLS mostly has to read before it can write; if not, the next look finds it.
                self._board.wait(self._poll, min(self._left(), self._idle()), True)
            else:
                self._poll.modify(self._raw, _IN | _OUT)
                self._wait(_OUT)
                self._poll.modify(self._raw, _IN)

    def close(self):
        self._from = self._n = 0
        self._in = b""
        if self._sock is not None:
            both = (self._sock, self._raw)  # TLS that failed does not close what is below it
            self._sock = self._raw = None
            self._poll = None
            self._receive = self._transmit = None
            for s in both:
                try:
                    if s is not None:
                        s.close()
                except OSError:
                    pass  # TLS says goodbye to a peer that may be gone

    # Ours.

    def open(self, addr, wrap=None):
        """Say where the next connect() shall go; wrap(socket) makes it a TLS socket."""
        self.close()
        self.answered = False
        self._addr = addr
        self._wrap = wrap
        self._blocking = True
        return self

    def begin(self):
        """From now on there is the whole time again."""
        self._begun = self._idled = self._hal.ticks_ms()

    def poller(self):
        """For a wait that ends when the peer sends something; None when closed."""
        return self._poll

    def waiting(self):
        """True when something can be read at once."""
        if self._in or not self._poll:
            return bool(self._in)
        if self._wrap:  # what TLS has taken in already shows on no socket
            self._in = self._recv() or b""
            return bool(self._in)
        return bool(self._poll.poll(0))

    def _recv(self):
        try:
            data = self._receive(_PIECE)
        except OSError as e:
            if e.errno == errno.EAGAIN:
                return None
            raise
        if data is None:
            return None
        if not data:
            raise OSError(errno.ECONNRESET)
        self.heard = self._hal.ticks_ms()
        return data

    def _send(self, data):
        try:
            return self._transmit(data) or 0
        except OSError as e:
            if e.errno == errno.EAGAIN:
                return 0
            raise

    def _left(self):
        """Milliseconds that are left; OSError(ETIMEDOUT) when none are."""
        now = self._hal.ticks_ms()
        if self._hal.ticks_diff(now, self._idled) > _SAMPLE_MS:
            self._idled = now
            self._idle()
        left = self._timeout - self._hal.ticks_diff(now, self._begun)
        if left <= 0:
            raise OSError(errno.ETIMEDOUT)
        return left

    def _wait(self, flag, refused=0):
        """Sample until the socket is ready. refused: the error of a connection that fails,
        which shows as ready and broken at once."""
        while True:
            for _, event in self._poll.poll(0):
                if event & _BROKEN and (refused or not event & flag):
                    raise OSError(refused or errno.ECONNRESET)
                if event & flag:
                    return
            left = self._left()
            ms = self._idle()
            self._idled = self._hal.ticks_ms()
            self._board.wait(self._poll, ms if ms < left else left, True)
