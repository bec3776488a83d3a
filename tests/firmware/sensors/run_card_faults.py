"""Frames of a reader of cards with every kind of fault: which cards count.

micropython tests/firmware/sensors/run_card_faults.py FRAMES SEED

Cards are held to the reader for 1 to 12 frames, one in twenty of which is damaged; now and then the
line has noise. Prints one JSON object. frames: sent; good: of these undamaged; taken: of the good
ones understood as a frame; passed: damaged ones that form and check let through; held: cards held
for three good frames in a row at least; read: of these, those that counted; wrong: cards that
counted and were not held then."""

import json
import sys

from clock import Clock
from run_frames import Random
from sensors import card_reader
from serial_cards import frame

FRAMES = int(sys.argv[1])
rnd = Random(int(sys.argv[2]))
below = rnd.below
SALT = "a salt of this site"
PERIOD_MS = 250


def noise(n):
    return bytes([below(256) for _ in range(n)])


def damaged(raw):
    """The bytes with one fault."""
    i = below(14)
    kind = below(9)
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
    if kind == 5:  # a burst
        return raw[:i] + noise(4) + raw[i + 4 :]
    if kind == 6:  # nothing of it
        return b""
    if kind == 7:  # two digits exchanged between bytes: the check stays
        j = 1 + below(2)
        a, b = j + 2 * below(5), j + 2 * below(5)
        d = bytearray(raw)
        d[a], d[b] = raw[b], raw[a]
        return bytes(d)
    return frame(noise(5))  # a whole frame of another card


class Line:
    """What serial_line.Line.stream() gives."""

    def __init__(self):
        self.raw = bytearray(64)
        self.here = b""

    def stream(self):
        n = min(64, len(self.here))
        self.raw[:n] = self.here[:n]
        self.here = self.here[n:]
        return n


clock = Clock(1772467200)
clock.restart()
line = Line()
ch = card_reader.CardReader("k1", SALT, line, clock)
found = {"frames": 0, "good": 0, "taken": 0, "passed": 0, "held": 0, "read": 0, "wrong": 0}


def listen(raw):
    """Let the channel hear bytes; the ids that counted."""
    line.here = raw
    ch.sample(clock.ticks_ms())
    ids = []
    while ch.news:
        ids.append(ch.value())
        ch.mark_reported()
    clock.move_us(1000 * PERIOD_MS)
    return ids


while found["frames"] < FRAMES:
    card = noise(5)
    id_ = card_reader.identity(SALT, card)
    run = longest = 0
    ids = []
    for _ in range(1 + below(12)):
        raw = good = frame(card, b"\r\n" if below(2) else b"")
        if below(20) == 0:
            raw = damaged(frame(card))
        before = ch.frames
        ids += listen(raw)
        seen = ch.frames - before
        found["frames"] += 1
        if raw == good or raw == frame(card):
            found["good"] += 1
            found["taken"] += seen
            run += 1
        else:
            found["passed"] += seen
            run = 0
        longest = max(longest, run)
    if longest > 2:
        found["held"] += 1
        found["read"] += id_ in ids
    found["wrong"] += len([i for i in ids if i != id_])
    for _ in range(9):  # until the card is away for the channel too
        listen(noise(below(4)) if below(10) == 0 else b"")
print(json.dumps(found))
