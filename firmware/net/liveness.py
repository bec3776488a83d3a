"""Whether anything passes a network that the board is associated with."""

import errno

from micropython import const

_ANEW_S = const(300)  # nothing passes for so long: associate anew, and again after as long
_RESTART_S = const(3600)
_ANSWERED = (errno.ECONNREFUSED, errno.ECONNRESET)  # by a host that is there


class Liveness:
    """stranded: nothing has passed for so long that only a restart may help."""

    def __init__(self, clock, wifi, log):
        self._clock = clock
        self._wifi = wifi
        self._log = log
        self._alive_s = 0  # uptime
        self._anew = 0
        self.stranded = False

    def alive(self):
        """Something has passed."""
        self._alive_s = self._clock.uptime_s()
        self._anew = 0

    def failed(self, e):
        """A session has ended with e; a host that refuses is reached all the same."""
        if getattr(e, "errno", None) in _ANSWERED:
            self.alive()
        silent = self._clock.uptime_s() - max(self._alive_s, self._clock.sync_up_s or 0)
        if silent >= _RESTART_S:
            self.stranded = True
        elif silent >= _ANEW_S * (self._anew + 1):
            self._anew += 1
            self._log.warn("wifi: nothing passes for %d s: associating anew" % silent)
            self._wifi.again()
