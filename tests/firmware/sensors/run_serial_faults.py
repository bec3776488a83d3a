"""Frames with every kind of fault: what of them counts as a weight.

micropython tests/firmware/sensors/run_serial_faults.py KIND FRAMES SEED

KIND: xk3190, xk3190-ask, toledo, toledo-sum, stgs, a12, reversed, modbus. One frame in twenty is
damaged. Prints one JSON object. frames: sent; good: of these undamaged; taken: of the good ones
understood as a whole frame; passed: damaged ones that checksum and form let through with another
value; accepted: values that counted; wrong: of these, those that no frame of the last second
showed; told_wrong: readings at rest that differ by more than 2 e from what stood there for 8 s;
slowest: most ms from the last fault to a frame that counted, of a load at rest."""

import json
import sys

import serial_frames
import serial_port
from clock import Clock
from sensors import indicator, modbus

KIND, FRAMES, SEED = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
PERIOD_MS = 100
MAP = {"fc": 4, "at": 0, "n": 5, "w": 0, "type": "u32", "g": 10, "more": 1, "s": 4}
MAP.update({"still": 4, "over": 0x18, "minus": 2, "net": 0x20})


class Random:
    def __init__(self, seed):
        self._x = seed * 2654435761 + 1 & 0x3FFFFFFF

    def below(self, n):
        x = self._x
        x ^= x << 7 & 0x3FFFFFFF
        x ^= x >> 9
        x ^= x << 8 & 0x3FFFFFFF
        self._x = x or 1
        return (x >> 3) % n

    def bytes(self, n):
        return bytes([self.below(256) for _ in range(n)])


rnd = Random(SEED)


