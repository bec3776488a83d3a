"""What a load cell and an echo sensor really deliver: true kg and mm in, raw values out.

Everything is a function of (seed, virtual time, load history), never of how often
it is asked: a platform sampled at 1 Hz and one sampled at 10 Hz live in the same
world. White noise and spikes are a hash of the conversion's index (ms // 100);
leaning people and passing trucks come from a schedule hashed per slot of 2**19 ms.

Magnitudes: OIML R 60 class C3 cell, R 76 class III platform with n = 3000
(e = max_kg / 3000), HX711 at gain 128 and AVDD 5 V. Angles in rad, times in ms.
"""

import math
from array import array

CONVERSION_MS = 100  # HX711 at 10 samples per second
SATURATED_HIGH = 0x7FFFFF
SATURATED_LOW = -0x800000

_QUANTUM = 13  # slow effects are renewed every 2**13 ms = 8.2 s
_SLOT = 19  # at most one lean and one truck per 2**19 ms = 8.7 min
_LOCAL_MS = 8 * 3600 * 1000  # Asia/Shanghai: people and trucks follow the local hour
_CALIBRATED_AT = 2000  # 0.01 degC: zero and span are right at this temperature
_DRIFT_E_PER_C = 0.2  # R 76: the zero moves by at most 1 e per 5 degC
_SPAN_PER_C = 10e-6  # within C3: takes 0.7 mpe over a 35 degC range at full load
_CREEP = 0.000245  # R 60 C3: of the load, within 30 min
_LEANS_PER_DAY = 4.0
_SPIKES = 3  # of 65536 conversions: 4.6e-5
_TAU = 2 * math.pi


def mix(x):
    """Hash of an int to 32 bits. The factors keep every product a small int."""
    x &= 0xFFFFFFFF
    x = (x ^ (x >> 16)) * 0x2C1B3C6D & 0xFFFFFFFF
    x = (x ^ (x >> 13)) * 0x297A2D39 & 0xFFFFFFFF
    return x ^ (x >> 16)


def seed_of(seed, name):
    """A seed of its own for each channel: hash of an int and a str."""
    h = mix(seed)
    for char in name:
        h = mix(h * 31 + ord(char))
    return h


def _unit(seed, key):
    """Hash of (seed, key) to a float in [0, 1)."""
    return mix(mix(key) ^ seed) / 4294967296


def _normal_quantile(p):
    """Inverse of the normal distribution function, by Newton's method; 0 < p < 1."""
    x = 0.0
    for _ in range(40):
        x -= ((1 + math.erf(x / math.sqrt(2))) / 2 - p) * math.sqrt(_TAU) * math.exp(x * x / 2) / 2
    return x


# Quantiles of the normal distribution in 1/8192: the sum of two drawn at random is normal
# too. One table for all sensors: it is small, and so is a board's memory.
QUANTILES = array("h", [round(8192 * _normal_quantile((i + 0.5) / 256)) for i in range(256)])


def noise_half(sigma):
    """What noise() needs to have this sigma (counts)."""
    return round(16 * sigma / math.sqrt(2) * 1.004)  # the quantiles cut the tails by 0.4 %


def noise(h, half):
    """Counts drawn by a hash."""
    return (QUANTILES[h & 255] + QUANTILES[h >> 8 & 255]) * half + 65536 >> 17


def synthetic_centi_c(ms):
    """A plausible outdoor temperature in Shanghai (0.01 degC) at Unix time ms."""
    hour = (ms + _LOCAL_MS) % 86400000 / 3600000
    year = ms % 31556952000 / 31556952000
    season = 1700 - 1150 * math.cos(_TAU * (year - 0.055))  # coldest about 20 January
    return round(season + 450 * math.cos(_TAU * (hour - 14.5) / 24))


