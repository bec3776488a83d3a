"""The HX711 driver and its agreement rule against the chip at its pins, with faults.

micropython tests/firmware/sensors/run_frames.py SEED FRAMES [SPS|ads1232|cs1237]

Time passes with each pulse. The load rests with noise, steps, rings and saturates; gain
and channel change; clocks are lost or added, interrupts come between pulses and while
SCK is high, the cable comes off and the chip loses its supply, in the middle of a
frame too. Prints one JSON object: what was injected and what came of it."""

import json
import sys

from chip import Ads1232Chip, Cs1237Chip, Hx711Chip
from clock import Clock
from micropython import const
from sensors import hx711
from sensors.ads1232 import ADS1232
from sensors.cs1237 import CS1237
from sensors.frame_filter import FrameFilter
from sensors.hx71x import Fast

E = const(1050)  # counts: 0.05 kg at 21,000 counts a kg
WINDOW = E // 2
_LOOK_US = const(80000)
_IDLE_US = const(920000)
_GAINS = {hx711.A128: 128, hx711.B32: 32, hx711.A64: 64}
_RAMP = (1, 8, 15, 16)  # sixteenths of a step: the chip's own filter settles in 4 conversions
_RING = const(40)  # conversions a ringing lasts at most
_REFUSED, _ODD, _PASSED, _RIGHT, _WRONG = 1, 2, 3, 4, 5  # what became of a frame
_COUNTS = (
    "given",
    "good lost at rest",
    "good lost in motion",
    "good passed over",
    "wrong at rest",
    "wrong at rest > e/10",
    "wrong at rest > e/2",
    "wrong in motion",
    "wrong in motion > e/10",
    "wrong in motion > e/2",
    "-1",
    "saturated",
    "steps",
    "changes of gain",
)
# Of a million frames.
_FAULTS = (
    ("interrupt between pulses", 20000),
    ("SCK held high", 1000),
    ("clock lost", 500),
    ("clock added", 500),
    ("clock lost and added", 50),
    ("two clocks lost", 50),
    ("cable off", 50),
    ("supply lost", 100),
)


_GAP, _HIGH, _LOST, _ADDED, _BOTH, _TWO, _CABLE, _SUPPLY = range(8)


class Random:
    """Small integers from a seed (xorshift of 32 bits)."""

    def __init__(self, seed):
        self._x = (seed * 2654435761 + 1) & 0xFFFFFFFF

    def below(self, n):
        x = self._x
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        self._x = x = x ^ (x << 5 & 0xFFFFFFFF)
        return x % n


class Hal(Clock):
    """Time passes between two pulses."""

    def enable_irq(self, state):
        self.us += 35