class Shown:
    """A scale whose display is made up: rests and ramps, also below zero."""

    decimals = 2
    pound = False
    tare = 0.0

    def __init__(self):
        self.value = 0  # in 0.01 kg
        self._to = 0
        self._hold = 100
        self.rested = 0  # frames

    def step(self):
        if self._hold:
            self._hold -= 1
            self.rested += 1
            return
        self.rested = 0
        d = self._to - self.value
        move = max(-337, min(337, d // 3 if d > 0 else -(-d // 3)))
        self.value += move or (d > 0) - (d < 0)
        if self.value == self._to:
            self._to = 5 * (rnd.below(2900) - 100)
            self._hold = 20 + rnd.below(200)

    def gross(self):
        return self.value / 100

    def still(self):
        return self.rested > 6

    def over(self):
        return False

    def digits(self, kg):
        return round(kg * 100)

    def advance(self, now):
        return True


def damaged(raw):
    """The bytes with one fault, and what is wrong with them."""
    n = len(raw)
    i = rnd.below(n)
    kind = rnd.below(9)
    if kind == 0:  # one bit
        return raw[:i] + bytes((raw[i] ^ 1 << rnd.below(8),)) + raw[i + 1 :]
    if kind == 1:  # one byte
        return raw[:i] + rnd.bytes(1) + raw[i + 1 :]
    if kind == 2:  # a byte lost
        return raw[:i] + raw[i + 1 :]
    if kind == 3:  # a byte too many
        return raw[:i] + rnd.bytes(1) + raw[i:]
    if kind == 4:  # cut
        return raw[:i]
    if kind == 5:  # the begin is missing
        return raw[i + 1 :]
    if kind == 6:  # a burst
        k = 1 + rnd.below(n - 1)
        return raw[:i] + rnd.bytes(min(k, n - i)) + raw[i + k :]
    if kind == 7:  # nothing of it
        return b""
    other = bytearray(raw)  # two digits of another frame in this one
    for _ in range(2):
        k = rnd.below(n)
        if 48 <= other[k] <= 57:
            other[k] = 48 + rnd.below(10)
    return bytes(other)


class Watch:
    """Stands between a source and its channel."""

    def __init__(self, channel, shown):
        self._show = channel.show
        self._channel = channel
        self._shown = shown
        self.recent = []
        self.accepted = self.wrong = self.passed = self.taken = 0
        self.is_good = True
        self.since = None  # the last fault
        self.slowest = 0
        channel.show = self.show

    def show(self, gross, still, now):
        channel = self._channel
        before = channel.frames
        right = gross == 10 * self._shown.value
        if right and self.is_good:
            self.taken += 1
        elif not right and gross not in self.recent:
            self.passed += 1
        self._show(gross, still, now)
        if channel.frames > before:
            self.accepted += 1
            if gross not in self.recent:
                self.wrong += 1
            if self.since is not None:
                self.slowest = max(self.slowest, clock.ticks_diff(now, self.since))
                self.since = None

    def note(self):
        if not self._shown.rested:
            self.since = None  # of a load that moves no two frames are alike
        self.recent.append(10 * self._shown.value)
        del self.recent[:-10]


class Board:
    def __init__(self, uart):
        self.hal = clock
        self._uart = uart
        self.machine = self

    def UART(self, n, **how):
        return self._uart


clock = Clock(1772467200)
clock.restart()
shown = Shown()
told_wrong = 0
ch = {"id": "w1", "kind": "indicator", "format": KIND.split("-")[0], "uart": 1, "tx": 1, "rx": 2}
ch.update({"baud": 9600, "frame": "8N1", "max_kg": 150, "e_kg": 0.05, "unit": "kg"})
ch.update({"checksum": KIND == "toledo-sum", "reply_ms": 300, "unit_id": 1, "map": MAP})
if KIND == "xk3190-ask":
    ch["address"] = "A"
sent = good = 0


def check(channel):
    """What the channel would tell now."""
    if channel.quality() == 0 and shown.rested > 80:
        if abs(channel.value() - 10 * shown.value) > 100:
            return 1
    return 0


class Silent:
    """Nothing comes by itself."""

    def due(self, now):
        return ()


if KIND == "modbus":
    answer = serial_frames.transmitter(1, 4, 0, serial_frames.dini_registers)

    class Faulty(Silent):
        """A slave on a line where answers are damaged, late, doubled, of another unit, refused or
        follow another master's question; and where the question is heard again."""

        late = None

        def hear(self, raw, now):
            global sent, good
            shown.step()
            watch.note()
            sent += 1
            reply = answer(shown, raw)
            watch.is_good = True
            if rnd.below(20):
                good += 1
                if rnd.below(40) == 0:
                    reply = rnd.bytes(1 + rnd.below(3)) + reply  # stray bytes, and all is well
                elif rnd.below(40) == 0:
                    reply = raw + reply  # an echo
                return 20 + len(reply), reply
            watch.is_good = False
            watch.since = clock.ticks_ms()
            kind = rnd.below(7)
            if kind == 0:
                return 250 + rnd.below(900), reply  # some of them after their time
            if kind == 1:
                other = bytes((2,)) + reply[1:-2]
                return 30, other + serial_frames.crc16(other)
            if kind == 2:
                refused = bytes((1, 0x84, 1 + rnd.below(6)))
                return 30, refused + serial_frames.crc16(refused)
            if kind == 3:  # another master asks for the net, and has its answer here
                asked = bytes((1, 4, 0, 2, 0, raw[5]))
                body = reply[:3] + bytes([rnd.below(256) for _ in range(len(reply) - 5)])
                return 60, asked + serial_frames.crc16(asked) + body + serial_frames.crc16(body)
            if kind == 4:
                return 60, reply + reply
            return 20 + len(reply), damaged(reply)

    device = Faulty()
    uart = serial_port.Uart(clock, device, 1146)
    channel = modbus.of_board(Board(uart), {"weight_kg": 0.2}, ch, {})
    watch = Watch(channel, shown)
    while sent < FRAMES:
        now = clock.ticks_ms()
        channel.sample(now)
        told_wrong += check(channel)
        clock.move_us(1000 * max(10, min(200, clock.ticks_diff(channel.due, now))))
else:
    uart = serial_port.Uart(clock, Silent(), 1146)
    channel = indicator.of_board(Board(uart), {"weight_kg": 0.2}, ch, {})
    watch = Watch(channel, shown)
    form = channel.source._form
    make = {
        "xk3190": serial_frames.xk3190,
        "toledo": serial_frames.toledo(False),
        "toledo-sum": serial_frames.toledo(True),
        "stgs": serial_frames.stgs,
        "a12": serial_frames.a12,
        "reversed": serial_frames.reversed_digits,
        "xk3190-ask": lambda scale: serial_frames.xk3190_answer("A")(scale, b"\x02AB03\x03"),
    }[KIND]
    while sent < FRAMES:
        clock.move_us(1000 * PERIOD_MS)
        now = clock.ticks_ms()
        shown.step()
        watch.note()
        raw = make(shown)
        sent += 1
        watch.is_good = rnd.below(20) > 0
        if watch.is_good:
            good += 1
        else:
            raw = damaged(raw)
        form.feed(raw, len(raw), now)
        if not watch.is_good:
            watch.since = now
        told_wrong += check(channel)

print(
    json.dumps(
        {
            "kind": KIND,
            "frames": sent,
            "good": good,
            "taken": watch.taken,
            "passed": watch.passed,
            "accepted": watch.accepted,
            "wrong": watch.wrong,
            "told_wrong": told_wrong,
            "slowest": watch.slowest,
        }
    )
)
