"""The world of boards/sim/physics.py for whole days at once: every conversion of a cell.

The same functions of (seed, time, load history), computed with numpy for each of the
864,000 conversions of a day. tests/tools/accuracy/test_accuracy.py holds both against each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CONVERSION_MS = 100
QUANTUM_MS = 1 << 13
SLOT_MS = 1 << 19
LOCAL_MS = 8 * 3600 * 1000
CALIBRATED_AT = 2000
HIGH, LOW = 0x7FFFFF, -0x800000
TAU = 2 * math.pi


def mix(x: int) -> int:
    """The hash of physics.mix for one number."""
    x &= 0xFFFFFFFF
    x = (x ^ (x >> 16)) * 0x2C1B3C6D & 0xFFFFFFFF
    x = (x ^ (x >> 13)) * 0x297A2D39 & 0xFFFFFFFF
    return x ^ (x >> 16)


def mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The same for an array."""
    mask = np.uint64(0xFFFFFFFF)
    x = x & mask
    x = ((x ^ (x >> np.uint64(16))) * np.uint64(0x2C1B3C6D)) & mask
    x = ((x ^ (x >> np.uint64(13))) * np.uint64(0x297A2D39)) & mask
    return x ^ (x >> np.uint64(16))


def seed_of(seed: int, name: str) -> int:
    h = mix(seed)
    for char in name:
        h = mix(h * 31 + ord(char))
    return h


def unit(seed: int, key: int) -> float:
    return mix(mix(key) ^ seed) / 4294967296


def _normal_quantile(p: float) -> float:
    x = 0.0
    for _ in range(40):
        x -= ((1 + math.erf(x / math.sqrt(2))) / 2 - p) * math.sqrt(TAU) * math.exp(x * x / 2) / 2
    return x


_QUANTILES = np.array(
    [round(8192 * _normal_quantile((i + 0.5) / 256)) for i in range(256)], dtype=np.int64
)


def synthetic_centi_c(ms: int) -> int:
    hour = (ms + LOCAL_MS) % 86400000 / 3600000
    year = ms % 31556952000 / 31556952000
    season = 1700 - 1150 * math.cos(TAU * (year - 0.055))
    return round(season + 450 * math.cos(TAU * (hour - 14.5) / 24))


@dataclass(frozen=True)
class Load:
    """From ms on the platform carries kg; None: the sensor does not answer. raw: what the
    HX711 puts out whatever it carries."""

    ms: int
    kg: float | None
    raw: int | None = None