class LoadCell:
    """One platform's load cells with their HX711.

    zero: counts of the bare platform; counts_per_kg: float; max_kg: capacity;
    mode: "ideal" (zero + kg * counts_per_kg, nothing else) or "field";
    seed: int, one per channel (see seed_of); faults: fraction of conversions,
    0..1, that the HX711 damages, in either mode.
    """

    def __init__(self, zero, counts_per_kg, max_kg, mode, seed, *, faults=0.0):
        if mode not in ("ideal", "field"):
            raise ValueError("physics: expected ideal or field, got " + repr(mode))
        self._zero = zero
        self._scale = counts_per_kg
        self._field = mode == "field"
        self._seed = seed = mix(seed)
        self._faults = int(faults * 4294967296)
        self._kg = None  # no load seen yet
        self._quantum = -1
        self._slot = -1
        self._centi_c = None
        self._base = 0  # counts without noise and motion
        self._busy = False  # a lean or a truck touches this quantum
        self._ring_end = 0
        self._stuck = (-1, 0)
        if not self._field:
            return
        # 42..66 counts RMS: 250..450 counts p-p among the 600 conversions of a minute.
        self._half = noise_half(42 + 24 * _unit(seed, 1))
        drift = (0.2 + 0.75 * _unit(seed, 2)) * self._sign(3)
        self._zero_per_cc = drift * _DRIFT_E_PER_C * max_kg / 3000 * counts_per_kg / 100
        self._span_per_cc = (2 * _unit(seed, 4) - 1) * _SPAN_PER_C / 100
        self._creep = (0.3 + 0.7 * _unit(seed, 5)) * self._sign(6) * _CREEP
        self._creep_tau = (6 + 6 * _unit(seed, 7)) * 60000
        self._creep_ms = 0
        self._creep_from = 0.0  # kg of creep when the load last changed

    def _sign(self, key):
        return 1 if mix(self._seed + key) & 1 else -1

    def load(self, ms, kg):
        """The load became kg (float) at ms. Optional: counts() notices a new load
        itself, but only when it is asked; a player that announces every change
        makes creep and ringing exact at any sampling rate."""
        old = self._kg
        if kg == old:
            return
        if not self._field:
            self._kg = kg
            self._base = round(self._zero + kg * self._scale)
            return
        if old is None:  # standing there for long: fully crept, at rest
            self._creep_from = self._creep * kg
        else:
            self._creep_from = self._crept(ms)
            key = mix(ms // CONVERSION_MS) ^ self._seed
            self._ring_tau = 250 + 450 * _unit(key, 8)
            self._ring_w = _TAU * (2.5 + 9 * _unit(key, 9)) / 1000
            size = min(abs(kg - old) * (0.1 + 0.3 * _unit(key, 10)), 15.0)
            self._ring = size * self._scale
            self._ring_ms = ms
            self._ring_end = ms + int(9 * self._ring_tau)
        self._creep_ms = ms
        self._kg = kg
        self._quantum = -1

    def _crept(self, ms):
        """kg by which creep changes the reading at ms."""
        end = self._creep * self._kg
        gone = max(ms - self._creep_ms, 0) / self._creep_tau
        return end + (self._creep_from - end) * math.exp(-gone)

    def counts(self, ms, kg, centi_c=None):
        """Counts of the conversion at ms (int, Unix ms, never going back), not clamped
        to 24 bits. kg: float; centi_c: int 0.01 degC, None: a synthetic day."""
        if kg != self._kg:
            self.load(ms, kg)
        if not self._field:
            return self._damaged(ms, self._base) if self._faults else self._base
        if ms >> _QUANTUM != self._quantum or centi_c != self._centi_c:
            self._renew(ms >> _QUANTUM, centi_c)
        h = mix(ms // CONVERSION_MS ^ self._seed)
        x = self._base + noise(h, self._half)
        if ms < self._ring_end and ms >= self._ring_ms:
            x += self._ringing(ms - self._ring_ms)
        if self._busy:
            x += round(self._moving(ms) * self._scale)
        if h >> 16 < _SPIKES:
            x += self._spike(h)
        return self._damaged(ms, x) if self._faults else x

    def _ringing(self, dt):
        """Counts by which the platform swings dt after the load has changed."""
        return round(self._ring * math.exp(-dt / self._ring_tau) * math.cos(self._ring_w * dt))

    def _renew(self, quantum, centi_c):
        """Slow effects as they are at the start of the quantum."""
        start = quantum << _QUANTUM
        self._quantum = quantum
        self._centi_c = centi_c
        warmer = (synthetic_centi_c(start) if centi_c is None else centi_c) - _CALIBRATED_AT
        kg = self._kg + self._crept(start)
        span = self._scale * (1 + self._span_per_cc * warmer)
        self._base = round(self._zero + self._zero_per_cc * warmer + kg * span)
        slot = start >> _SLOT
        if slot != self._slot:
            self._schedule(slot)
        end = start + (1 << _QUANTUM)
        self._busy = (self._lean_ms < end and start < self._lean_end) or (
            self._truck_ms < end and start < self._truck_end
        )

    def _schedule(self, slot):
        """Who leans and what passes during one slot: neither reaches over its end."""
        self._slot = slot
        key = mix(slot) ^ self._seed
        start = slot << _SLOT
        hour = (start + _LOCAL_MS) // 3600000 % 24
        awake = 6 <= hour < 22
        width = 1 << _SLOT
        self._lean_ms = self._lean_end = self._truck_ms = self._truck_end = 0
        if awake and _unit(key, 20) < _LEANS_PER_DAY * width / (16 * 3600000):
            length = int(2000 + 28000 * _unit(key, 21) ** 2)
            self._lean_ms = start + int((width - length) * _unit(key, 22))
            self._lean_end = self._lean_ms + length
            self._lean_kg = 40 ** _unit(key, 23)  # 1..40 kg, light ones more often
            steady = _unit(key, 24) < 0.3
            self._lean_wobble = 0.008 if steady else 0.1 + 0.08 * self._lean_kg
            self._lean_w = _TAU * (0.4 + 1.2 * _unit(key, 25)) / 1000
        if _unit(key, 30) < (0.5 if awake else 0.1):
            length = int(4000 + 11000 * _unit(key, 31))
            self._truck_ms = start + int((width - length) * _unit(key, 32))
            self._truck_end = self._truck_ms + length
            self._truck_kg = 0.02 + 0.5 * _unit(key, 33) ** 3
            self._truck_w = _TAU * (3 + 6 * _unit(key, 34)) / 1000

    def _moving(self, ms):
        """kg added at ms by the person leaning and the truck passing."""
        kg = 0.0
        if self._lean_ms <= ms < self._lean_end:
            dt = ms - self._lean_ms
            press = min(1.0, dt / 600, (self._lean_end - ms) / 600)
            wobble = math.sin(self._lean_w * dt) + 0.5 * math.sin(2.7 * self._lean_w * dt)
            kg = press * (self._lean_kg + self._lean_wobble * wobble)
        if self._truck_ms <= ms < self._truck_end:
            dt = ms - self._truck_ms
            swell = math.sin(math.pi * dt / (self._truck_end - self._truck_ms))
            kg += self._truck_kg * swell * swell * math.sin(self._truck_w * dt)
        return kg

    def _spike(self, h):
        """Counts by which one conversion is off: any size up to the whole range."""
        size = 2 ** (9 + 14 * _unit(self._seed, h))
        return round(size) if mix(h) & 1 else -round(size)

    def _damaged(self, ms, x):
        """x, or what a faulty HX711 makes of it. The seven kinds share the fraction
        alike; "stuck" comes in runs of 16 s that repeat their first conversion asked
        for, so the share is met over hours."""
        h = mix(ms // CONVERSION_MS + 0x5EED ^ self._seed)
        run = ms >> 14
        if mix(run ^ self._seed) < self._faults // 7:
            if self._stuck[0] != run:
                self._stuck = (run, x)
            return self._stuck[1]
        if h >= self._faults // 7 * 6:
            return x
        kind = mix(h) % 6
        if kind == 0:
            x = (1 << 20 + mix(h + 1) % 4) - 1  # 2**n - 1
        elif kind == 1:
            x = 0
        elif kind == 2:
            x *= 2
        elif kind == 3:
            x //= 2
        elif kind == 4:
            x ^= SATURATED_LOW  # the sign bit lost
        else:
            x = SATURATED_HIGH if mix(h + 2) & 1 else SATURATED_LOW
        return x


class Echo:
    """An ultrasonic sensor looking down on the waste; mode "ideal" or "field"."""

    def __init__(self, mode, seed):
        if mode not in ("ideal", "field"):
            raise ValueError("physics: expected ideal or field, got " + repr(mode))
        self._field = mode == "field"
        self._seed = seed = mix(seed)
        if self._field:
            # Quantiles of 1.5..3.2 mm RMS reach 3..8 mm in a handful of pings.
            self._half = noise_half(10 * (1.5 + 1.7 * _unit(seed, 1)))

    def distance(self, ms, mm):
        """mm (float) that the echo at ms seems to come from; None: no echo."""
        if mm is None or not self._field:
            return mm
        h = mix(ms // CONVERSION_MS ^ self._seed)
        rare = h >> 16
        if rare < 200:  # 0.3 %: lost on soft waste
            return None
        if rare < 450:  # 0.4 %: a bag, the lid or the rim answers first
            return 30 + (mm - 30) * _unit(self._seed, h) if mm > 30 else mm
        return mm + noise(h, self._half) / 10
