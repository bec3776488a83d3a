"""Time: seconds since the start, and Unix time once somebody told it.

Unix seconds are whole integers everywhere: an ESP32 float has 32 bits and its
time module counts from 2000.
"""

import time

from late import forget
from micropython import const

_AGAIN_S = const(3600)  # between syncs
SANE = const(1420070400)  # 2015-01-01: a clock before this was never set
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
        if kept >= SANE:
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


class Sync:
    """Has time servers asked when that is due; what asks them (net.sntp) is loaded for it, as
    TLS needs the memory."""

    def __init__(self, clock, servers, log):
        self._clock = clock
        self._servers = servers
        self._log = log
        self._i = 0
        self._alone = False
        self._next = 0  # up_s
        self._sntp = None

    def asking(self):
        """True while an answer is waited for: it is dated by when it is looked at."""
        return self._sntp is not None and self._sntp.asking()

    def poll(self, resolver):
        """One step; resolver: a net.resolver.Resolver."""
        if self._sntp is None:
            if self._clock.uptime_s() < self._next:
                return
            from net.sntp import Sntp

            self._sntp = Sntp(self._clock, self._servers, self._log, self._i, self._alone)
        sntp = self._sntp
        if sntp.poll(resolver):
            self._i = sntp.i
            self._alone = sntp.alone
            self._next = self._clock.uptime_s() + _AGAIN_S
            self._sntp = None
            forget("net.sntp")
