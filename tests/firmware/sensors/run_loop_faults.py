"""Looks at an ADS1115 with every kind of fault on its bus: which currents count.

micropython tests/firmware/sensors/run_loop_faults.py LOOKS SEED

Two loops hang on one chip. One look in twenty has a fault: a bit of data, register or address, a
burst, nobody acknowledges, a line held, the data line at 0, the supply lost or fallen for a moment,
a conversion that takes too long. Prints one JSON object. looks: conversions asked for; good: of
these without a fault; taken: of the good ones believed; passed: damaged ones believed with another
current; accepted: levels that counted; wrong: of these, those off by more than 1 % of the span from
every true one of the last second; slowest: most ms from the end of a fault to what counts."""

import json
import sys

from ads1115_chip import Ads1115Chip
from clock import Clock
from i2c_port import I2c, Wire
from run_frames import Random
from sensors import loop_fill

LOOKS = int(sys.argv[1])
OHM = 100
KINDS = 10
_DATA, _REGISTER, _ADDRESS, _BURST, _NAK, _HELD, _ZERO, _LOST, _FELL, _SLOW = range(KINDS)
rnd = Random(int(sys.argv[2]))
below = rnd.below


class Faulty(Wire):
    """One fault at a byte or transfer of a look."""

    def __init__(self):
        self.kind = -1
        self.held = False
        self.until = 0
        self.struck = False

    def arm(self, kind):
        self.kind = kind
        self.left = below(8) if kind in (_DATA, _BURST) else below(5)
        self.burst = 2 + below(6)

    def _due(self):
        self.left -= 1
        return self.left < 0

    def _once(self):
        self.struck = True
        self.kind = -1

    def address(self, address):
        kind = self.kind
        if kind in (_ADDRESS, _NAK, _LOST, _FELL) and self._due():
            self._once()
            if kind == _NAK:
                return None
            if kind == _ADDRESS:
                return address ^ 1 << below(7)
            chip.power(False)
            if kind == _FELL:
                chip.power(True)
            else:
                supply[0] = clock.ms() + below(1500)
        return address

    def register(self, register):
        if self.kind == _REGISTER and self._due():
            self._once()
            return register ^ 1 << below(2)
        return register

    def byte(self, value):
        if self.until and self.kind == _ZERO:
            self.struck = True
            return 0
        if self.kind == _DATA and self._due():
            self._once()
            return value ^ 1 << below(8)
        if self.kind == _BURST and self._due():
            self.struck = True
            self.burst -= 1
            if not self.burst:
                self.kind = -1
            return below(256)
        return value


class Level:
    """The current of a loop in uA: it rests and moves, is cut and says that it has failed."""

    def __init__(self):
        self.ua = self._to = 8000
        self._hold = 100
        self.rested = 0
        self.recent = []

    def step(self):
        if self._hold:
            self._hold -= 1
            self.rested += 1
        else:
            self.rested = 0
            self.ua += max(-900, min(900, self._to - self.ua))
            if self.ua == self._to:
                self._hold = 20 + below(300)
                x = below(20)
                self._to = (0, 3550, 21800)[x] if x < 3 else 3800 + below(16700)
        self.recent.append(self.ua)
        del self.recent[:-12]

    def volts(self):
        return self.ua * OHM / 1e6


class Watch:
    """Stands between what is converted and what counts."""

    def __init__(self, channel, level):
        self._say, self._convert = channel.say, channel._convert
        channel.say, channel._convert = self.say, self.convert
        self._channel = channel
        self._level = level
        self.looks = self.good = self.taken = self.passed = self.accepted = self.wrong = 0
        self.slowest = 0
        self.since = None

    def convert(self):
        self.looks += 1
        self._level.step()
        if wire.kind < 0 and not supply[0] and below(20) == 0:
            kind = below(KINDS)
            wire.arm(kind)
            if kind in (_HELD, _ZERO):
                wire.until = clock.ms() + 20 + below(1500)
                wire.held = kind == _HELD
        wire.struck = wire.held
        chip._slow = 1.6 if wire.kind == _SLOW else 0.9 + below(21) / 100
        if wire.kind == _SLOW:
            wire._once()
        counts = None
        try:
            counts = self._convert()
            return counts
        finally:
            right = counts is not None and abs(counts * 125 // OHM - self._level.ua) <= 2
            if wire.struck or supply[0] or wire.until:
                self.since = clock.ms()
                self.passed += counts is not None and not right
            else:
                self.good += 1
                self.taken += right

    def say(self, what, now):
        channel = self._channel
        agreed = channel.agreed
        if not self._level.rested:
            self.since = None
        self._say(what, now)
        if channel.agreed > agreed:
            self.accepted += 1
            self.wrong += min([abs(channel.mm - ua) for ua in self._level.recent]) > 160
        if channel.alike >= 3 and self.since is not None:
            self.slowest = max(self.slowest, clock.ms() - self.since)
            self.since = None


class Board:
    def __init__(self):
        self.hal = clock
        self.machine = self

    def I2C(self, n, **how):
        return bus

    def pin_in(self, n, pull_up):
        return n


clock = Clock(1772467200)
clock.restart()
wire = Faulty()
supply = [0]
bus = I2c(clock, wire)
bus.set_up(100000, 20000)
chip = Ads1115Chip(clock, 0x48)
bus.devices.append(chip)
lines = {}
channels, watches = [], []
for n in range(2):
    ch = {"id": "f%d" % n, "i2c": 0, "scl": 1, "sda": 2, "address": 0x48, "input": n}
    ch.update({"shunt_ohm": OHM, "empty_ma": 4, "full_ma": 20})
    level = Level()
    chip.inputs[n] = level.volts
    channel = loop_fill.of_board(Board(), {"fill": 0.05}, ch, lines)
    channels.append(channel)
    watches.append(Watch(channel, level))
while watches[0].looks + watches[1].looks < LOOKS:
    now = clock.ms()
    if supply[0] and now >= supply[0]:
        supply[0] = 0
        chip.power(True)
    if wire.until and now >= wire.until:
        wire.until = 0
        wire.held = False
        wire.kind = -1
    for channel in channels:
        channel.due = clock.ticks_ms()  # without the half minute between two levels
        channel.sample(clock.ticks_ms())
    clock.move_us(150000)

told = {}
for key in ("looks", "good", "taken", "passed", "accepted", "wrong"):
    told[key] = sum([getattr(w, key) for w in watches])
told["slowest"] = max([w.slowest for w in watches])
print(json.dumps(told))