class Load:
    """What the chip converts; remembers what it converted last, and with which gain."""

    def __init__(self, rnd):
        self._rnd = rnd
        self.level = 84213
        self._from = 84213
        self.began = 0  # ms when the input was chosen
        self._at = 0  # ms when the last step began
        self._b = -40123
        self.sigma = 50
        self.ring = 0
        self.gain = 0  # of the last conversion clocked out; 0: none
        self.made = 0
        self.seen = {}

    def step(self, ms, level, sigma, ring):
        self._from = self.level
        self.level = level
        self.sigma = sigma
        self.ring = ring
        self._at = ms

    def moving(self, ms):
        """It steps or rings, or was not weighed a moment ago."""
        if ms - self.began < 1500:
            return True
        k = (ms - self._at) // 100
        return k < 5 or (k < _RING and (self.ring * 7 >> k // 2) > 0)

    def plain(self, ms, gain):
        """Without noise."""
        if gain == 32:
            return self._b
        k = (ms - self._at) // 100
        v = self.level
        if k < 0:
            v = self._from
        elif k < 4:
            v = self._from + (self.level - self._from) * _RAMP[k] // 16
        return v // 2 if gain == 64 else v

    def convert(self, ms, gain):
        if not gain:
            return 0
        below = self._rnd.below
        v = self.plain(ms, gain)
        if self.ring and gain != 32:
            k = (ms - self._at) // 100
            if 0 <= k < _RING:
                a = self.ring >> k // 2  # halved every 200 ms: any phase, as 10 Hz sees it
                if a:
                    v += below(2 * a) - a
        s = self.sigma
        if s:  # the sum of four: normal enough
            v += (below(s) + below(s) + below(s) + below(s) - 2 * s) * 7 // 4
        self.gain = gain
        self.made = min(max(v, hx711.SATURATED_LOW), hx711.SATURATED_HIGH)
        return v


class Wire:
    """Between driver and chip during one frame in which something goes wrong."""

    def __init__(self, clock, chip, rnd):
        self._clock = clock
        self._chip = chip
        self._rnd = rnd
        self.off = None  # level of DOUT while the cable is off
        self.until = 0  # when cable or supply come back

    def arm(self, kind, n):
        """The fault comes at one of the n pulses."""
        rnd = self._rnd
        self.kind = kind
        self.i = 0
        self.p = 1 + rnd.below(n)
        self.q = 1 + rnd.below(n)
        while self.q == self.p:
            self.q = 1 + rnd.below(n)
        self.us = 0
        if kind == _GAP:
            self.us = 10 + rnd.below(5000)
        elif kind == _HIGH:
            self.us = 10 + rnd.below(200) if rnd.below(4) else 60 + rnd.below(5000)

    def sck(self, level):
        kind = self.kind
        chip = self._chip
        clock = self._clock
        if level:
            self.i += 1
            if self.i == self.p and kind >= _CABLE:
                self._away(kind)
        at_p = self.i == self.p
        if self.until and clock.us >= self.until:
            self.back()
        if self.off is not None:
            return
        if (kind in (_LOST, _BOTH, _TWO) and at_p) or (kind == _TWO and self.i == self.q):
            return
        if level and ((kind == _ADDED and at_p) or (kind == _BOTH and self.i == self.q)):
            chip.sck(1)
            chip.sck(0)
        chip.sck(level)
        if level and kind == _HIGH and at_p:
            clock.us += self.us

    def unmask(self, state):
        """Interrupts may come now: between two pulses."""
        self._clock.us += self.us if self.kind == _GAP and self.i == self.p else 35

    def _away(self, kind):
        rnd = self._rnd
        long = rnd.below(2)  # else it comes back within this frame
        self.until = self._clock.us + (1000 * rnd.below(2000) if long else 35 * rnd.below(20))
        if kind == _CABLE:
            self.off = rnd.below(2)
        else:
            self._chip.power(False)

    def back(self):
        self.until = 0
        self.off = None
        self._chip.power(True)

    def dout(self):
        if self.until and self._clock.us >= self.until:
            self.back()
        return self._chip.dout() if self.off is None else self.off


class Driver(hx711.HX711):
    """Tells whether it has clocked a frame."""

    def read(self):
        self.clocked = True
        return super().read()


class FastDriver(Fast):
    """The same."""

    def read(self):
        self.clocked = True
        return super().read()


class AdsDriver(ADS1232):
    """The same."""

    def read(self):
        self.clocked = True
        return super().read()


class CsDriver(CS1237):
    """The same. What stands between it and the chip is exchanged by the names of the others."""

    def read(self):
        self.clocked = True
        self._pins = self._sck, self._mask, self._unmask, self._ticks_us
        return super().read()


class Frame:
    """One frame on the wire, for as long as nobody has decided what becomes of it."""

    def __init__(self, kind, load, asked, ms):
        self.kind = kind
        self.got = None
        self.right = load.gain == asked  # converted, and with the gain asked for
        self.truth = load.made if self.right else load.plain(ms, asked)
        self.moving = load.moving(ms)


class Run:
    """A board's looks at the chip until so many frames were clocked."""

    def __init__(self, seed, frames, kind):
        self.rnd = Random(seed)
        self.todo = frames
        self.clock = Hal(1772467200)
        self.load = Load(self.rnd)
        self.fixed = kind in ("ads1232", "cs1237")  # their gain does not change
        sps = 10 if self.fixed else int(kind)
        self.fast = sps > 10
        if kind == "ads1232":
            self.chip = chip = Ads1232Chip(self.clock, self._convert)
        elif kind == "cs1237":
            self.chip = chip = Cs1237Chip(self.clock, self._convert)
        else:
            self.chip = chip = Hx711Chip(self.clock, self._convert, 1000000 // sps)
        if kind == "ads1232":
            self.driver = AdsDriver(self.clock, chip.sck, chip.dout, chip.pdwn)
        elif kind == "cs1237":
            self.driver = CsDriver(self.clock, chip.sck, chip.dout)
        elif self.fast:
            self.driver = FastDriver(self.clock, chip.sck, chip.dout, hx711.A128, sps)
        else:
            self.driver = Driver(self.clock, chip.sck, chip.dout)
        self.agree = FrameFilter(self.driver, WINDOW)
        self.wire = Wire(self.clock, self.chip, self.rnd)
        self.unmask = self.clock.enable_irq
        self.asked = hx711.A128
        self.idle = False
        self.frames = 0
        self.count = {key: 0 for key in _COUNTS}
        self.kinds = [[0] * 6 for _ in _FAULTS]
        self.sizes = [0] * 25  # bits of the error, at rest -> how many
        self.held = None  # the Frame that agreement holds

    def _convert(self, us, gain):
        return self.load.convert(self.clock.ms_at(us), gain)

    def run(self):
        rnd = self.rnd
        limits = []
        total = 0
        for _, rate in _FAULTS:
            total += rate
            limits.append(total)
        next_step = 50
        next_gain = 5000
        while self.frames < self.todo:
            if self.frames >= next_step:
                next_step = self.frames + 20 + rnd.below(1500)
                self._step()
            if self.frames >= next_gain and not self.fixed:
                self._change()
                stays = 2500 + rnd.below(5000) if self.asked == hx711.A128 else 300
                next_gain = self.frames + stays
            kind = -1
            r = rnd.below(1000000)
            if r < total and not self.wire.until:
                kind = 0
                while r >= limits[kind]:
                    kind += 1
            given = self._look(kind)
            spares = self.idle and given and self.agree.held is None
            self.clock.us += (_IDLE_US if spares else _LOOK_US) + rnd.below(3000)

    def _step(self):
        rnd = self.rnd
        self.count["steps"] += 1
        x = rnd.below(100)
        sigma = 21 + rnd.below(46)
        if x < 3:
            level, sigma = -1, 0
        elif x < 6:
            level, sigma = rnd.below(61) - 30, 20
        elif x < 9:
            level = 9000000 if rnd.below(2) else -9000000
        elif x < 50:  # 5 kg more or less
            level = self.load.level + 21 * (rnd.below(10000) - 5000)
            level = min(max(level, -3000000), 3000000)
        else:
            level = 84213 + 21 * rnd.below(150000)
        ring = abs(level - self.load.level) // 5 if rnd.below(2) else 0
        self.load.step(self.clock.ms(), level, sigma, ring)
        self.idle = rnd.below(4) == 0

    def _change(self):
        self.count["changes of gain"] += 1
        to = hx711.A128
        if self.asked == to:
            to = hx711.B32 if self.rnd.below(2) else hx711.A64
        self.asked = to
        self.driver.set_gain(to)
        self.agree.restart()
        self.load.began = self.clock.ms()
        self.held = None

    def _look(self, kind):
        """One look at the chip, with a fault of this kind if a frame is clocked."""
        agree = self.agree
        load = self.load
        driver = self.driver
        wire = self.wire
        ms = self.clock.ms()
        if kind >= 0 or wire.until:
            wire.arm(kind, (24 + self.asked) * (2 if self.fast else 1))
            driver._sck = wire.sck
            driver.dout = wire.dout
            driver._unmask = wire.unmask
        else:
            driver._sck = self.chip.sck
            driver.dout = self.chip.dout
            driver._unmask = self.unmask
        odd = agree.dropped
        load.gain = 0
        driver.clocked = False
        v = agree.read(self.idle)
        if v is not None:
            self._given(v, self.held)
        elif agree.dropped > odd:
            self._lost(self.held, _ODD)
        elif agree.held is None:
            self._lost(self.held, _PASSED)
        if v is not None or agree.dropped > odd or agree.held is None:
            self.held = None
        if driver.clocked:
            self._clocked(kind, ms)
        return v is not None

    def _clocked(self, kind, ms):
        driver = self.driver
        error = driver.error
        self.frames += 1
        if kind >= 0:
            self.kinds[kind][0] += 1
        frame = Frame(kind, self.load, _GAINS[self.asked], ms)
        if error != hx711.BAD_FRAME:
            frame.got = driver.value
        if error in (hx711.OK, hx711.UNSURE):
            self._lost(self.held, _PASSED)
            self.held = frame
        elif error == hx711.SETTLING:
            self._lost(frame, _PASSED)
        else:
            if kind == _HIGH and self.wire.us <= 60:
                frame.got = frame.truth  # refused, though the chip had not minded
            self._lost(frame, _REFUSED)

    def _lost(self, frame, how):
        if frame is None:
            return
        if frame.kind >= 0:
            self.kinds[frame.kind][how] += 1
        if not frame.right or frame.got != frame.truth or frame.kind > 0:
            return  # a damaged frame that happens to be right is not a good one
        if how != _PASSED:
            self.count["good lost in motion" if frame.moving else "good lost at rest"] += 1
        elif not self.idle:
            self.count["good passed over"] += 1

    def _given(self, v, frame):
        count = self.count
        count["given"] += 1
        if v == -1:
            count["-1"] += 1
        if v == hx711.SATURATED_HIGH or v == hx711.SATURATED_LOW:
            count["saturated"] += 1
        wrong = not frame.right or v != frame.truth
        if frame.kind >= 0:
            self.kinds[frame.kind][_WRONG if wrong else _RIGHT] += 1
        if not wrong:
            return
        error = abs(v - frame.truth)
        bits = 0
        while error >> bits:
            bits += 1
        moving = frame.moving or self.load.moving(self.clock.ms())
        what = "wrong in motion" if moving else "wrong at rest"
        count[what] += 1
        if not moving:
            self.sizes[bits] += 1
        if error * 10 > E:
            count[what + " > e/10"] += 1
        if error * 2 > E:
            count[what + " > e/2"] += 1


if __name__ == "__main__":
    r = Run(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "10")
    r.run()
    kinds = {}
    for i in range(len(_FAULTS)):
        kinds[_FAULTS[i][0]] = r.kinds[i]
    print(json.dumps({"frames": r.frames, "count": r.count, "kinds": kinds, "sizes": r.sizes}))
