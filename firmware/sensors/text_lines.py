"""Lines of text that an indicator sends: gathers them, finds numbers and units in them."""

from micropython import const

_MOST = const(40)


class Lines:
    """line(n, now) is called for each line of at least `least` bytes: buf[:n], without its end.
    number() sets `decimals` and `end`, the index behind what it read."""

    least = 12

    def __init__(self, channel):
        self.channel = channel
        channel.checked = False
        self.buf = bytearray(_MOST)
        self._n = 0
        self.decimals = 0
        self.end = 0
        self.question = None

    def asked(self):
        pass

    def restart(self):
        self._n = 0

    def feed(self, raw, n, now):
        buf = self.buf
        i = 0
        while i < n:
            b = raw[i]
            i += 1
            if b == 13 or b == 10:
                if self._n >= self.least:
                    self.line(self._n, now)
                self._n = 0
            else:
                if self._n == _MOST:  # keep the end: a whole line may be in it
                    self._halve()
                buf[self._n] = b
                self._n += 1

    def _halve(self):
        buf = self.buf
        i = 0
        while i < _MOST // 2:
            buf[i] = buf[i + _MOST // 2]
            i += 1
        self._n = i

    def pair(self, i):
        return self.buf[i] << 8 | self.buf[i + 1]

    def number(self, at, n):
        """Blanks, then digits with at most one point; -1 where it is none."""
        buf = self.buf
        while at < n and buf[at] == 32:
            at += 1
        value = digits = 0
        point = -1
        while at < n:
            b = buf[at]
            if b == 46 and point < 0:
                point = digits
            elif 48 <= b <= 57 and digits < 7:
                value = value * 10 + b - 48
                digits += 1
            else:
                break
            at += 1
        self.end = at
        self.decimals = digits - point if point >= 0 else 0
        return value if digits else -1

    def unit(self, at, n):
        """kg, g, t or lb; "" for another unit, None where it is none: blanks or a comma, one to
        three letters."""
        buf = self.buf
        while at < n and (buf[at] == 32 or buf[at] == 44):
            at += 1
        letters = 0
        while at < n:
            b = buf[at] & 0xDF
            if not 0x41 <= b <= 0x5A or letters > 0xFFFF:
                return None
            letters = letters << 8 | b
            at += 1
        if letters == 0x4B47:
            return "kg"
        if letters == 0x4C42:
            return "lb"
        return "g" if letters == 0x47 else "t" if letters == 0x54 else "" if letters else None
