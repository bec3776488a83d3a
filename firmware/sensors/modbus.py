"""A weighing transmitter on RS-485 by Modbus RTU, as a channel (see instrument).

Source: MODBUS Application Protocol V1.1b3; MODBUS over serial line V1.02. Which registers of an
instrument say what is data: `map` in the configuration, made from host/provision/transmitters.csv.

A reply carries no mark of its question. So only what is beyond doubt is taken: the unit, the
function, the number of bytes and the CRC as asked for, followed by silence, within its time.
The number of registers asked for changes from question to question, so that a reply which
comes after its time does not fit the next one; and after a question without a reply the same unit
is let alone for longer than an instrument takes. A whole frame that nobody has asked for makes
the exchange doubtful. What is left is said in docs/decisions/0021.
"""

from micropython import const

from sensors import quality, serial_line
from sensors.instrument import TARED, Instrument
from sensors.mass_units import MOST

_PACE_MS = const(200)  # from one question to the next; with more on a line, 100 for each
_EACH_MS = const(100)
_LOOK_MS = const(10)
_BUSY_MS = const(20)
_AFTER_MS = const(900)  # after a question without its reply: longer than any reply takes
_JUMP_MS = const(450)
_NOT_YET = const(-1)
_DOUBT = const(-2)
_REFUSED = const(-3)
# CRC-16 of a nibble, reflected 0xA001.
_CRC = (
    0x0000,
    0xCC01,
    0xD801,
    0x1400,
    0xF001,
    0x3C00,
    0x2800,
    0xE401,
    0xA001,
    0x6C00,
    0x7800,
    0xB401,
    0x5000,
    0x9C01,
    0x8801,
    0x4400,
)


def of_board(board, report, ch, lines):
    """The channel of a configuration; lines are shared."""
    channel = Instrument(ch, report, board.hal)
    line = serial_line.of(board, ch, lines)
    channel.source = Modbus(channel, line, ch["unit_id"], ch["map"], ch["reply_ms"], board.hal)
    return channel


def crc(buf, start, end):
    """CRC of buf[start:end]; it is sent low byte first, so that a whole frame has the CRC 0."""
    c = 0xFFFF
    while start < end:
        c ^= buf[start]
        c = c >> 4 ^ _CRC[c & 15]
        c = c >> 4 ^ _CRC[c & 15]
        start += 1
    return c


