"""Weighing instruments at a board's UART, as their manuals say they speak.

Sources: as in firmware/sensors/xk3190.py, toledo.py, stgs.py and modbus.py; nothing of these is
used here. Their time is the true one, in ms: they outlive what restarts on the board. A wire
between them may damage what it carries."""

from micropython import const

_RXBUF = const(512)
_STEP_MS = const(100)  # an instrument converts and shows ten times a second
_REST_STEPS = const(6)
_BEHIND_MS = const(3000)  # what nobody reads for so long is lost anyway
_POUND = 0.45359237


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


class Scale:
    """What an instrument makes of its load: shown in divisions, tared, zeroed, in a unit.

    load() gives true kg, None while it is without supply. d_kg: its division."""

    def __init__(self, clock, load, max_kg, d_kg, decimals):
        self._load = load
        self._d = d_kg
        self._max = max_kg
        self.decimals = decimals
        self._kg = None  # as filtered
        self._at = clock.ms()
        self._still = 0  # steps without motion
        self._last = None
        self._zero = 0.0
        self.tare = 0.0
        self.pound = False
        self.on = False

    def advance(self, now):
        """Let the time go on to now (ms): False without supply."""
        self._at = max(self._at, now - _BEHIND_MS)
        while now - self._at >= _STEP_MS:
            self._at += _STEP_MS
            self._step(self._load())
        return self.on

    def _step(self, kg):
        if kg is None:
            self.on = False
            self._kg = None
            return
        if not self.on:  # its power has come: tare is forgotten, and up to 2 % of Max is zero
            self.on = True
            self.tare = 0.0
            self._zero = kg if abs(kg) < 0.02 * self._max else 0.0
        self._kg = kg if self._kg is None else self._kg + (kg - self._kg) * 0.5
        if abs(self._kg - kg) < self._d / 10:
            self._kg = kg
        moved = self._last is None or abs(self._kg - self._last) > self._d
        self._still = 0 if moved else self._still + 1  # by the load: a key does not move it
        self._last = self._kg

    def still(self):
        return self._still >= _REST_STEPS

    def gross(self):
        return round((self._kg - self._zero) / self._d) * self._d

    def over(self):
        return self._kg - self._zero > self._max + 9 * self._d

    def press(self, key):
        """tare, clear, zero or unit, as at its keys; pressed while it is not at rest: nothing."""
        if not self.on or not self.still():
            return
        if key == "tare":
            self.tare = self.gross()
        elif key == "clear":
            self.tare = 0.0
        elif key == "zero" and not self.tare and abs(self.gross()) <= 0.04 * self._max:
            self._zero += self.gross()
        elif key == "unit":
            self.pound = not self.pound

    def digits(self, kg):
        """A mass in the unit shown, as a whole number with `decimals`."""
        return round(kg / (_POUND if self.pound else 1) * 10**self.decimals)


def _hex(x):
    return "0123456789ABCDEF"[x]


def _xor(raw):
    x = 0
    for b in raw:
        x ^= b
    return (_hex(x >> 4) + _hex(x & 15)).encode()


class Sender:
    """An instrument that sends a frame every period_ms; frame(scale) makes it."""

    def __init__(self, clock, scale, frame, period_ms=100):
        self.scale = scale
        self._frame = frame
        self._period = period_ms
        self._next = clock.ms() + period_ms

    def due(self, now):
        out = []
        self._next = max(self._next, now - _BEHIND_MS)
        while now >= self._next:
            if self.scale.advance(self._next):
                out.append((now - self._next, self._frame(self.scale)))
            self._next += self._period
        return out

    def hear(self, raw, now):
        return None


class Answerer:
    """An instrument that answers after delay_ms; answer(scale, question) gives bytes or None."""

    def __init__(self, scale, answer, delay_ms=20):
        self.scale = scale
        self._answer = answer
        self.delay_ms = delay_ms

    def due(self, now):
        return ()

    def hear(self, raw, now):
        if not self.scale.advance(now):
            return None
        answer = self._answer(self.scale, raw)
        return answer and (self.delay_ms + len(answer), answer)


def xk3190(scale):
    """tF=0: what is shown, whatever that is."""
    shown = scale.digits(scale.gross() - scale.tare)
    body = "%s%06d%d" % ("-" if shown < 0 else "+", abs(shown), scale.decimals)
    return b"\x02" + body.encode() + _xor(body.encode()) + b"\x03"


def xk3190_answer(address):
    """tF=1: commands A to D of this address."""

    def answer(scale, raw):
        if len(raw) != 6 or raw[0] != 2 or raw[1] != ord(address) or raw[3:5] != _xor(raw[1:3]):
            return None
        kg = {
            b"B": scale.gross(),
            b"C": scale.tare,
            b"D": scale.gross() - scale.tare,
        }.get(raw[2:3])
        body = raw[1:3]
        if kg is not None:
            v = scale.digits(kg)
            body += b"%s%06d%d" % (b"-" if v < 0 else b"+", abs(v), scale.decimals)
        return b"\x02" + body + _xor(body) + b"\x03"

    return answer


def toledo(checksum):
    """The continuous output, with or without its checksum."""

    def frame(scale):
        net = bool(scale.tare)
        shown = scale.digits(scale.gross() - scale.tare)
        a = 0x20 | 0x08 | (scale.decimals + 2)
        b = 0x20 | net | (shown < 0) << 1 | scale.over() << 2 | (not scale.still()) << 3
        b |= 0 if scale.pound else 0x10
        text = "%06d%06d\r" % (abs(shown) % 1000000, scale.digits(scale.tare))
        raw = bytes((2, a, b, 0x20)) + text.encode()
        return raw + bytes((-sum(raw) & 127,)) if checksum else raw

    return frame


