"""A 4G modem at a board's UART, and PPP over it: what manuals say of EC200 and SIM7600, and what
network_ppp.c of the ESP32 port does. The network behind is that of this machine.

The trace has: `modem` 1, 0 without its supply, 2 hung (it hears nothing until its supply or its
key ends that); `sim` 1, 0 none, 2 PIN, 3 PUK; `cell` what +CEREG tells (1 home, 2 searching, 3
denied, 5 roaming); `ppp` 1, 0 where the network drops a call in order, -1 where it just falls
silent, -2 where no call is taken. All are 1 unless a row says so."""

from micropython import const
from serial_port import Uart

_BOOT_MS = const(8000)
_PRESS_MS = const(500)  # the shortest pulse that switches it
_GUARD_MS = const(1000)
_ANSWER_MS = const(30)
_DIAL_MS = const(800)
_NEGOTIATE_MS = const(2500)
_LCP_MS = const(60000)  # ten requests, 6 s apart
_BAUD = const(115200)
INACTIVE, ACTIVE, ERROR, CONNECTING, CONNECTED = range(5)


class Modem:
    """due() and hear() are those of a device at a serial_port.Uart. has_key: it starts by its key
    only, else with its supply. late_ms: by so much its answers are late."""

    def __init__(self, clock, value, has_key=False):
        self._clock = clock
        self._value = value
        self._has_key = has_key
        self.late_ms = 0
        self.baud = _BAUD  # that of the board
        self.calls = 0
        self._pressed = None
        self._heard = -_BOOT_MS  # when the last byte came
        self._out = []  # what it tells by itself: (ms, bytes)
        self._on = None  # since when it has started (ms), None while it is off
        self._supplied = False
        self._hung = False
        self._start_fresh()
        self.in_call = False

    def _start_fresh(self):
        self._echo = True
        self._line = b""
        self._plus = None
        self.in_call = False

    def look(self, now):
        """What its supply and its network do to it; True while it hears."""
        supply = self._value("modem") != 0
        if not supply:
            self._on = None
            self._hung = self._supplied = False
            self._start_fresh()
            return False
        if not self._supplied:
            self._supplied = True
            if not self._has_key:
                self._switch(now, True)
        if self._value("modem") == 2:
            self._hung = True
        if self.in_call and self._value("ppp") == 0:
            self.in_call = False
            self._out.append((now, b"\r\nNO CARRIER\r\n"))
        if self.in_call and self._value("cell") not in (1, 5):
            self.in_call = False
            self._out.append((now, b"\r\nNO CARRIER\r\n"))
        if self.in_call and self._plus is not None and now - self._plus >= _GUARD_MS:
            self._plus = None
            self.in_call = False
            self._out.append((now, b"\r\nOK\r\n"))
        return self._on is not None and now >= self._on and not self._hung

    def _switch(self, now, on):
        self._hung = False
        self._start_fresh()
        self._on = now + _BOOT_MS if on else None
        if on:
            self._out.append((now + _BOOT_MS, b"\r\nRDY\r\n\r\n+CEREG: 1\r\n"))

    def key(self, level):
        """Its power key, pressed at 1."""
        now = self._clock.ms()
        self.look(now)
        if level:
            self._pressed = now
        elif self._pressed is not None:
            if self._supplied and now - self._pressed >= _PRESS_MS:
                self._switch(now, self._on is None)
            self._pressed = None

    def due(self, now):
        awake = self.look(now)
        out = []
        while self._out and self._out[0][0] <= now:
            at, raw = self._out.pop(0)
            if awake:
                out.append((now - at, raw))
        return out

    def hear(self, raw, now):
        silent = now - self._heard
        self._heard = now
        if not self.look(now):
            return None
        if self.baud != _BAUD:
            return _ANSWER_MS, b"\x00\xf8\x7f"  # what is left of bytes at another speed
        if self.in_call:
            self._plus = now if raw == b"+++" and silent >= _GUARD_MS else None
            return None
        echo = raw if self._echo else b""
        self._line += raw
        if b"\r" not in self._line:
            return (1, echo) if echo else None
        line, _, self._line = self._line.partition(b"\r")
        delay, answer = self._answer(line, now)
        return delay + self.late_ms, echo + answer

    def _answer(self, line, now):
        ok = b"\r\nOK\r\n"
        value = self._value
        delay = _ANSWER_MS
        if line.startswith(b"ATE0"):
            self._echo = False
        elif line == b"AT+CPIN?":
            sim = value("sim")
            if sim == 0:
                return delay, b"\r\n+CME ERROR: 10\r\n"
            state = {2: b"SIM PIN", 3: b"SIM PUK"}.get(sim, b"READY")
            return delay, b"\r\n+CPIN: %s\r\n%s" % (state, ok)
        elif line == b"AT+CEREG?":
            stat = int(value("cell"))
            self._out.append((now + 500, b"\r\n+CEREG: %d\r\n" % stat))
            # What it tells by itself, of a while ago, comes before the answer.
            told = b'\r\n+CEREG: 2\r\n\r\n+CEREG: 1,"1A2B","00C3D4E5",7\r\n'
            return delay, told + b"\r\n+CEREG: 0,%d\r\n%s" % (stat, ok)
        elif line == b"AT+CSQ":
            n = 21 if value("cell") in (1, 5) else 99
            # A text message meanwhile, and somebody who calls.
            return delay, b'\r\n+CMTI: "SM",3\r\n\r\nRING\r\n\r\n+CSQ: %d,99\r\n%s' % (n, ok)
        elif line == b"AT+COPS?":
            return delay, b'\r\n+COPS: 0,0,"CHINA MOBILE",7\r\n' + ok
        elif line == b"AT+CFUN=1,1":
            self._switch(now, True)
        elif line.startswith(b"ATD"):
            if value("sim") != 1 or value("cell") not in (1, 5) or value("ppp") == -2:
                return _DIAL_MS, b"\r\nNO CARRIER\r\n"
            self.in_call = True
            self.calls += 1
            return _DIAL_MS, b"\r\nCONNECT 150000000\r\n"
        elif line.strip() and not line.startswith((b"AT+CMEE", b"AT+CGDCONT", b"ATH")):
            if line != b"AT":
                return delay, b"\r\nERROR\r\n"
        return delay, ok


