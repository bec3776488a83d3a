"""What hangs on the pins of a simulated board: each takes its values from the trace."""


class RtcMemory:
    """The RTC's memory."""

    def __init__(self):
        self.raw = b""

    def load(self):
        return self.raw

    def store(self, raw):
        if len(raw) > 2048:
            raise ValueError("RTC memory: at most 2048 bytes")
        self.raw = bytes(raw)


class Trigger:
    """The pin that asks an echo sensor to measure."""

    def __init__(self):
        self.us = None

    def __call__(self, level):
        pass


class EchoPin:
    """Answers a trigger with a pulse as long as sound takes there and back."""

    def __init__(self, board, name):
        self._board = board
        self._name = name
        self._model = board.models.Echo(board.mode, board.seed_of(name))

    def pulse(self, timeout_us):
        b = self._board
        mm = b.player.value(self._name)
        mm = None if mm is None else self._model.distance(b.clock.ms(), mm)
        if mm is None:
            return -2
        us = int(mm * 2000000 / (331300 + 6.06 * b.centi_c()))
        return us if us < timeout_us else -1


class Thermometer:
    """A DS18B20."""

    def __init__(self, board, name):
        self._board = board
        self._name = name

    def start(self):
        pass

    def read(self):
        c = self._board.player.value(self._name)
        return None if c is None else int(c * 16) * 100 // 16  # DS18B20: steps of 1/16 degC


class Platform:
    """What stands before the converter of a channel."""

    def __init__(self, board, name, cell):
        player = board.player
        self._ms_at = board.clock.ms_at
        self._value = player.value
        self._raw = player.raw
        self._name = name
        self._temperature = board.temperature
        self._cell = cell
        self._load(board.clock.ms(), player.value(name))
        player.listen(name, self._load)

    def _load(self, ms, kg):
        if kg is not None:
            self._cell.load(ms, kg)

    def convert(self, us, gain):
        """For the chip, see there."""
        kg = self._value(self._name)
        return kg if gain == 0 or kg is None else self._counts(self._ms_at(us), gain, kg)

    def _counts(self, ms, gain, kg):
        v = self._raw(self._name)
        if v is None:
            v = self._cell.counts(ms, kg, self._centi_c())
            v = v if gain == 128 else v // 2 if gain == 64 else 0
        return v

    def _centi_c(self):
        c = self._value(self._temperature)
        return None if c is None else int(c * 100)
