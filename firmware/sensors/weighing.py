"""From counts to a stable weight: stability in the manner of OIML R 76.

Outliers do not reach this module: frame_filter.py drops them. All arithmetic in the
sampling path is on small integers (24-bit counts, sums of at most 64 of them) and allocates
nothing. Stable means: within 1 e over 5 s.
"""

from micropython import const

IDLE = const(0)  # stable: a frame now and then is enough
ACTIVE = const(1)  # every conversion is wanted

_STABLE_MS = const(5000)
# Counts that 5 s of a live HX711 always differ by: its noise is 50 nV rms at gain 128 and
# 10 SPS (data sheet), 20 counts. A simulated load without noise does not.
_NOISE = const(8)
_KEEP = const(8)  # idle frames in the running mean
_MOST = const(64)  # frames in a stability window: 64 x 2**24 stays a small integer


class Calibration:
    """zero in counts, scale in counts per kg (a float; its sign follows the wiring), both
    at t_c degC; zero_per_c in counts per degC and span_ppm_per_c say how they move."""

    def __init__(self, id, date, zero, counts_per_kg, t_c=20, zero_per_c=0, span_ppm_per_c=0):
        self.id = id
        self.date = date
        self.zero = zero
        self.counts_per_kg = counts_per_kg
        self.t_c = t_c
        self.zero_per_c = zero_per_c
        self.span_ppm_per_c = span_ppm_per_c
        self.at(None)

    def at(self, centi_c):
        """Weigh at this temperature (0.01 degC; None: not known, so t_c) from now on."""
        warmer = 0 if centi_c is None else centi_c / 100 - self.t_c
        self.zero_now = self.zero + int(round(self.zero_per_c * warmer))
        self.span = 1 + self.span_ppm_per_c * warmer / 1000000
        self._scale = self.counts_per_kg * self.span

    def grams(self, counts):
        """Weight in whole grams (float arithmetic: not for the sampling path)."""
        return int(round((counts - self.zero_now) * 1000 / self._scale))

    def counts(self, kg):
        """A span of kg in counts, at least 1."""
        return max(1, int(abs(kg * self.counts_per_kg)))


class Weighing:
    """One platform. feed() takes each frame and says how soon the next is wanted.

    .stable tells whether .mean (counts) holds now; .moved counts departures from
    stability, so that a caller sees each one; .known is False until the first
    stable weight after start. It has held since .since (ticks, at most a day ago); .low and
    .high (counts) bound the frames by which it became stable; .noisy: they were those of a
    live converter."""

    def __init__(self, calibration, e_kg, diff):
        self._diff = diff  # ticks_diff
        self.calibrate(calibration, e_kg)
        self.restart()

    def calibrate(self, calibration, e_kg):
        self.calibration = calibration
        self._e = calibration.counts(e_kg)
        self._motion = calibration.counts(2 * e_kg)

    def restart(self):
        """Forget what was weighed: after a fault or a new calibration."""
        self.known = False
        self.stable = False
        self.moved = 0
        self.mean = 0
        self._sum = 0
        self._n = 0
        self.low = 0
        self.high = 0
        self.since = 0
        self.noisy = False

    def grams(self):
        """The last stable weight in grams."""
        return self.calibration.grams(self.mean)

    def feed(self, counts, now):
        """Take one frame at ticks now; returns IDLE or ACTIVE."""
        if self.stable:
            return self._watch(counts, now)
        return self._settle(counts, now)

    def _watch(self, counts, now):
        d = counts - self.mean
        if d < 0:
            d = -d
        if d <= self._motion:
            # A running mean over the last few frames follows rain and drift.
            self._sum += counts - self.mean
            self.mean = self._sum // _KEEP
            return IDLE
        # frame_filter drops spikes, so this is motion.
        self.stable = False
        self.moved += 1
        self._open(counts, now)
        return ACTIVE

    def _open(self, counts, now):
        self.low = counts
        self.high = counts
        self._sum = counts
        self._n = 1
        self.since = now

    def _settle(self, counts, now):
        if counts < self.low:
            self.low = counts
        elif counts > self.high:
            self.high = counts
        if not self._n or self.high - self.low > self._e:
            self._open(counts, now)
            return ACTIVE
        if self._n < _MOST:
            self._sum += counts
            self._n += 1
        if self._diff(now, self.since) < _STABLE_MS:
            return ACTIVE
        self.mean = self._sum // self._n
        self.noisy = self.high - self.low > _NOISE
        self._sum = self.mean * _KEEP
        self.stable = True
        self.known = True
        return IDLE
