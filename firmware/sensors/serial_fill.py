"""A fill channel whose ultrasonic sensor sends its distance on a serial line: A02YYUW, JSN-SR04T
with its mode resistor (see agreed_fill, serial_line).

Source: DFRobot, manuals of A02YYUW (SEN0311) and of the JSN board (SEN0207): 9600 8N1, frames of
four bytes, 0xFF, the distance in mm, high byte first, and the low byte of the sum of these three;
one every 100 ms, or after each byte 0x55 (at least 60 ms apart). Relatives send 0xFFFD where there
is no echo, and 0xFFFE where another sensor disturbs.

A sum of eight bits lets one damaged frame of 256 through, and every exchange of its two bytes. So a
distance counts when three frames in a row say the same, within 30 mm, with no byte between them:
damage seldom says the same twice, and what a wrong baud rate makes of a frame is not four bytes."""

from micropython import const

from sensors import quality, serial_line
from sensors.agreed_fill import AgreedFill

REACH = {"a02yyuw": 4500, "jsn-sr04t": 6000}  # mm; some say so much where there is no echo
_ASK = b"\x55"
_ASK_MS = const(150)
_LISTEN_MS = const(500)
_SOON_MS = const(150)  # while no distance counts
_STALE_MS = const(2500)  # less than a board that sleeps in between looks
_MOST = const(0x1FFF)  # no sensor reaches farther: such a frame is one out of step


def of_board(board, report, ch, lines):
    """The channel of a configuration; a sensor has its line for itself."""
    return SerialFill(ch, serial_line.of(board, ch, lines), report["fill"], board.hal)


class SerialFill(AgreedFill):
    """frames counts whole frames."""

    def __init__(self, ch, line, report, hal):
        super().__init__(ch["id"], ch["sensor"], ch["empty_mm"], ch["full_mm"], report, hal)
        self._line = line
        self._question = _ASK if ch.get("ask") else None
        self._blind = ch["blind_mm"]
        self._far = min(ch["empty_mm"] + 501, REACH[ch["sensor"]])
        self._three = 0  # the last bytes, and how many came since the last frame
        self._bytes = 0
        self.frames = 0
        self._stirred = self._heard = self.due
        self._asked = hal.ticks_add(self.due, -_ASK_MS)

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
        if self.ticks_diff(now, self.counted) > _STALE_MS:
            self._lapse(now)
        wait = _LISTEN_MS if self.mm is not None else _SOON_MS
        if self._question:
            if self.ticks_diff(now, self._asked) >= _ASK_MS:
                self._asked = now
                line.ask(None, self._question, now)
            wait = _ASK_MS
        self.due = self.ticks_add(now, wait)

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
            self.say(-quality.NO_ECHO, now)
        elif mm <= self._blind:  # what is nearer is said as the nearest
            self.say(-quality.BLIND, now)
        elif mm >= self._far:
            self.say(-quality.RANGE, now)
        else:
            self.say(mm, now)

    def _apart(self):
        """What came last is not followed by what comes next."""
        self.alike = 0
        self._bytes = 0

    def _lapse(self, now):
        """No three frames have said the same for too long: say why."""
        self.counted = self.ticks_add(now, -_STALE_MS - 1)  # not kept for days
        code = quality.NO_ECHO
        if self.ticks_diff(now, self._stirred) > _STALE_MS:
            self._stirred = self.counted
            code = quality.NOT_READY
        elif self.ticks_diff(now, self._heard) > _STALE_MS:
            self._heard = self.counted
            code = quality.BAD_FRAME
        self.fail(code)
