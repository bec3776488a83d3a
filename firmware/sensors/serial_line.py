"""A serial line to weighing instruments: bytes out and in, without waiting for any.

The port's UART receives by itself into a buffer, and with timeout=0 reads only what is there.
When a byte came is not told, only how many wait. So silence is measured from one look to the
next, and is never shorter than it was.
"""

from micropython import const

_RAW = const(64)  # bytes of one read, and of an exchange at the most
_BUFFER = const(512)
_FULL = const(500)  # so many waiting: the buffer may have run over, and some are lost
_QUIET_MS = const(100)  # after what nobody has asked for
_BITS = const(11)  # of a character, at the most


def of(board, ch, lines):
    """The line of a channel, made once; lines has those of the channels before."""
    key = ch["uart"]
    line = lines.get(key)
    if line is None:
        baud = ch["baud"]
        frame = ch["frame"]
        parity = {"N": None, "E": 0, "O": 1}[frame[1]]
        how = {"bits": int(frame[0]), "parity": parity, "stop": int(frame[2]), "baudrate": baud}
        how.update({"tx": ch["tx"], "rx": ch["rx"], "rxbuf": _BUFFER, "timeout": 0})
        uart = board.machine.UART(key, **how)
        de = board.pin_out(ch["de"]) if "de" in ch else None
        line = lines[key] = Line(board.hal, uart, de, baud)
    return line


class Line:
    """One UART. de: the pin that lets the RS-485 driver speak, as a callable, or None where
    the converter turns by itself.

    owner: who has asked and awaits the answer; None: nobody. buf[:n] is what has come since.
    stirred counts what came unasked: who remembers an answer forgets it when it has changed."""

    def __init__(self, hal, uart, de, baud):
        self._hal = hal
        self._uart = uart
        self._any = uart.any
        self._readinto = uart.readinto
        self._de = de
        self._diff = hal.ticks_diff
        self._char_us = _BITS * 1000000 // baud
        # 3.5 characters of silence end a frame (Modbus over serial line V1.02, 2.5.1.1).
        self._gap_ms = max(10, 7 * self._char_us // 2000 + 1)
        self.raw = bytearray(_RAW)
        self.buf = bytearray(_RAW)
        self.n = 0
        self.owner = None
        self.stirred = 0
        self.users = 0
        self._seen = 0  # so many waited at the last look
        self._grown = hal.ticks_ms()  # when it was another number
        self._quiet_ms = _QUIET_MS

    def free(self, now):
        """True when a question may be asked: nobody awaits an answer, and all is quiet."""
        if self.owner is not None:
            return False
        if self._any():
            self._drain()
            self.stirred += 1
            self._grown = now
            self._quiet_ms = _QUIET_MS
        return self._diff(now, self._grown) >= self._quiet_ms

    def _drain(self):
        """Throw away what has come; bounded by what the buffer holds."""
        n = 0
        while n < 16 and self._readinto(self.raw):
            n += 1

    def ask(self, owner, question, now):
        """Send a question; the driver is on for as long as its bytes take, and no longer."""
        de = self._de
        if de is None:
            self._uart.write(question)
        else:
            de(1)
            self._uart.write(question)
            self._hal.sleep_us(len(question) * self._char_us)
            n = 0
            while n < 20 and not self._uart.txdone():
                self._hal.sleep_us(200)
                n += 1
            de(0)
        self.owner = owner
        self.n = self._seen = 0
        self._grown = now

    def heard(self, now):
        """Look for what comes after a question: True when more of it is in buf, and silence
        follows it. More than buf takes is left out, and n is one more than its size."""
        seen = self._any()
        if seen != self._seen:
            self._seen = seen
            self._grown = now
            return False
        if not seen or self._diff(now, self._grown) < self._gap_ms:
            return False
        self._seen = 0
        raw = self.raw
        got = self._readinto(raw) or 0
        i = 0
        n = self.n
        while i < got and n < _RAW:
            self.buf[n] = raw[i]
            n += 1
            i += 1
        self.n = n if i == got and got == seen else _RAW + 1
        return True

    def end(self, now):
        """The exchange is over; the next one needs the usual silence."""
        self.owner = None
        if self._any():
            self._drain()
            self.stirred += 1
        self._grown = now
        self._quiet_ms = self._gap_ms

    def stream(self):
        """Read what an instrument sends by itself into raw: the number of bytes, 0 for none, -1
        when the buffer was full, so that some were lost and no frame can be trusted."""
        if self._any() >= _FULL:
            self._drain()
            return -1
        return self._readinto(self.raw) or 0
