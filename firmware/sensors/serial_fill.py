"""A fill channel whose ultrasonic sensor sends its distance on a serial line: A02YYUW, JSN-SR04T
with its mode resistor (see fill, serial_line).

Source: DFRobot, manuals of A02YYUW (SEN0311) and of the JSN board (SEN0207): 9600 8N1, frames of
four bytes, 0xFF, the distance in mm, high byte first, and the low byte of the sum of these three;
one every 100 ms, or after each byte 0x55 (at least 60 ms apart). Relatives send 0xFFFD where there
is no echo, and 0xFFFE where another sensor disturbs.

A sum of eight bits lets one damaged frame of 256 through, and every exchange of its two bytes. So a
distance counts when three frames in a row say the same, within 30 mm, with no byte between them:
damage seldom says the same twice, and what a wrong baud rate makes of a frame is not four bytes.
Integers only; nothing is allocated for a frame."""

from micropython import const

from sensors import quality, serial_line
from sensors.fill import Fill, median3

REACH = {"a02yyuw": 4500, "jsn-sr04t": 6000}  # mm; some say so much where there is no echo
_ASK = b"\x55"
_ASK_MS = const(150)
_LISTEN_MS = const(500)
_SOON_MS = const(150)  # while no distance counts
_STALE_MS = const(2500)  # less than a board that sleeps in between looks
_TAKE_MS = const(30000)
_ALIKE_MM = const(30)
_ROW = const(3)
_NOTHING = const(-1)  # said by no frame
_MOST = const(0x1FFF)  # no sensor reaches farther: such a frame is one out of step


def of_board(board, report, ch, lines):
    """The channel of a configuration; a sensor has its line for itself."""
    return SerialFill(ch, serial_line.of(board, ch, lines), report["fill"], board.hal)


class SerialFill(Fill):
    """frames counts whole frames, agreed the distances that counted; mm is the last of them, None
    while there is none."""

    def __init__(self, ch, line, report, hal):
        super().__init__(ch["id"], None, ch["empty_mm"], ch["full_mm"], report, None, hal)
        self.about = {"sensor": ch["sensor"]}
        self._line = line
        self._question = _ASK if ch.get("ask") else None
        self._blind = ch["blind_mm"]
        self._far = min(ch["empty_mm"] + 501, REACH[ch["sensor"]])
        self._diff = hal.ticks_diff
        self._three = 0  # the last bytes, and how many came since the last frame
        self._bytes = 0
        self._row = [_NOTHING] * _ROW
        self._alike = 0
        self.mm = None
        self.frames = 0
        self.agreed = 0
        now = self.due
        self._asked = hal.ticks_add(now, -_ASK_MS)
        self._stirred = self._heard = self._counted = self._taken = now

    def sample(self, now):
        line = self._line
        n = line.stream()
        rounds = 0
        while n > 0 and rounds < 16:
            self._stirred = now
            self.feed(line.raw, n, now)
            n = line.stream()
            rounds += 1
        if n < 0:
            self._apart()
        if self._diff(now, self._counted) > _STALE_MS:
            self._lapse(now)
        wait = _LISTEN_MS if self.mm is not None else _SOON_MS
        if self._question:
            if self._diff(now, self._asked) >= _ASK_MS:
                self._asked = now
                line.ask(None, self._question, now)
            wait = _ASK_MS
        self.due = self._add(now, wait)

    def feed(self, raw, n, now):
        """Take n bytes that came one after the other."""
        i = 0
        while i < n:
            self._byte(raw[i], now)
            i += 1

    def _byte(self, b, now):
        w = self._three
        self._three = (w & 0xFFFF) << 8 | b
        self._bytes += 1
        if self._bytes >= 4 and w >> 16 == 255 and (w >> 8) + w - 1 & 255 == b:
            self._frame(w & 0xFFFF, now)

    def _frame(self, mm, now):
        """Four bytes with a right sum."""
        if mm > _MOST and mm != 0xFFFD and mm != 0xFFFE:
            return
        if self._bytes > 4:
            self._apart()
        self._bytes = 0
        self.frames += 1
        self._heard = now
        if mm == 0 or mm > _MOST:
            self._say(-quality.NO_ECHO, now)
        elif mm <= self._blind:  # what is nearer is said as the nearest
            self._say(-quality.BLIND, now)
        elif mm >= self._far:
            self._say(-quality.RANGE, now)
        else:
            self._say(mm, now)

    def _apart(self):
        """What came last is not followed by what comes next."""
        self._alike = 0
        self._bytes = 0

    def _say(self, what, now):
        """A distance, or minus the quality that stands in its place."""
        row = self._row
        row[0] = row[1]
        row[1] = row[2]
        row[2] = what
        self._alike = self._alike + 1 if self._alike and self._near(what, row[1]) else 1
        if self._alike >= _ROW:
            self._counted = now
            if what > 0:
                self._measured(median3(row[0], row[1], what), now)
            else:
                self.mm = None
                self._quality = -what

    def _near(self, a, b):
        if a > 0 < b:
            a -= b
            return -_ALIKE_MM <= a <= _ALIKE_MM
        return a == b

    def _measured(self, mm, now):
        self.agreed += 1
        if self.mm is None or self._diff(now, self._taken) >= _TAKE_MS:
            self._taken = now
            self._take(mm)
        self.mm = mm

    def _lapse(self, now):
        """No three frames have said the same for too long: say why."""
        self._counted = self._add(now, -_STALE_MS - 1)  # not kept for days
        self.mm = None
        if self._diff(now, self._stirred) > _STALE_MS:
            self._stirred = self._counted
            self._quality = quality.NOT_READY
        elif self._diff(now, self._heard) > _STALE_MS:
            self._heard = self._counted
            self._quality = quality.BAD_FRAME
        else:
            self._quality = quality.NO_ECHO

    def value(self):
        return self._value if self._quality == quality.GOOD else None
