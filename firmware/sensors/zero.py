"""Zero-tracking: the zero follows the drift of a platform that nothing stands on.

What stands on a platform cannot be told from drift, so the zero is let alone unless the
platform is known to be bare: at rest within 2 e of zero (nothing that is seen to be put
there weighs less, see weighing) for ten minutes (no lift takes so long, so a bin is
weighed before and after it from the same zero). R 76 allows 0.5 d/s and 4 % of Max; this
is slower, one count at a time, and .shift never goes beyond 10 e (0.3 % of Max where
n = 3000). Integers only; nothing is allocated."""

from micropython import const

_BARE_MS = const(600000)
_BAND_E = const(2)
_MOST_E = const(10)


class ZeroTracking:
    """shift: counts by which the zero has been moved since start or calibration."""

    def __init__(self, diff):
        self._diff = diff  # ticks_diff
        self.shift = 0
        self.restart()

    def calibrate(self, calibration, e_kg):
        self._band = _BAND_E * calibration.counts(e_kg)
        self._most = _MOST_E * calibration.counts(e_kg)
        self.shift = 0
        self.restart()

    def restart(self):
        """Something moves on the platform, or it is not known to be bare."""
        self._since = None
        self._bare = False

    def feed(self, span, now):
        """span: counts from zero, at rest at ticks now. Counts to move the zero by."""
        if not -self._band <= span <= self._band:
            self._since = None
            self._bare = False
            return 0
        if not self._bare:
            if self._since is None:
                self._since = now
            self._bare = self._diff(now, self._since) >= _BARE_MS
            return 0
        step = 1 if span > 0 else -1 if span < 0 else 0
        if not -self._most <= self.shift + step <= self._most:
            return 0
        self.shift += step
        return step
