"""Frames of an ultrasonic sensor with every kind of fault: which distances count.

micropython tests/firmware/sensors/run_fill_faults.py SENSOR FRAMES SEED

SENSOR: a02yyuw, jsn-sr04t, jsn-ask. One frame in twenty is damaged, and now and then the line is
out for up to ten seconds: cut, held low, noise, another baud rate. Prints one JSON object. frames:
sent or asked for while the line was in order; good: of these undamaged; taken: of the good ones
understood as a frame; passed: damaged ones that sum and form let through with another value;
pairs: of these, those that the frame before bore out; accepted: distances that counted; wrong: of
these, those off by more than 30 mm from every true one of the last second; off: by anything at all;
told_wrong: fills told as good that were off by more than 5 % from every true one of the last 34 s;
slowest: most ms from the end of a fault to a distance that counted."""

import json
import sys

import serial_port
from clock import Clock
from run_frames import Random
from sensors import serial_fill
from serial_baud import heard
from serial_rangers import frame

KIND, FRAMES = sys.argv[1], int(sys.argv[2])
ASKED = KIND == "jsn-ask"
EMPTY, FULL, BLIND = 1200, 250, 200
BAUDS = (1200, 2400, 4800, 14400, 19200, 38400, 57600, 115200)
rnd = Random(int(sys.argv[3]))
below = rnd.below


def noise(n):
    return bytes([below(256) for _ in range(n)])


def damaged(raw):
    """The bytes with one fault."""
    i = below(4)
    kind = below(11)
    if kind == 0:  # one bit
        return raw[:i] + bytes((raw[i] ^ 1 << below(8),)) + raw[i + 1 :]
    if kind == 1:  # one byte
        return raw[:i] + noise(1) + raw[i + 1 :]
    if kind == 2:  # a byte lost
        return raw[:i] + raw[i + 1 :]
    if kind == 3:  # a byte too many
        return raw[:i] + noise(1) + raw[i:]
    if kind == 4:  # cut
        return raw[:i]
    if kind == 5:  # the begin is missing
        return raw[i + 1 :]
    if kind == 6:  # a burst
        return raw[: min(i, 2)] + noise(2 + below(8))
    if kind == 7:  # nothing of it
        return b""
    if kind == 8:  # its two bytes exchanged: the sum stays
        return bytes((raw[0], raw[2], raw[1], raw[3]))
    if kind == 9:  # two faults that make up for each other in the sum
        d = 1 + below(255)
        return bytes((raw[0], raw[1] + d & 255, raw[2] - d & 255, raw[3]))
    return frame(below(8192))  # a whole frame of something else


class Waste:
    """A distance that rests and moves, into the blind zone and beyond the range too; 0: no echo."""

    def __init__(self):
        self.mm = 900
        self._to = 900
        self._hold = 50
        self.rested = 0  # frames

    def step(self):
        if self._hold:
            self._hold -= 1
            self.rested += 1
            return
        self.rested = 0
        d = self._to - self.mm
        self.mm += max(-90, min(90, d))
        if self.mm == self._to:
            self._hold = 20 + below(300)
            x = below(20)
            self._to = 0 if x == 0 else 60 + below(140) if x == 1 else 201 + below(1100)
            if x == 2:
                self._to = 1701 + below(4000)


class Sensor:
    """At the line: frames every 100 ms or when asked, damaged, and out for a while."""

    def __init__(self):
        self._next = clock.ms() + 100
        self._bytes = 0  # sent so far
        self._until = 0  # ms until which the line is out
        self._out = 0
        self.sent = self.good = 0
        self.since = None

    def due(self, now):
        out = []
        while now >= self._next:
            ago = now - self._next
            self._next += 100
            if not ASKED:
                raw = self._frame()
                out.append((ago, raw))
            elif self._out >= 2 and clock.ms() < self._until:
                raw = self._faulty(b"")
                self._bytes += len(raw)
                out.append((ago, raw))
        return out

    def hear(self, raw, now):
        return (40, self._frame()) if ASKED and raw == b"\x55" else None

    def _faulty(self, raw):
        if self._out == 0:  # cut, or its supply
            return b""
        if self._out == 1:  # another baud rate
            return heard(raw, self._baud, 9600)
        if self._out == 2:  # held low
            return b"\0"
        return noise(below(12))

    def _frame(self):
        waste.step()
        watch.note()
        raw = self._sent(frame(waste.mm))
        self._bytes += len(raw)
        return raw

    def _sent(self, raw):
        now = clock.ms()
        if now < self._until:
            self.since = clock.ticks_ms()
            return self._faulty(raw)
        self.sent += 1
        if below(1000) == 0:
            self._until = now + 300 + below(9700)
            self._out = below(4)
            self._baud = BAUDS[below(len(BAUDS))]
        if below(20):
            self.good += 1
            watch.ends.append(self._bytes + 4)
            return raw
        self.since = clock.ticks_ms()
        return damaged(raw)


