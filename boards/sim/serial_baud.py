"""What a UART hears of bytes that were sent at another baud rate: 8N1, the line high before and
after. Levels are looked at 16 times a bit, a bit is taken in its middle."""


class _Line:
    """The levels of bytes, each bit as long as its baud rate says; times in units in which both
    rates are whole."""

    def __init__(self, raw, bit):
        levels = []
        for b in raw:
            levels.append(0)
            for i in range(8):
                levels.append(b >> i & 1)
            levels.append(1)
        self._levels = levels
        self._bit = bit
        self.end = len(levels) * bit

    def level(self, t):
        i = t // self._bit
        return self._levels[i] if i < len(self._levels) else 1


def heard(raw, sent, at):
    """The bytes that a UART at baud `at` makes of those sent at baud `sent`."""
    line = _Line(raw, 16 * at)
    bit = 16 * sent  # of the one that hears, in the same units
    step = sent
    out = bytearray()
    t = 0
    while t < line.end:
        if line.level(t) or line.level(t + bit // 2):  # no start bit
            t += step
            continue
        b = 0
        for i in range(8):
            b |= line.level(t + bit // 2 + (1 + i) * bit) << i
        out.append(b)
        t += 9 * bit + bit // 2
        while t < line.end and not line.level(t):  # a framing error: it waits for the line
            t += step
    return bytes(out)
