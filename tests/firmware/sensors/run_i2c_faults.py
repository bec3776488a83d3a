"""A NAU7802 on a bus with faults: driver and agreement on the chip as its registers show it.

micropython tests/firmware/sensors/run_i2c_faults.py FRAMES SEED

A frame is a look in which the board asks the chip; one in twenty has a fault: bits lost in data,
pointer or address, bursts, nobody acknowledges, a line held, the data line at 0, supply lost or
falling for a moment, and writes that go elsewhere while the chip is set up. The load rests with
noise, steps, and is beyond the end. Prints one JSON object."""

import json
import sys

from clock import Clock
from i2c_port import I2c, Wire
from micropython import const
from nau7802_chip import Nau7802Chip
from run_frames import Random
from sensors.frame_filter import FrameFilter
from sensors.nau7802 import NAU7802

FRAMES = int(sys.argv[1])
E = const(1050)
KINDS = (
    "bit of data",
    "bit of register",
    "bit of address",
    "burst",
    "not acknowledged",
    "line held",
    "data line at 0",
    "supply lost",
    "supply fell",
)
_DATA, _REGISTER, _ADDRESS, _BURST, _NAK, _HELD, _ZERO, _LOST, _FELL = range(9)
HIGH, LOW = 0x7FFFFF, -0x800000


class Faulty(Wire):
    """One fault at a byte or transfer of a look."""

    def __init__(self, rnd):
        self.rnd = rnd
        self.kind = -1
        self.left = 0  # bytes or transfers until it comes
        self.until = 0  # ticks until which it lasts, where it does
        self.held = False
        self.struck = False  # something was damaged in this look

    def arm(self, kind):
        self.kind = kind
        below = self.rnd.below
        self.left = below(13) if kind in (_DATA, _BURST) else below(4)
        self.burst = 2 + below(10)

    def _due(self):
        self.left -= 1
        return self.left < 0

    def address(self, address):
        kind = self.kind
        if kind in (_ADDRESS, _NAK) and self._due():
            self.struck = True
            self.kind = -1
            return None if kind == _NAK else address ^ 1 << self.rnd.below(7)
        if kind in (_LOST, _FELL) and self._due():
            self.struck = True
            self.kind = -1
            chip.power(False)
            if kind == _FELL:
                chip.power(True)
            else:
                supply[0] = clock.ms() + self.rnd.below(1500)
        return address

    def register(self, register):
        if self.kind == _REGISTER and self._due():
            self.struck = True
            self.kind = -1
            return register ^ 1 << self.rnd.below(5)
        return register

    def byte(self, value):
        if self.until and self.kind == _ZERO:
            self.struck = True
            return 0
        if self.kind == _DATA and self._due():
            self.struck = True
            self.kind = -1
            return value ^ 1 << self.rnd.below(8)
        if self.kind == _BURST and self._due():
            self.struck = True
            self.burst -= 1
            if not self.burst:
                self.kind = -1
            return self.rnd.below(256)
        return value


class Load:
    """What is converted; .made has the last conversions at the gain that is wanted."""

    def __init__(self, rnd):
        self.rnd = rnd
        self.level = 84213
        self.made = []

    def convert(self, us, gain):
        if not gain:
            return 0
        below = self.rnd.below
        v = self.level + below(200) + below(200) - 200
        self.made.append(min(max(v, LOW), HIGH))
        del self.made[:-8]
        return v * gain // 128


def give(value, now):
    """A count that was believed."""
    global given, wrong, worst, since, slowest
    given += 1
    if value not in load.made:
        wrong += 1
        near = min([abs(v - value) for v in load.made])
        worst = max(worst, near)
    if since is not None:
        slowest = max(slowest, now - since)
        since = None


rnd = Random(int(sys.argv[2]))
clock = Clock(1772467200)
wire = Faulty(rnd)
load = Load(rnd)
bus = I2c(clock, wire)
bus.set_up(100000, 20000)
chip = Nau7802Chip(clock, load.convert)
bus.devices.append(chip)
driver = NAU7802(clock, bus, 128, 10)
agree = FrameFilter(driver, E // 2)
supply = [0]
frames = good = taken = given = wrong = worst = slowest = starts = 0
since = None
counts = [0] * len(KINDS)
step = 50
while frames < FRAMES:
    now = clock.ms()
    if frames >= step:
        step = frames + 20 + rnd.below(400)
        x = rnd.below(20)
        load.level = (9000000, -9000000)[rnd.below(2)] if x == 0 else 21 * rnd.below(150000)
    if supply[0] and now >= supply[0]:
        supply[0] = 0
        chip.power(True)
        since = now
    if wire.until and now >= wire.until:
        wire.until = 0
        wire.held = False
        wire.kind = -1
        since = now
    if wire.kind < 0 and not supply[0] and rnd.below(20) == 0:
        kind = rnd.below(len(KINDS))
        counts[kind] += 1
        wire.arm(kind)
        since = None
        if kind in (_HELD, _ZERO):
            wire.until = now + 20 + rnd.below(1500)
            wire.held = kind == _HELD
    wire.struck = wire.held
    asked = bus.transfers
    was_set = driver._set
    waits = chip._ready(clock.us)
    value = agree.read()
    now = clock.ms()
    whole = agree.error != 1 and driver.error == 0  # a conversion was read
    if bus.transfers > asked:
        frames += 1
        if not was_set:
            starts += 1
        elif wire.struck:
            since = None if wire.until or supply[0] else now
        elif waits:
            good += 1
            taken += whole
    if value is not None:
        give(value, now)
    clock.move_us(1000 * (70 + rnd.below(12)))

told = {"frames": frames, "good": good, "taken": taken, "given": given, "wrong": wrong}
told.update({"worst": worst, "slowest": slowest, "starts": starts})
told["kinds"] = {KINDS[i]: counts[i] for i in range(len(KINDS))}
print(json.dumps(told))
