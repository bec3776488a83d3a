"""Time servers: what they answer, and whether it is believed (RFC 4330 client); loaded for the
question only."""

import socket

from micropython import const

from net.clock import NTP, SANE, UNSET

_NTP_TO_UNIX = const(2208988800)
_ANSWER_MS = const(2000)
_RETRY_S = const(15)
_REST_S = const(300)  # after servers that do not agree were asked again and again
_SOON_S = const(2)  # until another server is asked whether it agrees
_ROUNDS = const(2)  # so often the others must be silent before one is believed alone
_STEP_MS = const(600000)  # a larger step is taken only when a second server agrees
_AGREE_MS = const(2000)


class Sntp:
    """Asks the servers in turn, without ever waiting for them. i: whose turn it is; alone: the
    clock was set by one server that nobody confirmed."""

    def __init__(self, clock, servers, log, i, alone):
        self._clock = clock
        self._servers = servers
        self._log = log
        self.i = i
        self.alone = alone
        self.next = 0  # up_s
        self._sock = None
        self._sent = 0
        self._doubt = None  # Unix ms at up 0, as an answer had it that nobody confirmed yet
        self._by = 0  # whose answer that was
        self._silent = 0  # how often others did not answer since
        self._asked = 0  # how often servers were asked since the last rest

    def asking(self):
        """True while an answer is waited for: it is dated by when it is looked at."""
        return self._sock is not None

    def poll(self, resolver):
        """One step; True when the clock was set. resolver: a net.resolver.Resolver."""
        if self._sock is not None:
            return self._listen(resolver)
        if self._clock.uptime_s() >= self.next:
            self._ask(resolver)
        return False

    def _listen(self, resolver):
        late = self._clock.uptime_ms() - self._sent > _ANSWER_MS
        try:
            answer = None if late else self._sock.recv(48)
        except OSError:
            answer = None  # nothing there yet
        if answer:
            return self._take(answer)
        if late:  # what is looked at so late says nothing of when it came
            self._log.warn("ntp: no answer from %s" % self._servers[self.i])
            resolver.doubt(self._servers[self.i].partition(":")[0])
            self._miss(1)
        return False

    def _ask(self, resolver):
        server = self._servers[self.i]
        host, _, port = server.partition(":")
        try:
            addr = resolver.lookup(host, int(port or 123))
            if addr is None:
                return  # it is asked for
            self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._sock.setblocking(False)
            self._sock.connect(addr)
            packet = bytearray(48)
            packet[0] = 0x23  # version 4, client
            self._sent = self._clock.uptime_ms()
            # The server echoes our transmit time: an answer to another question is refused.
            packet[40:44] = (self._sent & 0x3FFFFFFF).to_bytes(4, "big")
            self._sock.send(packet)
        except OSError as e:
            self._log.warn("ntp: %s: %s" % (server, e))
            self._miss(1)

    def _take(self, p):
        now = self._clock.uptime_ms()
        trip = now - self._sent
        ours = (self._sent & 0x3FFFFFFF).to_bytes(4, "big")
        good = len(p) == 48 and p[0] & 7 == 4 and p[0] >> 6 != 3 and 0 < p[1] < 16 and any(p[40:48])
        seconds = int.from_bytes(p[40:44], "big") - _NTP_TO_UNIX
        if seconds < 0:
            seconds += 1 << 32  # era 1 begins in 2036
        if not good or p[24:28] != ours or seconds < SANE:
            self._log.warn("ntp: bad answer from %s" % self._servers[self.i])
            self._miss(1)
            return False
        ms = (int.from_bytes(p[44:46], "big") * 1000) >> 16
        unix_ms = seconds * 1000 + ms + trip // 2
        if not self._believed(unix_ms):
            self._miss(0)
            return False
        self._close()
        first = self._clock.state != NTP
        self._clock.set_ms(unix_ms)
        moved = self._clock.moved_ms
        if first or not -_AGREE_MS < moved < _AGREE_MS:
            text = "ntp: time from %s, clock moved by %d ms"
            self._log.info(text % (self._servers[self.i], moved))
        if self.alone:
            self._next_server()  # it shall be confirmed
        return True

    def _believed(self, unix_ms):
        """A small step of a clock that is set always; else what two servers agree on, or one
        to which nobody else says anything."""
        off = self._clock.off_ms(unix_ms)
        is_set = self._clock.state != UNSET
        if is_set and -_STEP_MS <= off <= _STEP_MS:
            return True
        base = unix_ms - self._clock.uptime_ms()
        others = len(self._servers) - 1
        if self._doubt is not None and -_AGREE_MS <= base - self._doubt <= _AGREE_MS:
            if self._by != self.i or not others:
                self.alone = False
                return True
            # A clock that two servers agreed on is off by so much only if both were wrong.
            agreed = self._clock.state == NTP and not self.alone
            if agreed or self._silent < _ROUNDS * others:
                return False
            self._log.warn("ntp: nobody else confirms the time of %s" % self._servers[self.i])
            self.alone = True
            return True
        if is_set or self._doubt is not None:
            apart = off if is_set else base - self._doubt
            other = "this clock" if is_set else self._servers[self._by]
            text = "ntp: %s is %d s off %s; none is believed alone, the next is asked"
            self._log.warn(text % (self._servers[self.i], apart // 1000, other))
        self._doubt = base
        self._by = self.i
        self._silent = 0
        return False

    def _miss(self, silent):
        """Nothing to set the clock by: the next one, then. silent: 1 if it had no time to tell."""
        self._close()
        self._next_server()
        self._silent += silent
        self._asked += 1
        wait = 0 if silent else _SOON_S
        if self._doubt is None:
            wait = _RETRY_S
        elif self._asked > 2 * _ROUNDS * len(self._servers):
            wait = _RETRY_S if self._clock.state == UNSET else _REST_S
            self._asked = 0
        self.next = self._clock.uptime_s() + wait

    def _next_server(self):
        self.i = (self.i + 1) % len(self._servers)

    def _close(self):
        if self._sock is not None:
            self._sock.close()
            self._sock = None
