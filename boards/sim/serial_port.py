"""A board's UART, and the wire to what hangs on it."""

from micropython import const

_RXBUF = const(512)


class Uart:
    """What machine.UART of the ESP32 port does, with timeout=0 and rxbuf=512. device.due(now)
    gives (ms until its last byte is here, bytes) for each frame that it has sent by now;
    device.hear(raw, now) gives the same for what it answers, or None. wire(raw) gives what is
    left of bytes on their way."""

    def __init__(self, clock, device, char_us, wire=None):
        self._clock = clock
        self.device = device
        self._char_us = char_us
        self.wire = wire or bytes
        self._coming = []  # (ms, bytes)
        self._here = bytearray()
        self._busy_until = 0
        self.written = 0

    def _send(self, ms, raw):
        raw = self.wire(raw)
        if raw:
            self._coming.append((ms, raw))

    def _arrive(self):
        now = self._clock.ms()
        for ago, raw in self.device.due(now):
            self._send(now - ago, raw)
        while self._coming and now >= self._coming[0][0]:
            self._here += self._coming.pop(0)[1]
        if len(self._here) > _RXBUF:
            self._here = self._here[:_RXBUF]

    def any(self):
        self._arrive()
        return len(self._here)

    def readinto(self, buf):
        self._arrive()
        n = min(len(buf), len(self._here))
        if not n:
            return None
        buf[:n] = self._here[:n]
        self._here = self._here[n:]
        return n

    def write(self, raw):
        now = self._clock.ms()
        took = len(raw) * self._char_us // 1000 + 1
        self._busy_until = now + took
        self.written += 1
        answer = self.device.hear(bytes(raw), now)
        if answer:
            self._send(now + took + answer[0], answer[1])
        return len(raw)

    def txdone(self):
        return self._clock.ms() >= self._busy_until
