"""What the sampling of a frame costs, beside a small reference, both in bytecode time.

micropython tests/firmware/sensors/run_cost.py

Pins and ticks are functions in C, as on a board. Prints one JSON object: microseconds of
a turn of the reference, of a frame off the wire, and of a poll of four channels: a frame
each through agreement, filter and channel while the load moves, while it rests, and
without a conversion ready."""

import gc
import json
import time

from micropython import const
from sensors.sampler import Sampler
from sensors import hx711
from sensors.weighing import Calibration
from sensors.weight import Weight

_TURNS = const(2000)
_FRAMES = const(50)
_ROUNDS = const(150)


class Adder:
    def __init__(self):
        self.sum = 0
        self.low = 0

    def feed(self, x):
        d = x - self.low
        if d < 0:
            d = -d
        self.sum += d & 255
        return d


def one():
    return 1


def reference(n):
    """Two calls, an attribute written, a few operations a turn."""
    feed = Adder().feed
    v = 0
    i = 0
    while i < n:
        v = (v << 1 | one()) & 0xFFFFFF
        feed(v)
        i += 1


class Hal:
    """Time stands still: where asking for it is a system call that would be all that is seen."""

    disable_irq = staticmethod(gc.isenabled)
    enable_irq = staticmethod(abs)
    ticks_us = int
    ticks_ms = int
    ticks_add = staticmethod(time.ticks_add)
    ticks_diff = staticmethod(time.ticks_diff)


class Wire(hx711.HX711):
    """Always has a conversion; DOUT is high all the time."""

    def ready(self):
        self.dout()
        return True


def wire(n):
    chip = Wire(Hal, abs, gc.isenabled)
    i = 0
    while i < n:
        chip.read()
        i += 1


class Chip:
    """Conversions without a wire: what is measured is what comes after it. counts None:
    never ready."""

    def __init__(self, counts):
        self._counts = counts
        self._i = 0
        self.error = hx711.OK
        self.anew = False
        self.value = 0
        self.age = 0

    def ready(self):
        return self._counts is not None

    def since(self):
        return 0

    def read(self):
        self._i = i = (self._i + 1) & 255
        self.value = self._counts[i]
        return self.value


class Board:
    hal = Hal


def nothing(*_):
    pass


def sampling(counts, n, rests):
    """n polls of four channels that are always due."""
    channels = []
    for i in range(4):
        cal = Calibration("c", "2026-01-05", 84213, 21000.0)
        w = Weight("w%d" % i, Chip(counts), cal, 0.05, 150, 0.2, 1000, Hal)
        if rests:
            w.weighing.stable = w.weighing.known = True
            w.weighing.mean = counts[0]
            w.weighing._sum = 8 * counts[0]
            w.mark_reported()
        channels.append(w)
    s = Sampler(Board, channels, 3600, nothing, nothing)
    s._last = 0
    i = 0
    while i < n:
        for w in channels:
            w.due = 0
            w.news = False
        s.poll()
        i += 1


def best(call, n):
    """Microseconds of one of n in the fastest round: what else runs only adds."""
    least = 1 << 60
    for _ in range(_ROUNDS):
        gc.collect()
        t0 = time.ticks_us()
        call(n)
        least = min(least, time.ticks_diff(time.ticks_us(), t0))
    return least / n


moving = [500000 + 2000 * (i * 37 % 64) + i * 7919 % 300 for i in range(256)]
resting = [500000 + i * 7919 % 200 for i in range(256)]
print(
    json.dumps(
        {
            "reference": best(reference, _TURNS),
            "wire": best(wire, _FRAMES),
            "moving": best(lambda n: sampling(moving, n, False), _FRAMES),
            "resting": best(lambda n: sampling(resting, n, True), _FRAMES),
            "unready": best(lambda n: sampling(None, n, False), _FRAMES),
        }
    )
)