def stgs(scale):
    """ST,GS,+00012.34kg"""
    v = scale.digits(scale.gross() - scale.tare)
    mode, unit = "NT" if scale.tare else "GS", "lb" if scale.pound else "kg"
    if scale.over():
        return ("OL,%s,+        %s\r\n" % (mode, unit)).encode()
    ten = 10**scale.decimals
    number = "%0*d.%0*d" % (7 - scale.decimals, abs(v) // ten, scale.decimals, abs(v) % ten)
    state = "ST" if scale.still() else "US"
    return ("%s,%s,%s%s%s\r\n" % (state, mode, "-" if v < 0 else "+", number, unit)).encode()


def stgs_answer(question):
    """The same on demand."""
    return lambda scale, raw: stgs(scale) if raw == question else None


def crc16(raw):
    """CRC-16 of Modbus, bit by bit as its guide has it; two bytes, low first."""
    crc = 0xFFFF
    for b in raw:
        crc ^= b
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return bytes((crc & 255, crc >> 8))


def transmitter(unit, fc, first, registers):
    """A Modbus slave: registers(scale) gives its block of registers from `first` on."""

    def answer(scale, raw):
        if len(raw) != 8 or raw[0] != unit or crc16(raw[:6]) != raw[6:]:
            return None
        at, n = raw[2] << 8 | raw[3], raw[4] << 8 | raw[5]
        block = registers(scale)
        if raw[1] != fc:
            body = bytes((unit, raw[1] | 0x80, 1))
        elif at < first or at + n > first + len(block) or not 1 <= n <= 125:
            body = bytes((unit, fc | 0x80, 2))
        else:
            words = block[at - first : at - first + n]
            body = bytes((unit, fc, 2 * n)) + bytes([x >> s & 255 for x in words for s in (8, 0)])
        return body + crc16(body)

    return answer


def dini_registers(scale):
    """Dini Argeo DGT: gross and net without sign, status (input registers 30001 to 30007)."""
    gross, net = scale.digits(scale.gross()), scale.digits(scale.gross() - scale.tare)
    status = (net < 0) | (gross < 0) << 1 | scale.still() << 2 | scale.over() << 4
    status |= bool(scale.tare) << 5 | (gross == 0) << 7
    g, n = abs(gross), abs(net)
    return [g >> 16, g & 0xFFFF, n >> 16, n & 0xFFFF, status, 0, 0]


class Bus:
    """Several slaves on one line."""

    def __init__(self, *devices):
        self.devices = devices

    def due(self, now):
        return ()

    def hear(self, raw, now):
        for device in self.devices:
            answer = device.hear(raw, now)
            if answer:
                return answer
        return None


class Uarts:
    """The instruments that a configuration names, each at its line, loaded as the trace says."""

    _CHAR_BITS = 11
    _KEYS = (None, "tare", "clear", "zero", "unit")

    def __init__(self, board):
        self._board = board
        self._uarts = {}

    def wire(self, ch):
        board = self._board
        name, e = ch["id"], ch["e_kg"]
        decimals = 0
        while decimals < 3 and abs(round(e * 10**decimals) - e * 10**decimals) > 1e-6:
            decimals += 1
        scale = Scale(board.clock, self._load(name, ch["max_kg"]), ch["max_kg"], e, decimals)
        board.player.listen(name + ".key", lambda ms, key: scale.press(self._KEYS[int(key or 0)]))
        uart = ch["uart"]
        device = self._device(ch, scale)
        if uart in self._uarts:
            self._uarts[uart].device.devices += (device,)
        else:
            device = Bus(device) if ch["kind"] == "modbus" else device
            char_us = self._CHAR_BITS * 1000000 // ch["baud"]
            self._uarts[uart] = Uart(board.clock, device, char_us)

    def _load(self, name, max_kg):
        """True kg as the load cells of an instrument have them."""
        board = self._board
        seed = board.seed_of(name)
        cell = board.models.LoadCell(0, 20000.0, max_kg, board.mode, seed)
        board.player.listen(name, lambda ms, kg: kg is None or cell.load(ms, kg))
        value = board.player.value

        def load():
            kg = value(name)
            if kg is None or value(name + ".on") == 0:
                return None
            return cell.counts(board.clock.ms(), kg, board.centi_c()) / 20000

        return load

    def _device(self, ch, scale):
        clock = self._board.clock
        if ch["kind"] == "modbus":
            return Answerer(scale, transmitter(ch["unit_id"], 4, 0, dini_registers))
        if ch["format"] == "xk3190":
            if "address" in ch:
                return Answerer(scale, xk3190_answer(ch["address"]))
            return Sender(clock, scale, xk3190)
        if ch["format"] == "toledo":
            return Sender(clock, scale, toledo(ch["checksum"]))
        if ch.get("ask"):
            return Answerer(scale, stgs_answer(ch["ask"].encode()))
        return Sender(clock, scale, stgs)

    def of(self, n, how):
        """The port's UART; it has to be asked for as the port is."""
        if how["timeout"] != 0 or how["rxbuf"] < 256:
            raise ValueError("UART: it would wait, or lose bytes")
        return self._uarts[n]
