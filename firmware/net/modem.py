"""A 4G modem by AT commands, up to the moment at which PPP begins: woken, its SIM and its network
looked at, dialled. Nothing waits: poll() takes what has come and does one step.

Sources: ITU-T V.250 (AT, E, D, H, +++), 3GPP TS 27.007 (+CMEE, +CPIN, +CSQ, +CEREG, +COPS,
+CGDCONT, +CFUN, D*99); power keys as manuals of EC200, SIM7600 and Air724 have them."""

from micropython import const

# Steps.
_WAKE = const(0)
_BOOTING = const(1)
_GUARD = const(2)
_GUARDED = const(3)
_ESCAPED = const(4)
_PRESSED = const(5)
_REST = const(6)
_RESET = const(7)
_ECHO = const(8)
_ERRORS = const(9)
_SIM = const(10)
_SEARCH = const(11)
_SIGNAL = const(12)
_OPERATOR = const(13)
_CONTEXT = const(14)
_DIAL = const(15)
_NOSIM = const(16)
_NONET = const(17)

_LINE = const(96)  # bytes of a line; of a longer one the rest is passed over
_MOST = const(256)  # bytes in one step
_ANSWER_MS = const(3000)
_DIAL_MS = const(60000)
_AGAIN_MS = const(1000)  # AT to a modem that may be off, +CEREG? while it searches
_GUARD_MS = const(1200)  # silence around +++
_KEY_MS = const(1500)  # longer than each of these modems needs
_BOOTS = const(30)  # AT so often after its key was pressed
_REST_MS = const(20000)  # after a failure; doubled up to _REST_MAX_MS
_REST_MAX_MS = const(600000)
_LOOK_MS = const(10000)  # at a SIM that is not ready, a network that denies
_RESET_MS = const(900000)  # no network for so long: AT+CFUN=1,1
_TRIES = const(5)
_FINAL = (b"OK", b"ERROR", b"NO CARRIER", b"BUSY", b"NO DIALTONE", b"NO ANSWER")
_STATES = {b"READY": "ready", b"SIM PIN": "pin", b"SIM PUK": "puk"}
# +CME ERROR of +CPIN? (3GPP TS 27.007, 9.2.1); the others are told for a while at a start.
_CME = {10: "missing", 11: "pin", 12: "puk", 13: "faulty", 15: "faulty"}
_HELP = {
    "missing": "put one in, contacts to the board",
    "pin": "switch its PIN off in a phone",
    "puk": "it is locked: unlock it in a phone",
    "faulty": "use another one",
}
_SILENT = (_REST, _GUARD, _GUARDED, _PRESSED, _NOSIM, _NONET)  # steps that ask nothing
_NUMBER = b"ATD*99***1#\r"