class Cell:
    """One cell in field physics; see physics.LoadCell for the meaning of each figure."""

    def __init__(self, zero: int, scale: float, max_kg: float, seed: int) -> None:
        self._zero, self._scale = zero, scale
        self._seed = seed = mix(seed)
        self._half = round(16 * (42 + 24 * unit(seed, 1)) / math.sqrt(2) * 1.004)
        drift = (0.2 + 0.75 * unit(seed, 2)) * self._sign(3)
        self._zero_per_cc = drift * 0.2 * max_kg / 3000 * scale / 100
        self._span_per_cc = (2 * unit(seed, 4) - 1) * 10e-6 / 100
        self._creep = (0.3 + 0.7 * unit(seed, 5)) * self._sign(6) * 0.000245
        self._creep_tau = (6 + 6 * unit(seed, 7)) * 60000

    def _sign(self, key: int) -> int:
        return 1 if mix(self._seed + key) & 1 else -1

    def day(
        self, loads: Sequence[Load], start_ms: int, end_ms: int, warmth: Sequence[tuple[int, int]]
    ) -> Ints:
        """Counts of every conversion from start_ms (a multiple of 100) to before end_ms.

        warmth: (from ms, 0.01 degC) in order of time, empty: a synthetic day. Where the
        sensor does not answer the counts are those of the load before."""
        ms = np.arange(start_ms, end_ms, CONVERSION_MS, dtype=np.int64)
        h = mixed((ms // CONVERSION_MS ^ self._seed).astype(np.uint64)).astype(np.int64)
        drawn = _QUANTILES[h & 255] + _QUANTILES[h >> 8 & 255]
        x: Ints = drawn * self._half + 65536 >> 17
        self._slow(x, ms, loads, warmth)
        self._moving(x, ms, start_ms, end_ms)
        for i in np.nonzero(h >> 16 < 3)[0]:
            x[i] += self._spike(int(h[i]))
        self._verbatim(x, loads, start_ms, end_ms)
        return x

    def _verbatim(self, x: Ints, loads: Sequence[Load], start_ms: int, end_ms: int) -> None:
        for i, load in enumerate(loads):
            if load.raw is not None:
                end = loads[i + 1].ms if i + 1 < len(loads) else end_ms
                x[_index(load.ms, start_ms) : _index(end, start_ms)] = load.raw

    def _slow(
        self, x: Ints, ms: Ints, loads: Sequence[Load], warmth: Sequence[tuple[int, int]]
    ) -> None:
        """Load, creep, ringing, drift; piece by piece between two loads or temperatures."""
        start_ms, end_ms = int(ms[0]), int(ms[-1]) + CONVERSION_MS
        steps = [p for p in loads if p.kg is not None]
        assert steps and steps[0].kg is not None
        kg: float = steps[0].kg
        creep_from, creep_ms = self._creep * kg, 0
        marks = sorted({p.ms for p in steps[1:]} | {t for t, _ in warmth} | {start_ms, end_ms})
        marks = [m for m in marks if start_ms <= m <= end_ms]
        load_at = {p.ms: p.kg for p in steps[1:] if p.ms > start_ms}
        ring: tuple[float, float, float, int] | None = None
        at_c = 0
        for begin, end in pairwise(marks):
            new = load_at.get(begin)
            if new is not None and new != kg:
                final = self._creep * kg
                gone = max(begin - creep_ms, 0) / self._creep_tau
                creep_from = final + (creep_from - final) * math.exp(-gone)
                ring = self._ring(begin, new - kg)
                creep_ms, kg = begin, new
            while at_c + 1 < len(warmth) and warmth[at_c + 1][0] <= begin:
                at_c += 1
            lo, hi = _index(begin, start_ms), _index(end, start_ms)
            if hi <= lo:
                continue
            part = ms[lo:hi]
            quantum = part >> 13
            first = int(quantum[0])
            starts = np.arange(first, int(quantum[-1]) + 1, dtype=np.int64) << 13
            if warmth:
                warmer = np.full(len(starts), float(warmth[at_c][1] - CALIBRATED_AT))
            else:
                warmer = np.array(
                    [float(synthetic_centi_c(int(s)) - CALIBRATED_AT) for s in starts]
                )
            final = self._creep * kg
            gone_ = np.maximum(starts - creep_ms, 0) / self._creep_tau
            carried = kg + (final + (creep_from - final) * np.exp(-gone_))
            span = self._scale * (1 + self._span_per_cc * warmer)
            base = np.rint(self._zero + self._zero_per_cc * warmer + carried * span)
            x[lo:hi] += base.astype(np.int64)[quantum - first]
            if ring is not None:
                size, tau, w, from_ms = ring
                stop = min(hi, _index(from_ms + int(9 * tau), start_ms))
                if stop > lo:
                    dt = ms[lo:stop] - from_ms
                    x[lo:stop] += np.rint(size * np.exp(-dt / tau) * np.cos(w * dt)).astype(
                        np.int64
                    )

    def _ring(self, at: int, step: float) -> tuple[float, float, float, int]:
        key = mix(at // CONVERSION_MS) ^ self._seed
        tau = 250 + 450 * unit(key, 8)
        w = TAU * (2.5 + 9 * unit(key, 9)) / 1000
        size = min(abs(step) * (0.1 + 0.3 * unit(key, 10)), 15.0)
        return size * self._scale, tau, w, at

    def _moving(self, x: Ints, ms: Ints, start_ms: int, end_ms: int) -> None:
        """People who lean and trucks that pass, slot by slot."""
        for slot in range(start_ms >> 19, (end_ms >> 19) + 1):
            key = mix(slot) ^ self._seed
            start, width = slot << 19, SLOT_MS
            awake = 6 <= (start + LOCAL_MS) // 3600000 % 24 < 22
            kg = None
            spans: list[tuple[int, int]] = []
            lean = truck = None
            if awake and unit(key, 20) < 4.0 * width / (16 * 3600000):
                length = int(2000 + 28000 * unit(key, 21) ** 2)
                a = start + int((width - length) * unit(key, 22))
                lean = (a, a + length)
                spans.append(lean)
            if unit(key, 30) < (0.5 if awake else 0.1):
                length = int(4000 + 11000 * unit(key, 31))
                a = start + int((width - length) * unit(key, 32))
                truck = (a, a + length)
                spans.append(truck)
            if not spans:
                continue
            lo = max(0, _index(min(s[0] for s in spans), start_ms))
            hi = min(len(x), _index(max(s[1] for s in spans), start_ms))
            if hi <= lo:
                continue
            part = ms[lo:hi]
            kg = np.zeros(len(part))
            if lean:
                kg += self._lean(key, part, lean)
            if truck:
                kg += self._truck(key, part, truck)
            x[lo:hi] += np.rint(kg * self._scale).astype(np.int64)

    @staticmethod
    def _lean(key: int, ms: Ints, span: tuple[int, int]) -> Floats:
        weight = 40 ** unit(key, 23)
        wobble = 0.008 if unit(key, 24) < 0.3 else 0.1 + 0.08 * weight
        w = TAU * (0.4 + 1.2 * unit(key, 25)) / 1000
        dt = ms - span[0]
        press = np.minimum(1.0, np.minimum(dt / 600, (span[1] - ms) / 600))
        swing = np.sin(w * dt) + 0.5 * np.sin(2.7 * w * dt)
        inside = (ms >= span[0]) & (ms < span[1])
        leaning: Floats = np.where(inside, press * (weight + wobble * swing), 0.0)
        return leaning

    @staticmethod
    def _truck(key: int, ms: Ints, span: tuple[int, int]) -> Floats:
        kg = 0.02 + 0.5 * unit(key, 33) ** 3
        w = TAU * (3 + 6 * unit(key, 34)) / 1000
        dt = ms - span[0]
        swell = np.sin(math.pi * dt / (span[1] - span[0]))
        inside = (ms >= span[0]) & (ms < span[1])
        passing: Floats = np.where(inside, kg * swell * swell * np.sin(w * dt), 0.0)
        return passing

    def _spike(self, h: int) -> int:
        size = 2 ** (9 + 14 * unit(self._seed, h))
        return round(size) if mix(h) & 1 else -round(size)

    def damage(self, x: Ints, start_ms: int, share: float) -> Ints:
        """What an HX711 makes of the counts that damages this share of its conversions."""
        limit = int(share * 4294967296)
        ms = start_ms + CONVERSION_MS * np.arange(len(x), dtype=np.int64)
        h = mixed((ms // CONVERSION_MS + 0x5EED ^ self._seed).astype(np.uint64)).astype(np.int64)
        y = x.copy()
        kinds: Any = mixed(h.astype(np.uint64)).astype(np.int64) % 6
        bad = h < limit // 7 * 6
        power = mixed((h + 1).astype(np.uint64)).astype(np.int64) % 4
        side = mixed((h + 2).astype(np.uint64)).astype(np.int64) & 1
        made = np.select(
            [kinds == 0, kinds == 1, kinds == 2, kinds == 3, kinds == 4],
            [(1 << (20 + power)) - 1, 0 * x, 2 * x, x // 2, x ^ LOW],
            np.where(side == 1, HIGH, LOW),
        )
        y[bad] = made[bad]
        run = ms >> 14
        edges = np.nonzero(np.diff(run, prepend=run[0] - 1))[0]
        for i, edge in enumerate(edges):
            if mix(int(run[edge]) ^ self._seed) < limit // 7:
                y[edge : edges[i + 1] if i + 1 < len(edges) else len(y)] = x[edge]
        return y


def _index(ms: int, start_ms: int) -> int:
    """Of the first conversion at or after ms."""
    return max(0, -((start_ms - ms) // CONVERSION_MS))


def clamped(x: Ints) -> NDArray[np.int32]:
    """As the 24 bits of the converter hold it."""
    return np.clip(x, LOW, HIGH).astype(np.int32)
