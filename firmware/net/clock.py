"""Time: seconds since the start, and Unix time once somebody told it.

Unix seconds are whole integers everywhere: an ESP32 float has 32 bits and its
time module counts from 2000.
"""

import socket
import time

from micropython import const

_NTP_TO_UNIX = const(2208988800)
_ANSWER_MS = const(2000)
_AGAIN_S = const(3600)  # between syncs
_RETRY_S = const(15)
_REST_S = const(300)  # after servers that do not agree were asked again and again
_SOON_S = const(2)  # until another server is asked whether it agrees
_ROUNDS = const(2)  # so often the others must be silent before one is believed alone
_SANE = const(1420070400)  # 2015-01-01: a clock before this was never set
_STEP_MS = const(600000)  # a larger step is taken only when a second server agrees
_AGREE_MS = const(2000)

UNSET = "unset"
RTC = "rtc"
NTP = "ntp"


class Clock:
    """uptime_ms() counts from the start; unix() is None until the time is known."""

    def __init__(self, board):
        self._board = board
        self._hal = board.hal
        self._ticks = board.hal.ticks_ms()
        self._up_ms = 0
        self._base_ms = 0  # Unix ms at up 0
        self.state = UNSET
        self.moved_ms = 0  # by how much the last sync moved the clock
        self.drift_ppm = None  # and what that is of the time since the sync before
        self.sync_up_s = None
        kept = board.rtc_get()
        if kept >= _SANE:
            self._base_ms = kept * 1000
            self.state = RTC

    def uptime_ms(self):
        now = self._hal.ticks_ms()
        self._up_ms += self._hal.ticks_diff(now, self._ticks)
        self._ticks = now
        return self._up_ms

    def uptime_s(self):
        """Whole seconds since the start."""
        return self.uptime_ms() // 1000

    def unix(self):
        """Unix seconds UTC, or None while the clock is unset."""
        if self.state == UNSET:
            return None
        return (self._base_ms + self.uptime_ms()) // 1000

    def stamp(self):
        """(dated, seconds): Unix time if known, else seconds since the start."""
        t = self.unix()
        return (False, self.uptime_s()) if t is None else (True, t)

    def text(self):
        """UTC as 2026-01-05T08:00:00Z; seconds since the start while the clock is unset."""
        t = self.unix()
        if t is None:
            return "+%d" % self.uptime_s()
        # The port's own epoch is 1970 or 2000.
        g = time.gmtime(t - (946684800 if time.gmtime(0)[0] == 2000 else 0))
        return "%04d-%02d-%02dT%02d:%02d:%02dZ" % g[:6]

    def epoch(self):
        """Unix seconds of this start's second 0; 0 while the clock is unset."""
        return 0 if self.state == UNSET else (self._base_ms + 500) // 1000

    def off_ms(self, unix_ms):
        """How far Unix milliseconds, true now, are ahead of this clock; 0 while it is unset."""
        return 0 if self.state == UNSET else unix_ms - self.uptime_ms() - self._base_ms

    def set_ms(self, unix_ms):
        """Take Unix milliseconds as true now."""
        self.moved_ms = self.off_ms(unix_ms)
        if self.state == NTP:
            elapsed = self.uptime_s() - self.sync_up_s
            if elapsed >= 600:  # over less the network's jitter is all there is to see
                self.drift_ppm = self.moved_ms * 1000 // elapsed
        self._base_ms = unix_ms - self.uptime_ms()
        self.state = NTP
        self.sync_up_s = self.uptime_s()
        self._board.rtc_set(unix_ms // 1000)


class Sntp:
    """Asks the servers in turn, without ever waiting for them (RFC 4330 client)."""

    def __init__(self, clock, servers, log):
        self._clock = clock
        self._servers = servers
        self._log = log
        self._i = 0
        self._sock = None
        self._sent = 0
        self._next = 0  # up_s
        self._doubt = None  # Unix ms at up 0, as an answer had it that nobody confirmed yet
        self._by = 0  # whose answer that was
        self._silent = 0  # how often others did not answer since
        self._alone = False  # the clock was set by one that nobody confirmed
        self._asked = 0  # how often servers were asked since the last rest

    def asking(self):
        """True while an answer is waited for: it is dated by when it is looked at."""
        return self._sock is not None

    def poll(self, resolver):
        """One step; resolver: a net.resolver.Resolver."""
        if self._sock is not None:
            self._listen(resolver)
        elif self._clock.uptime_s() >= self._next:
            self._ask(resolver)

    def _listen(self, resolver):
        late = self._clock.uptime_ms() - self._sent > _ANSWER_MS
        try:
            answer = None if late else self._sock.recv(48)
        except OSError:
            answer = None  # nothing there yet
        if answer:
            self._take(answer)
        elif late:  # what is looked at so late says nothing of when it came
            self._log.warn("ntp: no answer from %s" % self._servers[self._i])
            resolver.doubt(self._servers[self._i].partition(":")[0])
            self._miss(1)

    def _ask(self, resolver):
        server = self._servers[self._i]
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
        if not good or p[24:28] != ours or seconds < _SANE:
            self._log.warn("ntp: bad answer from %s" % self._servers[self._i])
            self._miss(1)
            return
        ms = (int.from_bytes(p[44:46], "big") * 1000) >> 16
        unix_ms = seconds * 1000 + ms + trip // 2
        if not self._believed(unix_ms):
            self._miss(0)
            return
        self._close()
        self._doubt = None
        self._asked = 0
        first = self._clock.state != NTP
        self._clock.set_ms(unix_ms)
        self._next = self._clock.uptime_s() + _AGAIN_S
        moved = self._clock.moved_ms
        if self._alone:
            self._next_server()
        if first or not -_AGREE_MS < moved < _AGREE_MS:
            text = "ntp: time from %s, clock moved by %d ms"
            self._log.info(text % (self._servers[self._i], moved))

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
            if self._by != self._i or not others:
                self._alone = False
                return True
            # A clock that two servers agreed on is off by so much only if both were wrong.
            agreed = self._clock.state == NTP and not self._alone
            if agreed or self._silent < _ROUNDS * others:
                return False
            self._log.warn("ntp: nobody else confirms the time of %s" % self._servers[self._i])
            self._alone = True
            return True
        if is_set or self._doubt is not None:
            apart = off if is_set else base - self._doubt
            other = "this clock" if is_set else self._servers[self._by]
            text = "ntp: %s is %d s off %s; none is believed alone, the next is asked"
            self._log.warn(text % (self._servers[self._i], apart // 1000, other))
        self._doubt = base
        self._by = self._i
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
        self._next = self._clock.uptime_s() + wait

    def _next_server(self):
        self._i = (self._i + 1) % len(self._servers)

    def _close(self):
        if self._sock is not None:
            self._sock.close()
            self._sock = None