class Watch:
    """Stands between what is understood and what counts."""

    def __init__(self, channel):
        self._say, self._feed = channel.say, channel.feed
        channel.say, channel.feed = self.say, self.feed
        self._channel = channel
        self.recent = []
        self.said = []
        self.taken = self.passed = self.pairs = self.accepted = self.wrong = self.off = 0
        self.told_wrong = self.slowest = 0
        self._before = 0
        self._fed = 0  # bytes so far
        self.ends = []  # so many had come when a good frame was whole
        self._one = bytearray(1)

    def feed(self, raw, n, now):
        one = self._one
        for i in range(n):
            one[0] = raw[i]
            self._fed += 1
            self._feed(one, 1, now)

    def note(self):
        if not waste.rested:
            device.since = None  # of waste that moves no three frames are alike
        self.recent.append(waste.mm)
        del self.recent[:-340]

    def say(self, what, now):
        channel = self._channel
        mm = what
        if what < 0:  # what the frame said, behind which its last byte has come
            mm = channel._three >> 8
        # Frames are looked at up to half a second late, and asked ones wait for their answer.
        last = self.recent[-12:]
        while self.ends and self.ends[0] < self._fed:
            self.ends.pop(0)
        if self.ends and self.ends[0] == self._fed and mm in last:
            self.taken += 1
        elif mm not in last:
            self.passed += 1
            if what > 0 and -30 <= what - self._before <= 30:
                self.pairs += 1
        self._before = what
        agreed, counted = channel.agreed, channel.counted
        self._say(what, now)
        if channel.agreed > agreed:
            self.accepted += 1
            near = min([abs(channel.mm - t) for t in last])
            self.wrong += near > 30
            self.off += near > 0
        if (channel.agreed > agreed or channel.counted != counted) and device.since is not None:
            self.slowest = max(self.slowest, clock.ticks_diff(now, device.since))
            device.since = None

    def told(self):
        """What the channel would tell now."""
        v = self._channel.value()
        if v is None or self._channel.quality():
            return
        fills = [max(0, min(1000, (EMPTY - t) * 1000 // (EMPTY - FULL))) for t in self.recent if t]
        if min([abs(f - v) for f in fills]) > 50:
            self.told_wrong += 1


class Board:
    def __init__(self):
        self.hal = clock
        self.machine = self

    def UART(self, n, **how):
        return uart


clock = Clock(1772467200)
clock.restart()
waste = Waste()
device = Sensor()
uart = serial_port.Uart(clock, device, 1146)
ch = {"id": "f1", "sensor": KIND if not ASKED else "jsn-sr04t", "ask": ASKED, "uart": 1, "tx": 1}
ch.update({"rx": 2, "baud": 9600, "frame": "8N1"})
ch.update({"empty_mm": EMPTY, "full_mm": FULL, "blind_mm": BLIND})
channel = serial_fill.of_board(Board(), {"fill": 0.05}, ch, {})
watch = Watch(channel)
while device.sent < FRAMES:
    now = clock.ticks_ms()
    channel.sample(now)
    watch.told()
    clock.move_us(1000 * max(10, min(500, clock.ticks_diff(channel.due, now))))

told = {"kind": KIND, "frames": device.sent, "good": device.good}
for key in ("taken", "passed", "pairs", "accepted", "wrong", "off", "told_wrong", "slowest"):
    told[key] = getattr(watch, key)
print(json.dumps(told))
