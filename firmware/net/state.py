"""The latest reading and how the board stands, for whoever watches: on the state topic and
at the serial port, on each at most every 10 s."""

from micropython import const
from sensors import record

_REST_MS = const(10000)


class State:
    """show() is given each reading; what was not told when the next comes is passed over."""

    def __init__(self, hal, clock, spool, uplink, names, log, memory):
        self._hal = hal
        self._clock = clock
        self._spool = spool
        self._uplink = uplink
        self._names = names
        self._log = log
        self._memory = memory
        self._publish = None  # the latest body, not yet published
        self._published = None
        self._print = None  # the latest body, not yet printed
        self._printed = None
        self._new = False

    def show(self, body):
        self._publish = body
        self._print = body
        self._new = True

    def print(self):
        """A line at the serial port, whether there is a network or not."""
        self._published = self._recent(self._published)
        self._printed = self._recent(self._printed)
        if self._new:
            self._new = False  # one turn later: what can go out has left the queue
        elif self._print is not None and self._printed is None:
            self._log.show("state: " + self.text(self._print))
            self._print = None
            self._printed = self._hal.ticks_ms()

    def publish(self, mqtt, base):
        if self._publish is not None and self._published is None:
            mqtt.publish(base + "state", self.text(self._publish), True, 0)
            self._publish = None
            self._published = self._hal.ticks_ms()

    def _recent(self, at):
        """The ticks at, None once they are _REST_MS ago: no ticks are kept for days."""
        if at is not None and self._hal.ticks_diff(self._hal.ticks_ms(), at) >= _REST_MS:
            return None
        return at

    def text(self, body):
        dated, seconds = self._clock.stamp()
        drift = self._clock.drift_ppm
        memory = self._memory()
        return '{"%s":%d,%s,"queue":%d,"clock":"%s"%s%s%s}' % (
            "t" if dated else "up",
            seconds,
            record.fields(body, self._names),
            len(self._spool),
            self._clock.state,
            "" if drift is None else ',"drift_ppm":%d' % drift,
            self._uplink.text(),
            "".join([',"%s":%d' % (key, memory[key]) for key in sorted(memory)]),
        )
