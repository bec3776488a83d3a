"""Ultrasonic sensors at a board's UART: what their manuals say that they send.

Sources: as in firmware/sensors/serial_fill.py; nothing of it is used here. What they send without
an echo is in no manual: 0, as users of the A02YYUW report, or `nothing`."""

from micropython import const

_PERIOD_MS = const(100)
_FLIGHT_MS = const(40)  # of sound there and back, and what the sensor makes of it
_BEHIND_MS = const(3000)  # what nobody reads for so long is lost anyway


def frame(mm):
    """Header, distance, sum."""
    raw = bytes((0xFF, mm >> 8, mm & 255))
    return raw + bytes((sum(raw) & 255,))


class Ranger:
    """distance() gives true mm, None without an echo, or False without supply; nearest: what a
    sensor says of all that is nearer. asked: it sends one frame for each byte 0x55."""

    def __init__(self, clock, distance, nearest, reach, asked, nothing=0):
        self._distance = distance
        self._nearest = nearest
        self._reach = reach
        self._asked = asked
        self.nothing = nothing
        self._next = clock.ms() + _PERIOD_MS

    def _frame(self):
        mm = self._distance()
        if mm is False:
            return b""
        if mm is None or mm > self._reach:
            return frame(self.nothing)
        return frame(max(int(mm), self._nearest))

    def due(self, now):
        out = []
        if self._asked:
            return out
        self._next = max(self._next, now - _BEHIND_MS)
        while now >= self._next:
            out.append((now - self._next, self._frame()))
            self._next += _PERIOD_MS
        return out

    def hear(self, raw, now):
        if self._asked and raw == b"\x55":
            return _FLIGHT_MS, self._frame()
        return None


def of(board, ch):
    """The sensor of a channel, looking down on what the trace says; `NAME.on` is its supply."""
    name = ch["id"]
    model = board.models.Echo(board.mode, board.seed_of(name))
    value = board.player.value

    def distance():
        if value(name + ".on") == 0:
            return False
        return model.distance(board.clock.ms(), value(name))

    nearest, reach = (30, 4500) if ch["sensor"] == "a02yyuw" else (200, 6000)
    return Ranger(board.clock, distance, nearest, reach, bool(ch.get("ask")))