class Modem:
    """online: the next bytes are PPP. key(level): its power key, or None; 1 presses it. line is
    told sim, operator (texts) and dbm; it keeps what was told last and the pause after a failure,
    as this is let go of while PPP is up. anew: the modem shall start anew once it hears."""

    def __init__(self, uart, key, apn, hal, log, line, anew):
        self._uart = uart
        self._key = key
        self._apn = apn
        self._hal = hal
        self._log = log
        self._of = line
        self._byte = bytearray(1)
        self._line = bytearray()
        self._anew = anew
        self.begin()

    def begin(self):
        """From the beginning, whatever the modem is at: off, at its prompt, within a call."""
        self.online = False
        self._stat = None  # of +CEREG
        self._searched = None  # ticks since when it has no network
        self._tries = 0
        self._go(_WAKE, b"AT\r", _AGAIN_MS)

    def failed(self, why):
        """Try again after a rest, longer each time."""
        self._say(why)
        self.online = False
        pause = self._of.pause or _REST_MS
        self._go(_REST, None, pause)
        self._of.pause = min(2 * pause, _REST_MAX_MS)

    def _restart(self):
        """Have the modem itself start anew, and search as long as before."""
        self._anew = False
        self._searched = None
        self._go(_RESET, b"AT+CFUN=1,1\r", _ANSWER_MS)

    def _say(self, text):
        if text != self._of.told:
            self._of.told = text
            self._log.warn("modem: " + text)

    def _go(self, step, command, limit_ms):
        """The next step: ask, or with no command only wait, so long at the most."""
        self._step = step
        self._info = None
        self._limit = limit_ms
        self._begun = self._hal.ticks_ms()
        if command is not None:
            self._line = bytearray()
            self._uart.write(command)

    def poll(self):
        result = self._listen()
        if result is None or self._step in _SILENT:
            if self._hal.ticks_diff(self._hal.ticks_ms(), self._begun) < self._limit:
                return
            result = b""
        self._next(result)

    def _listen(self):
        """The final result that has come, or None. What follows CONNECT is PPP's: not taken."""
        for _ in range(min(_MOST, self._uart.any())):
            if not self._uart.readinto(self._byte):
                break
            c = self._byte[0]
            if c != 10 and c != 13:
                if len(self._line) < _LINE:
                    self._line.append(c)
                continue
            line, self._line = bytes(self._line), bytearray()
            result = self._take(line)
            if result:
                return result
        return None

    def _take(self, line):
        """The final result that a line is, else None; what was asked for is kept. All else is
        passed over: an echo, what the modem tells by itself."""
        step = self._step
        if line in _FINAL:
            return None if step == _DIAL and line == b"OK" else line  # late: ATD has no OK
        if line.startswith(b"+CME ERROR:"):
            self._info = line[11:].strip()
            return b"ERROR"
        if step == _DIAL and line.startswith(b"CONNECT"):
            return b"CONNECT"
        if step == _SIM and line.startswith(b"+CPIN:"):
            self._info = line[6:].strip()
        elif step == _SEARCH and line.startswith(b"+CEREG:"):
            parts = line[7:].split(b",")
            # Told by itself it has one number, or a place in the second field.
            if len(parts) > 1 and parts[1].strip().isdigit():
                self._info = int(parts[1])
        elif step == _SIGNAL and line.startswith(b"+CSQ:"):
            number = line[5:].split(b",")[0].strip()
            if number.isdigit():
                self._info = int(number)
        elif step == _OPERATOR and line.startswith(b"+COPS:"):
            parts = line.split(b'"')
            if len(parts) > 1:
                self._info = parts[1]
        return None

    def _next(self, result):
        """What follows a final result; b"" when none came in time."""
        step = self._step
        if step in (_WAKE, _BOOTING):
            self._woken(step, result)
        elif step == _GUARD:
            self._go(_GUARDED, b"+++", _GUARD_MS)
        elif step == _GUARDED:
            self._tries = 0
            self._go(_ESCAPED, b"ATH\r", _ANSWER_MS)
        elif step == _ESCAPED:
            if result:
                self._go(_WAKE, b"AT\r", _AGAIN_MS)
            elif self._key is None:
                self._tries = -_TRIES
                self._go(_BOOTING, b"AT\r", _AGAIN_MS)
            else:
                self._key(1)
                self._go(_PRESSED, None, _KEY_MS)
        elif step == _PRESSED:
            self._key(0)
            self._tries = -_BOOTS
            self._go(_BOOTING, b"AT\r", _AGAIN_MS)
        elif step == _RESET:
            self._tries = -_BOOTS
            self._go(_BOOTING, b"AT\r", _AGAIN_MS)
        elif step == _REST:
            self.begin()
        elif step == _NOSIM:
            self._go(_SIM, b"AT+CPIN?\r", _ANSWER_MS)
        elif step == _NONET:
            self._go(_SEARCH, b"AT+CEREG?\r", _ANSWER_MS)
        elif result:
            self._tries = 0
            self._answered(step, result)
        elif step == _DIAL:
            self.failed("dialled: no answer")
        else:
            self.begin()  # it does not hear us any more

    def _woken(self, step, result):
        """AT was answered, or not."""
        self._tries += 1
        if result:
            self._tries = 0
            self._go(_ECHO, b"ATE0\r", _ANSWER_MS)
        elif step == _WAKE and self._tries >= _TRIES:  # off, or within a call
            self._go(_GUARD, None, _GUARD_MS)
        elif step == _BOOTING and self._tries >= 0:
            self.failed("no answer: look at its supply, tx, rx and baud")
        else:
            self._go(step, b"AT\r", _AGAIN_MS)

    def _answered(self, step, result):
        if step == _ECHO and self._anew:
            self._restart()
        elif step == _ECHO:
            self._go(_ERRORS, b"AT+CMEE=1\r", _ANSWER_MS)
        elif step == _ERRORS:
            self._go(_SIM, b"AT+CPIN?\r", _ANSWER_MS)
        elif step == _SIM:
            self._sim(result)
        elif step == _SEARCH:
            self._stat = self._info
            self._go(_SIGNAL, b"AT+CSQ\r", _ANSWER_MS)
        elif step == _SIGNAL:
            self._found()
        elif step == _OPERATOR:
            if self._info:
                name = [chr(c) for c in self._info if 32 <= c < 127 and c != 92]
                self._of.operator = "".join(name)[:24]
            if self._apn:
                context = 'AT+CGDCONT=1,"IP","%s"\r' % self._apn
                self._go(_CONTEXT, context.encode(), _ANSWER_MS)
            else:
                self._go(_DIAL, _NUMBER, _DIAL_MS)
        elif step == _CONTEXT:
            if result == b"OK":
                self._go(_DIAL, _NUMBER, _DIAL_MS)
            else:
                self.failed("apn %s: %s" % (self._apn, result.decode()))
        elif result == b"CONNECT":
            self.online = True
        else:
            self.failed("dialled: " + result.decode())

    def _sim(self, result):
        info = self._info
        sim = None
        if result == b"OK" and info is not None:
            sim = _STATES.get(info, "pin")  # of the network or the service: a phone tells which
        elif info is not None and info.isdigit():
            sim = _CME.get(int(info))
        if sim == "ready":
            self._of.sim = sim
            self._go(_SEARCH, b"AT+CEREG?\r", _ANSWER_MS)
            return
        if sim is not None:
            self._of.sim = sim
            self._say("SIM %s: %s" % (sim, _HELP[sim]))
        self._go(_NOSIM, None, _LOOK_MS if sim else _AGAIN_MS)

    def _found(self):
        """Signal and network are known: dial, or look again."""
        n = self._info
        self._of.dbm = 2 * n - 113 if n is not None and n <= 31 else None
        now = self._hal.ticks_ms()
        if self._stat in (1, 5):
            self._searched = None
            self._go(_OPERATOR, b"AT+COPS?\r", _ANSWER_MS)
            return
        if self._searched is None:
            self._searched = now
        if self._hal.ticks_diff(now, self._searched) > _RESET_MS:
            self._restart()
            return
        denied = self._stat == 3
        self._say("the network denies this SIM" if denied else "no network: look at its antenna")
        self._go(_NONET, None, _LOOK_MS if denied else _AGAIN_MS)
