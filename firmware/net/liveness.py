"""Whether anything passes a line that is up, and for want of what a session ended."""

import errno

from micropython import const

_ANEW_S = const(300)  # nothing passes for so long: connect anew, and again after as long
_RESTART_S = const(3600)
_SHORT = const(5)  # sessions in a row that ended for want of memory
_SAID = "not enough memory"  # by error_text.py


class Liveness:
    """stranded: only a restart may help. Nothing has passed for an hour, or memory lacked for
    several sessions in a row: then starved, too."""

    def __init__(self, clock, uplink, log):
        self._clock = clock
        self._uplink = uplink
        self._log = log
        self._alive_s = 0  # uptime
        self._anew = 0
        self._leaving = False  # the line was left from here
        self._short = 0
        self.stranded = self.starved = False

    def alive(self):
        """Something has passed."""
        self._alive_s = self._clock.uptime_s()
        self._anew = 0
        self._leaving = False

    def unassociated(self):
        """The line is down: that is no silence, unless it was left to connect anew."""
        if not self._leaving:
            self.alive()

    def failed(self, e, text, answered):
        """A session has ended with e, in words text. answered: the peer had taken the
        connection; one that refuses it is reached, too."""
        if answered or getattr(e, "errno", None) == errno.ECONNREFUSED:
            self.alive()
        self._short = self._short + 1 if _SAID in text else 0
        if self._short >= _SHORT:
            self.stranded = self.starved = True  # a heap in pieces: the queue is on flash
            return
        silent = self._clock.uptime_s() - max(self._alive_s, self._clock.sync_up_s or 0)
        if silent >= _RESTART_S:
            self.stranded = True
        elif silent >= _ANEW_S * (self._anew + 1):
            self._anew += 1
            self._log.warn("net: nothing passes for %d s: connecting anew" % silent)
            self._leaving = True
            self._uplink.again()
