"""A channel that says which card or tag was held to a reader on a serial line (see serial_line).

The value is 0, and in one reading for each card the card's id, a number of 23 bits: the first
bits of SHA-256 over the salt of the configuration and the card's number. The number itself is
neither kept nor sent.

Source: data sheets of RDM6300 and ID-12LA, readers of 125 kHz cards (EM4100): 9600 8N1; 0x02, ten
hex digits of the number, two of the exclusive or of its five bytes, 0x03; an ID-12LA puts CR and LF
before the last byte. An RDM6300 sends a frame several times a second while it sees the card.

Two damaged digits that make the same difference pass that check. So a card counts when three frames
say the same, each within a second of the one before; a reader that sends a card once only cannot
be used."""

import hashlib

from micropython import const

from sensors import quality, serial_line

_LISTEN_MS = const(100)
_ALIKE = const(3)  # frames, before a card counts
_NEXT_MS = const(1000)  # from one of them to the next
_AWAY_MS = const(2000)  # after so long without a frame the same card has come anew
_STX = const(2)
_ETX = const(3)
_DIGITS = const(12)
_MOST = const(8)  # cards that wait for a reading of their own
_LARGEST = const(0x7FFFFF)  # what a channel of a reading holds


def of_board(board, report, ch, lines):
    """The channel of a configuration; a reader has its line for itself."""
    return CardReader(ch["id"], ch["salt"], serial_line.of(board, ch, lines), board.hal)


def identity(salt, number):
    """What stands for a card's number (bytes): 1 to 8388607, the same for the same salt."""
    d = hashlib.sha256(salt.encode() + b"\n" + number).digest()
    return (d[0] << 16 | d[1] << 8 | d[2]) % _LARGEST + 1


class CardReader:
    """frames counts whole ones with a right check."""

    kind = "card_reader"
    unit = ""
    calibration = None

    def __init__(self, name, salt, line, hal):
        self.name = name
        self._salt = salt
        self._line = line
        self._diff = hal.ticks_diff
        self._add = hal.ticks_add
        self.due = hal.ticks_ms()
        self._digits = bytearray(_DIGITS)
        self._n = -1  # digits of the frame under way, -1: none
        self._number = bytearray(5)  # of the last frame
        self._last = None  # when it came
        self._alike = 0  # frames of it, _ALIKE: the card has its reading
        self._waiting = []
        self.news = False  # a card waits for a reading
        self.frames = 0

    def sample(self, now):
        line = self._line
        n = line.stream()
        rounds = 0
        while n > 0 and rounds < 16:
            for i in range(n):
                self._byte(line.raw[i], now)
            n = line.stream()
            rounds += 1
        if n < 0:
            self._n = -1
        if self._last is not None and self._diff(now, self._last) > _AWAY_MS:
            self._last = None
        self.due = self._add(now, _LISTEN_MS)

    def _byte(self, b, now):
        if b == _STX:
            self._n = 0
        elif self._n < 0:
            return
        elif b == _ETX and self._n == _DIGITS:
            self._n = -1
            self._frame(now)
        elif self._n < _DIGITS and (48 <= b <= 57 or 65 <= b <= 70):
            self._digits[self._n] = b - 48 if b < 58 else b - 55
            self._n += 1
        elif self._n < _DIGITS or b not in b"\r\n":
            self._n = -1

    def _frame(self, now):
        """All digits are there."""
        digits = self._digits
        check = same = 0
        for i in range(6):
            byte = digits[2 * i] << 4 | digits[2 * i + 1]
            check ^= byte
            if i < 5 and byte == self._number[i]:
                same += 1
        if check:
            return
        self.frames += 1
        again = self._last is not None and same == 5
        soon = again and self._diff(now, self._last) <= _NEXT_MS
        self._last = now
        if not again:
            self._alike = 1
            for i in range(5):
                self._number[i] = digits[2 * i] << 4 | digits[2 * i + 1]
        elif self._alike < _ALIKE:
            self._alike = self._alike + 1 if soon else 1
            if self._alike == _ALIKE and len(self._waiting) < _MOST:
                self._waiting.append(identity(self._salt, self._number))
                self.news = True

    def settled(self):
        return True

    def value(self):
        return self._waiting[0] if self._waiting else 0

    def quality(self):
        return quality.GOOD

    def mark_reported(self):
        if self._waiting:
            self._waiting.pop(0)
        self.news = bool(self._waiting)