class ModemUart(Uart):
    """With what PPP asks of a stream."""

    IRQ_RXIDLE = 0x1000
    on_idle = None

    def irq(self, handler, trigger=0):
        self.on_idle = handler


class Ppp:
    """network.PPP; its state follows from the time whenever it is asked for."""

    SEC_PAP = 1
    SEC_CHAP = 2

    def __init__(self, board, uart):
        self._clock = board.clock
        self._value = board.network.value
        self._uart = uart
        self._modem = uart.device
        self._state = INACTIVE
        self._error = 0
        self._began = 0

    def _fail(self, error):
        self._state = ERROR
        self._error = error

    def _advance(self):
        if self._state < CONNECTING:
            return
        now = self._clock.ms()
        modem = self._modem
        modem.look(now)
        # All that comes is its own, what a modem says of an end, too.
        self._uart.readinto(bytearray(self._uart.any()))
        works = modem.in_call and self._value("ppp") == 1
        if self._state == CONNECTING:
            if works and now - self._began >= _NEGOTIATE_MS:
                self._state = CONNECTED
            elif now - self._began > _LCP_MS:
                self._fail(6)  # PPPERR_CONNECT
        elif not works and self._value("ppp") == 0:
            self._fail(5)  # the network has ended it: PPPERR_USER is what lwIP tells

    def connect(self, security=0, user=None, key=None):
        if self._state >= CONNECTING:
            raise OSError(114)  # EALREADY
        self._state = CONNECTING
        self._began = self._clock.ms()

    def active(self, on):
        if not on:
            self._state = INACTIVE

    def isconnected(self):
        self._advance()
        return self._state == CONNECTED

    def status(self):
        self._advance()
        return -self._error if self._state == ERROR else self._state

    def ifconfig(self):
        if self._state == INACTIVE:
            return (None,) * 4
        return ("10.64.3.7", "10.64.64.64", "255.255.255.255", "127.0.0.1")


def wire(board, entry):
    """(its UART) of a modem, its key at the pin."""
    value = board.network.value
    modem = Modem(board.clock, value, "key" in entry)
    return ModemUart(board.clock, modem, 11000000 // entry["baud"])
