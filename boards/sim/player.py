"""Plays a trace: what stands on the platforms and in the bins, as time goes by.

CSV `t,channel,value[,raw]`, rows in order of t (Unix seconds UTC). A value holds
until the channel's next row; an empty value means the sensor does not answer.
`raw` is what the HX711 puts on its data line, verbatim. The channel `power` (0/1)
is the board's supply, `wifi` (0/1) its network (see wlan), `dns` and `ntp` (0/1) whether name
servers and time servers answer; all are 1 unless a row says so. A row of the channel
`reset` with a value above 0 is a watchdog reset at that moment. Of an instrument on a serial line
w1: `w1.key` is a key pressed at it (1 tare, 2 clear, 3 zero, 4 unit), `w1.on` (0/1) its supply,
which a converter on a bus has too.
"""


class TraceError(Exception):
    """The message names file and line, what was found and what was expected."""


class Player:
    """value(channel) is what is true now, None where no row has said; raw(channel) likewise.
    advance(ms) moves on, and gives when the next row is due."""

    def __init__(self, path):
        self._path = path
        try:
            self._f = open(path)
        except OSError:
            raise TraceError("%s: trace cannot be read" % path)
        self._line = 1
        head = self._f.readline().strip()
        if head[:1] == "\ufeff":  # a byte-order mark, as Excel writes it
            head = head[1:]
        if head not in ("t,channel,value", "t,channel,value,raw"):
            raise TraceError("%s:1: expected the header t,channel,value[,raw]" % path)
        self._columns = head.count(",") + 1
        self._values = {"power": 1.0, "wifi": 1.0}
        self._raw = {}
        self.value = self._values.get  # a function in C: it is asked for with every look
        self.raw = self._raw.get
        self._listeners = {}
        self._row = None
        self.next_ms = None  # when the next row is due; None after the last
        self._fetch()
        self.first_ms = self.next_ms

    def listen(self, channel, call):
        """call(ms, value) on each row of the channel."""
        self._listeners[channel] = call

    def advance(self, ms):
        while self.next_ms is not None and self.next_ms <= ms:
            at = self.next_ms
            channel, value, raw = self._row
            self._raw[channel] = raw
            self._fetch()
            self.put(at, channel, value)
        return self.next_ms

    def put(self, ms, channel, value):
        """The value is true from now on."""
        self._values[channel] = value
        call = self._listeners.get(channel)
        if call:
            call(ms, value)

    def _fetch(self):
        line = self._f.readline()
        self._line += 1
        while line and not line.strip():
            line = self._f.readline()
            self._line += 1
        if not line:
            self.next_ms = None
            return
        parts = line.strip().split(",")
        try:
            if len(parts) != self._columns:
                raise ValueError
            whole, _, part = parts[0].partition(".")
            ms = int(whole) * 1000 + int((part + "000")[:3])
            value = float(parts[2]) if parts[2] else None
            raw = int(parts[3]) if self._columns == 4 and parts[3] else None
        except ValueError:
            raise TraceError(
                "%s:%d: expected Unix seconds, channel, number[, counts], found %r"
                % (self._path, self._line, line.strip())
            )
        if self.next_ms is not None and ms < self.next_ms:
            raise TraceError("%s:%d: t goes back" % (self._path, self._line))
        self.next_ms = ms
        self._row = (parts[1], value, raw)


def last_second(path):
    """Unix second of the last row of a trace."""
    with open(path, "rb") as f:
        size = f.seek(0, 2)
        f.seek(max(0, size - 200))
        rows = f.read().strip().split(b"\n")
    try:
        return int(rows[-1].split(b",")[0].split(b".")[0])
    except ValueError:
        raise TraceError("%s: the last row has no time" % path)