class Modbus:
    """One transmitter: its questions, and what its replies say.

    map: fc (3 or 4), at (the first register as sent, from 0), n (registers), w (of them, where
    the gross begins), type (i16, u16, i32, u32, f32), low (the low word comes first), g (grams
    of one unit of the number, 1 to 1000), more (one register more may be asked for); s (of
    them, the status; without it there is none) with masks: on (all set: valid), still, motion,
    over, bad, minus, net."""

    def __init__(self, channel, line, unit, map, reply_ms, hal):
        self._channel = channel
        self._line = line
        self._diff = hal.ticks_diff
        self._add = hal.ticks_add
        self._reply_ms = reply_ms
        line.users += 1
        self._unit = unit
        self._fc = map["fc"]
        self._n = map["n"]
        self._w = 3 + 2 * map["w"]
        kind = map["type"]
        self._float = kind == "f32"
        self._signed = kind[0] == "i"
        self._wide = kind[1:] == "32"
        self._low = bool(map.get("low"))
        self._g = map["g"]
        self._s = 3 + 2 * map["s"] if "s" in map else 0
        self._on, self._still, self._motion, self._over, self._bad, self._minus, self._net = [
            map.get(key, 0) for key in ("on", "still", "motion", "over", "bad", "minus", "net")
        ]
        more = 1 if map.get("more") else 0
        self._questions = [self._question(map["at"], self._n + i) for i in (0, more)]
        self._turn = 0  # which of them is asked
        self._length = 0  # of the reply awaited
        self._asked = self._next = hal.ticks_ms()
        self._stirred = 0
        self._nets = None  # whether net was shown, as two replies said; and the last one
        self._netted = None
        # What came of the questions; for tests and whoever looks from the prompt.
        self.silent = self.late = self.doubtful = self.refused = 0
        if self._still or self._motion:
            channel.jump_ms = _JUMP_MS

    def _question(self, at, n):
        q = bytearray((self._unit, self._fc, at >> 8, at & 255, 0, n, 0, 0))
        c = crc(q, 0, 6)
        q[6] = c & 255
        q[7] = c >> 8
        return q

    def poll(self, now):
        """Ask, or look for the reply; ms until the next look."""
        line = self._line
        if line.owner is self:
            return self._await(line, now)
        left = self._diff(self._next, now)
        if left > 0:
            return left
        if not line.free(now):
            return _BUSY_MS
        if line.stirred != self._stirred:
            self._stirred = line.stirred
            self._channel.forget()
        self._turn ^= 1
        self._length = 2 * self._questions[self._turn][5] + 5
        self._asked = now
        self._next = self._add(now, max(_PACE_MS, _EACH_MS * line.users))
        line.ask(self, self._questions[self._turn], now)
        return _LOOK_MS

    def _await(self, line, now):
        more = line.heard(now)
        if self._diff(now, self._asked) > self._reply_ms:
            # What is there by now may have come after its time.
            if more or line.n:
                self.late += 1
                self._channel.byte(now)
            else:
                self.silent += 1
            return self._miss(line, now)
        if not more:
            return _LOOK_MS
        self._channel.byte(now)
        at = self._found(line.buf, line.n)
        if at == _NOT_YET:
            return _LOOK_MS
        if at == _DOUBT:
            self.doubtful += 1
            return self._miss(line, now)
        line.end(now)
        if at == _REFUSED:
            self.refused += 1
            self._channel.trouble(quality.NOT_READY, now)
        else:
            self._tell(line.buf, at, now)
        return _BUSY_MS

    def _miss(self, line, now):
        line.end(now)
        self._channel.forget()
        self._next = self._add(now, _AFTER_MS)
        return _AFTER_MS

    def _found(self, buf, n):
        """Where in buf[:n] the reply begins, or why it is none. Stray bytes before it and an
        echo of the question are passed over; any other whole frame makes it doubtful."""
        if n > len(buf):
            return _DOUBT
        i = 0
        while n - i >= 5:
            size = 0
            if buf[i] == self._unit:
                size = self._whole(buf, i, n)
            if size == self._length and buf[i + 1] == self._fc and buf[i + 2] == size - 5:
                return i if i + size == n else _DOUBT
            if size == 5 and buf[i + 1] != self._fc:
                return _REFUSED if i + size == n else _DOUBT
            if not size:
                i += 1
            elif size == 8 and self._echo(buf, i):
                i += 8
            else:
                return _DOUBT
        return _NOT_YET

    def _whole(self, buf, i, n):
        """The size of the frame of this unit at i: a reply, an exception, a question; 0: none."""
        fc = buf[i + 1]
        if fc == self._fc | 0x80:
            return 0 if crc(buf, i, i + 5) else 5
        if fc != self._fc:
            return 0
        size = buf[i + 2] + 5
        if i + size <= n and not crc(buf, i, i + size):
            return size
        return 8 if i + 8 <= n and not crc(buf, i, i + 8) else 0

    def _echo(self, buf, i):
        q = self._questions[self._turn]
        k = 0
        while k < 8 and buf[i + k] == q[k]:
            k += 1
        return k == 8

    def _tell(self, buf, at, now):
        """The channel hears what the reply at `at` says."""
        status = 0
        if self._s:
            status = self._word(buf, at + self._s)
            code = self._trouble(status)
            if code:
                self._channel.trouble(code, now)
                return
        gross = self._gross(buf, at + self._w)
        if gross is None:
            self._channel.trouble(quality.NOT_READY, now)
            return
        if status & self._minus:
            gross = -gross
        still = status & self._still == self._still and not status & self._motion
        if self._net:
            self._hear_net(status & self._net != 0)
        self._channel.show(gross, still, now)

    def _hear_net(self, net):
        if net == self._netted and net != self._nets:
            if self._nets is not None:
                self._channel.event(TARED)
            self._nets = net
        self._netted = net

    def _trouble(self, status):
        if status & self._on != self._on or status & self._bad:
            return quality.NOT_READY
        return quality.SATURATED if status & self._over else quality.GOOD

    def _word(self, buf, i):
        return buf[i] << 8 | buf[i + 1]

    def _gross(self, buf, i):
        """The number at i in grams; None where it is none."""
        low = high = self._word(buf, i)
        if self._wide:
            low = self._word(buf, i + 2)
            if self._low:
                high, low = low, high
            if self._float:
                return self._ieee(high, low)
        minus = self._signed and high & 0x8000
        if not self._wide:
            high = 0xFFFF if minus else 0
        if minus:
            high ^= 0xFFFF
            low ^= 0xFFFF
        if high > 255:  # more than a reading can hold, in whatever unit
            return -MOST if minus else MOST
        value = (high << 16 | low) + (1 if minus else 0)
        value = value * self._g if value <= MOST // self._g else MOST
        return -value if minus else value

    def _ieee(self, high, low):
        """IEEE 754, 32 bits, by integers: a float would be an object of the heap."""
        exponent = high >> 7 & 255
        if exponent == 255:
            return None
        minus = high & 0x8000
        low |= (high & 127 | 128) << 16
        down = 150 - exponent
        if down < 1 or down < 24 and low >> down > MOST // self._g:
            return -MOST if minus else MOST
        whole = 0
        if down < 24:
            whole = low >> down
            low &= (1 << down) - 1
        if down > 20:  # what is cut off is less than a millionth of a unit
            low = low >> down - 20 if down < 45 else 0
            down = 20
        whole = whole * self._g + (low * self._g + (1 << down - 1) >> down)
        return -whole if minus else whole
