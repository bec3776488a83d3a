"""Weighing instruments at a board's UART: what they make of their load, by themselves or asked.

Their time is the true one, in ms: they outlive what restarts on the board."""

from micropython import const
from serial_frames import (
    a12,
    dini_registers,
    reversed_digits,
    stgs,
    stgs_answer,
    toledo,
    transmitter,
    xk3190,
    xk3190_answer,
)
from serial_port import Uart

_STEP_MS = const(100)  # an instrument converts and shows ten times a second
_REST_STEPS = const(6)
_BEHIND_MS = const(3000)  # what nobody reads for so long is lost anyway
_POUND = 0.45359237
CHAR_BITS = const(11)


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


def decimals(e_kg):
    """How many of a kg are shown."""
    n = 0
    while n < 3 and abs(round(e_kg * 10**n) - e_kg * 10**n) > 1e-6:
        n += 1
    return n


def device(clock, ch, scale):
    """What a channel of a configuration hangs on."""
    if ch["kind"] == "modbus":
        return Answerer(scale, transmitter(ch["unit_id"], 4, 0, dini_registers))
    if ch["format"] == "xk3190":
        if "address" in ch:
            return Answerer(scale, xk3190_answer(ch["address"]))
        return Sender(clock, scale, xk3190)
    if ch["format"] == "toledo":
        return Sender(clock, scale, toledo(ch["checksum"]))
    if ch["format"] != "stgs":
        return Sender(clock, scale, a12 if ch["format"] == "a12" else reversed_digits)
    if ch.get("ask"):
        return Answerer(scale, stgs_answer(ch["ask"].encode()))
    return Sender(clock, scale, stgs)


class Uarts:
    """The instruments that a configuration names, each at its line, loaded as the trace says."""

    _KEYS = (None, "tare", "clear", "zero", "unit")

    def __init__(self, board):
        self._board = board
        self._uarts = {}

    def wire(self, ch):
        board = self._board
        if ch["kind"] == "serial_fill":
            import serial_rangers  # few boards have one, and memory is short

            self._at(ch, serial_rangers.of(board, ch))
            return
        if ch["kind"] == "card_reader":
            import serial_cards

            self._at(ch, serial_cards.of(board, ch))
            return
        name, e = ch["id"], ch["e_kg"]
        load = self._load(name, ch["max_kg"])
        scale = Scale(board.clock, load, ch["max_kg"], e, decimals(e))
        board.player.listen(name + ".key", lambda ms, key: scale.press(self._KEYS[int(key or 0)]))
        uart = ch["uart"]
        made = device(board.clock, ch, scale)
        if uart in self._uarts:
            self._uarts[uart].device.devices += (made,)
        else:
            self._at(ch, Bus(made) if ch["kind"] == "modbus" else made)

    def _at(self, ch, device):
        char_us = CHAR_BITS * 1000000 // ch["baud"]
        self._uarts[ch["uart"]] = Uart(self._board.clock, device, char_us)

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

    def of(self, n, how):
        """The port's UART; it has to be asked for as the port is."""
        if how["timeout"] != 0 or how["rxbuf"] < 256:
            raise ValueError("UART: it would wait, or lose bytes")
        return self._uarts[n]
